"""Cheats who work on the ZIP: what one program shows and another overlooks."""

import re
import struct
import zipfile
from io import BytesIO
from pathlib import Path

from tests.custody.cheat import DEPTHS, Cheats, Draw, edited
from tests.custody.package import DIGEST, MANIFEST, Package, zipped

ZIP = Cheats()
LOCAL, CENTRAL, END = 30, 46, 22


@ZIP.add()
def flip_a_bit_anywhere(bundle: Path, out: Path, chance: Draw) -> str:
    """One bit of the file: the least that can be changed."""
    return _flip(bundle, out, chance, 0, bundle.stat().st_size)


@ZIP.add()
def flip_a_bit_of_a_local_header(bundle: Path, out: Path, chance: Draw) -> str:
    """Readers who trust the directory never look there."""
    entry = chance.choice(_entries(bundle))
    return _flip(bundle, out, chance, entry.header_offset, LOCAL + len(entry.filename))


@ZIP.add()
def flip_a_bit_of_the_directory(bundle: Path, out: Path, chance: Draw) -> str:
    """Names, sizes, dates and permissions as most readers see them."""
    start = _directory(bundle.read_bytes())
    return _flip(bundle, out, chance, start, bundle.stat().st_size - END - start)


@ZIP.add()
def flip_a_bit_of_the_end_record(bundle: Path, out: Path, chance: Draw) -> str:
    """How many entries there are, and where."""
    return _flip(bundle, out, chance, bundle.stat().st_size - END, END)


@ZIP.add()
def cut_the_end_off(bundle: Path, out: Path, chance: Draw) -> str:
    """A download that broke off, they will say."""
    data = bundle.read_bytes()
    length = chance.randrange(len(data))
    out.write_bytes(data[:length])
    return f"cut after byte {length}"


@ZIP.add()
def put_bytes_before(bundle: Path, out: Path, chance: Draw) -> str:
    """A file that is a ZIP and something else as well; with offsets that follow, or not."""
    prefix = chance.choice([b"\0", b"<html>forged</html>", b"#!/bin/sh\n"])
    data = bundle.read_bytes()
    moved = _moved(data, _directory(data), len(prefix)) if chance.random() < 0.5 else data
    out.write_bytes(prefix + moved)
    return f"{prefix!r} before it"


@ZIP.add()
def put_bytes_behind(bundle: Path, out: Path, chance: Draw) -> str:
    """What stands behind the end is nobody's and can say anything."""
    tail = chance.choice([b"\0", b"\n", b"PK\5\6", b"forged" * 9])
    out.write_bytes(bundle.read_bytes() + tail)
    return f"{tail!r} behind it"


@ZIP.add()
def comment_on_the_zip(bundle: Path, out: Path, chance: Draw) -> str:
    """A seal of approval that archive programs show."""
    data = bundle.read_bytes()
    comment = b"verified" * chance.randrange(1, 9)
    out.write_bytes(data[:-2] + struct.pack("<H", len(comment)) + comment)
    return f"a comment of {len(comment)} bytes"


@ZIP.add()
def comment_on_an_entry(bundle: Path, out: Path, chance: Draw) -> str:
    """As above, beside one file."""
    return _with_entry(bundle, out, chance, comment=b"seen by a notary")


@ZIP.add()
def add_an_extra_field(bundle: Path, out: Path, chance: Draw) -> str:
    """Unicode names and foreign dates live there: another name is shown."""
    return _with_entry(bundle, out, chance, extra=struct.pack("<HH", 0x7075, 4) + b"\1abc")


@ZIP.add()
def date_an_entry(bundle: Path, out: Path, chance: Draw) -> str:
    """Makes a file look older than it is."""
    return _with_entry(bundle, out, chance, date_time=(1999, 1, chance.randrange(1, 28), 0, 0, 0))


@ZIP.add()
def make_an_entry_a_link(bundle: Path, out: Path, chance: Draw) -> str:
    """Unpacked, it points at something else on the auditor's machine."""
    return _with_entry(bundle, out, chance, external_attr=0o120777 << 16)


@ZIP.add()
def deflate_an_entry(bundle: Path, out: Path, chance: Draw) -> str:
    """WARC readers then cannot find their records by offset."""
    return _with_entry(bundle, out, chance, compress_type=zipfile.ZIP_DEFLATED)


@ZIP.add()
def leave_a_gap(bundle: Path, out: Path, chance: Draw) -> str:
    """Bytes that no directory names, between two entries or before the directory."""
    data = bundle.read_bytes()
    places = [one.header_offset for one in _entries(bundle)[1:]] + [_directory(data)]
    at, gap = chance.choice(places), chance.randbytes(chance.randrange(1, 40))
    out.write_bytes(_moved(data[:at] + gap + data[at:], _directory(data) + len(gap), len(gap), at))
    return f"{len(gap)} bytes that nobody names at {at}"


@ZIP.add()
def hide_a_second_directory(bundle: Path, out: Path, chance: Draw) -> str:
    """A whole forged ZIP before or behind: readers from the front and from the end see two bundles."""
    forged = zipped({**Package.read(bundle).files, "index.html": b"forged"}.items())
    data = bundle.read_bytes()
    out.write_bytes(forged + data if chance.random() < 0.5 else data + forged)
    return "another ZIP in the same file"


@ZIP.add()
def name_an_entry_twice(bundle: Path, out: Path, chance: Draw) -> str:
    """One reader takes the first of a name, another the last."""
    files = list(Package.read(bundle).files.items())
    name, data = chance.choice(files)
    forged = (name, data[::-1] if chance.random() < 0.5 else data)
    files.insert(chance.randrange(len(files) + 1), forged)
    out.write_bytes(_quietly_zipped(files))
    return f"{name} twice"


@ZIP.add()
def put_in_an_unlisted_file(bundle: Path, out: Path, chance: Draw) -> str:
    """No manifest names it, and viewers show it all the same."""
    name = chance.choice(
        ["archive/more.warc.gz", "README.txt", "seals/seal-9999.json", "indexes/index.idx", "archive/"]
    )
    files = Package.read(bundle).files
    items = list(files.items())
    items.insert(
        chance.randrange(len(items) + 1), (name, b"" if name.endswith("/") else files["seals/keys.jsonl"])
    )
    out.write_bytes(zipped(items))
    return f"{name} besides"


@ZIP.add()
def put_in_a_listed_file(bundle: Path, out: Path, chance: Draw) -> str:
    """Named by the manifest, and sealed by nobody."""
    package, depth = Package.read(bundle), chance.choice(DEPTHS[1:])
    name = chance.choice(
        ["archive/more.warc.gz", "README.txt", "seals/seal-0001.json.bak", "pages/extraPages.jsonl"]
    )
    digest, manifest = package.files.pop(DIGEST), package.files.pop(MANIFEST)
    first = next(data for name, data in package.files.items() if name.startswith("archive/"))
    package.files |= {name: first if name.endswith("gz") else b"forged\n", MANIFEST: manifest, DIGEST: digest}
    edited(package, bundle, out, depth)
    return f"{name} besides, in the manifest too"


@ZIP.add()
def take_out_a_file(bundle: Path, out: Path, chance: Draw) -> str:
    """Whatever proves too much; the manifest still lists it."""
    files = Package.read(bundle).files
    name = chance.choice(list(files))
    del files[name]
    out.write_bytes(zipped(files.items()))
    return f"without {name}"


@ZIP.add()
def take_out_a_file_and_its_line(bundle: Path, out: Path, chance: Draw) -> str:
    """And the manifest never had it."""
    package = Package.read(bundle)
    kept = ("archive/", MANIFEST, DIGEST)
    name = chance.choice([name for name in package.files if not name.startswith(kept)])
    del package.files[name]
    edited(package, bundle, out, 1)
    return f"without {name}"


@ZIP.add()
def climb_out_by_a_name(bundle: Path, out: Path, chance: Draw) -> str:
    """Unpacked, it overwrites a file of the auditor's."""
    package = Package.read(bundle)
    old = chance.choice([name for name in package.files if name not in (MANIFEST, DIGEST)])
    new = chance.choice(
        ["../" + old, "/" + old, old.replace("/", "/../", 1), old.replace("/", "\\"), "./" + old]
    )
    package.files = {new if name == old else name: data for name, data in package.files.items()}
    edited(package, bundle, out, chance.choice(DEPTHS))
    return f"{new} for {old}"


@ZIP.add()
def write_a_name_in_capitals(bundle: Path, out: Path, chance: Draw) -> str:
    """Another file on one file system, the same on the next."""
    package = Package.read(bundle)
    old = chance.choice([name for name in package.files if name not in (MANIFEST, DIGEST)])
    package.files = {name.upper() if name == old else name: data for name, data in package.files.items()}
    edited(package, bundle, out, chance.choice(DEPTHS))
    return f"{old.upper()}"


@ZIP.add()
def put_entries_in_another_order(bundle: Path, out: Path, chance: Draw) -> str:
    """The directory and the file disagree which comes first."""
    data = bundle.read_bytes()
    start = _directory(data)
    entries = [
        f"PK\1\2{one}".encode("latin-1") for one in data[start:-END].decode("latin-1").split("PK\1\2")[1:]
    ]
    first, second = chance.sample(range(len(entries)), 2)
    entries[first], entries[second] = entries[second], entries[first]
    out.write_bytes(data[:start] + b"".join(entries) + data[-END:])
    return f"entries {first} and {second}"


@ZIP.add()
def name_it_otherwise_inside(bundle: Path, out: Path, chance: Draw) -> str:
    """The local header says another name than the directory."""
    entry, data = chance.choice(_entries(bundle)), bytearray(bundle.read_bytes())
    at = entry.header_offset + LOCAL
    name = bytearray(entry.filename.encode())
    name[chance.randrange(len(name))] = ord("_")
    data[at : at + len(name)] = name
    out.write_bytes(data)
    return f"{name.decode()} for {entry.filename}"


@ZIP.add()
def show_another_file_under_a_name(bundle: Path, out: Path, chance: Draw) -> str:
    """The directory leads to another entry's bytes, with its true CRC and size."""
    package = Package.read(bundle)
    first, second = chance.sample(list(package.files), 2)
    package.files[first], package.files[second] = package.files[second], package.files[first]
    package.write(out)
    return f"{first} and {second} exchanged"


def _flip(bundle: Path, out: Path, chance: Draw, start: int, length: int) -> str:
    data = bytearray(bundle.read_bytes())
    at, bit = start + chance.randrange(length), chance.randrange(8)
    data[at] ^= 1 << bit
    out.write_bytes(data)
    return f"bit {bit} of byte {at}"


def _entries(bundle: Path) -> list[zipfile.ZipInfo]:
    with zipfile.ZipFile(bundle) as archive:
        return archive.infolist()


def _directory(data: bytes) -> int:
    return int(struct.unpack_from("<I", data, len(data) - 6)[0])


def _moved(data: bytes, directory: int, by: int, after: int = 0) -> bytes:
    """Offsets of the directory follow bytes that were put in at `after`; `directory`: where it now is in `data`."""
    new, at = bytearray(data), directory
    while new[at : at + 4] == b"PK\1\2":
        lengths = struct.unpack_from("<HHH", new, at + 28)
        offset = struct.unpack_from("<I", new, at + 42)[0]
        struct.pack_into("<I", new, at + 42, offset + by * (offset >= after))
        at += CENTRAL + sum(lengths)
    old = struct.unpack_from("<I", new, at + 16)[0]
    struct.pack_into("<I", new, at + 16, old + by)
    return bytes(new)


def _with_entry(bundle: Path, out: Path, chance: Draw, **fields: object) -> str:
    """One entry's header says something else; its contents stay."""
    files = Package.read(bundle).files
    chosen, buffer = chance.choice(list(files)), BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o100644 << 16
            for field, value in fields.items() if name == chosen else ():
                setattr(info, field, value)
            archive.writestr(info, data)
    out.write_bytes(buffer.getvalue())
    return f"{chosen}: {', '.join(fields)}"


def _quietly_zipped(files: list[tuple[str, bytes]]) -> bytes:
    """Duplicate names without the warning: written under a free name of the same length, then renamed."""
    seen, renamed, items = set[str](), {}, []
    for name, data in files:
        free = name
        if name in seen:
            free = "~" * len(name)
            renamed[free] = name
        seen.add(name)
        items.append((free, data))
    whole = zipped(items)
    for free, name in renamed.items():
        whole = re.sub(re.escape(free.encode()), name.encode(), whole)
    return whole
