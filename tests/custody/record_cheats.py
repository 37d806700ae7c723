"""Cheats who change, remove, move or put in records: what was seen."""

import gzip
import re
import struct
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.custody.cheat import DEPTHS, INSIDER, LISTED, RECHAINED, STALE, Cheats, Draw, OwnKey, covered, edited, resign
from tests.custody.package import Package, Record, deflated, plain

RECORDS = Cheats()
Change = Callable[[Record], Record]
FORGED = b"<!doctype html><title>Budget</title><p>The city publishes its whole budget here.</p>"


@RECORDS.add()
def replace_a_page(bundle: Path, out: Path, chance: Draw) -> str:
    """Another page under the address; no digest is touched."""
    return _page(bundle, out, chance, STALE, digests=False)


@RECORDS.add()
def replace_a_page_and_its_digests(bundle: Path, out: Path, chance: Draw) -> str:
    """The record agrees with itself again."""
    return _page(bundle, out, chance, STALE)


@RECORDS.add()
def replace_a_page_and_hash_all_anew(bundle: Path, out: Path, chance: Draw) -> str:
    """Ledger, index, pages, manifest and its digest agree too."""
    return _page(bundle, out, chance, LISTED)


@RECORDS.add()
def replace_a_page_and_rewrite_the_seals(bundle: Path, out: Path, chance: Draw) -> str:
    """Seals say the new roots and name each other, under the old signatures."""
    return _page(bundle, out, chance, RECHAINED)


@RECORDS.add()
def replace_a_page_as_an_insider(bundle: Path, out: Path, chance: Draw) -> str:
    """All is signed anew by the true key, but for the seals, which others have seen."""
    return _page(bundle, out, chance, INSIDER)


@RECORDS.add()
def replace_a_page_and_keep_the_leaf(bundle: Path, out: Path, chance: Draw) -> str | None:
    """The head stays as sealed; only the bytes it stands for are others. Of the same length, too."""
    package = Package.read(bundle)
    kind = chance.choice(["page", "document", "screenshot"])
    places = [place for place in package.places(kind) if package.record(place).block]
    if not places:
        return None
    place = chance.choice(places)
    record = package.record(place)
    block = bytearray(record.block)
    block[chance.randrange(len(block))] ^= 1 << chance.randrange(8)
    package.put(place, Record(record.head, bytes(block)))
    covered(package, bundle, out, chance.choice([LISTED, INSIDER]))
    return f"one bit of {record.id}"


@RECORDS.add()
def backdate_a_capture(bundle: Path, out: Path, chance: Draw) -> str | None:
    """It was there in time, they will say."""
    date = f"2026-1{chance.randrange(3)}-0{chance.randrange(1, 10)}T10:00:00.{chance.randrange(10**6):06d}Z"
    return _record(bundle, out, chance, lambda one: one.saying("WARC-Date", date), date)


@RECORDS.add()
def write_a_date_in_another_zone(bundle: Path, out: Path, chance: Draw) -> str | None:
    """The same moment, and another day to a hasty reader."""
    return _record(bundle, out, chance, lambda one: one.saying("WARC-Date", one["WARC-Date"][:-1] + "+00:00"), "zone")


@RECORDS.add()
def move_a_page_to_another_address(bundle: Path, out: Path, chance: Draw) -> str | None:
    """The neighbour's privacy page becomes the city's own."""
    url = f"https://city.example/{chance.randrange(10**6)}"
    return _record(bundle, out, chance, lambda one: one.saying("WARC-Target-URI", url), url)


@RECORDS.add()
def make_an_error_a_success(bundle: Path, out: Path, chance: Draw) -> str:
    """404 becomes 200, or the other way round."""
    return _block(bundle, out, chance, lambda block: re.sub(
        rb"^HTTP/1.1 (\d)", lambda found: b"HTTP/1.1 " + (b"4" if found[1] == b"2" else b"2"), block), "status")  # fmt: skip


@RECORDS.add()
def change_a_header_of_the_server(bundle: Path, out: Path, chance: Draw) -> str:
    """A media type, a date, a cookie that the server never sent."""
    return _block(bundle, out, chance, lambda block: block.replace(
        b"\r\n", b"\r\nLast-Modified: Mon, 1 Jan 2024 0%d:00:00 GMT\r\n" % chance.randrange(10), 1), "header")  # fmt: skip


@RECORDS.add()
def change_the_recorder(bundle: Path, out: Path, chance: Draw) -> str | None:
    """Who asked, or what kind of thing it is."""
    name, value = chance.choice([("LOSI-Requested-By", "browser"), ("LOSI-Kind", "document"), ("LOSI-Kind", "dom")])
    return _record(bundle, out, chance, lambda one: one.saying(name, value), f"{name}: {value}")


@RECORDS.add()
def write_headers_in_another_case(bundle: Path, out: Path, chance: Draw) -> str | None:
    """Means the same to every reader of WARC files."""
    def lower(one: Record) -> Record:
        return replace(one, head=one.head.replace(b"WARC-Date", b"warc-date"), stored=b"")

    return _record(bundle, out, chance, lower, "lower case")


@RECORDS.add()
def fold_a_header(bundle: Path, out: Path, chance: Draw) -> str | None:
    """A line continued on the next: some readers join it, others drop it."""
    def fold(one: Record) -> Record:
        folded = one.head.replace(b"WARC-Record-ID: ", b"WARC-Record-ID:\r\n ")
        return replace(one, head=folded, stored=b"")

    return _record(bundle, out, chance, fold, "folded")


@RECORDS.add()
def say_a_header_twice(bundle: Path, out: Path, chance: Draw) -> str | None:
    """One reader takes the first, another the last."""
    def double(one: Record) -> Record:
        line = b"WARC-Target-URI: http://forged.example/\r\n"
        return replace(one, head=one.head[:-2] + line + b"\r\n", stored=b"")

    return _record(bundle, out, chance, double, "second address")


@RECORDS.add()
def remove_a_record(bundle: Path, out: Path, chance: Draw) -> str:
    """What speaks against us was never seen."""
    package = Package.read(bundle)
    place = chance.choice(package.places())
    gone = package.segments[place[0]].pop(place[1])
    covered(package, bundle, out, chance.choice(DEPTHS))
    return f"without {gone.type} {gone.id}"


@RECORDS.add()
def remove_the_last_record(bundle: Path, out: Path, chance: Draw) -> str:
    """No later one names it."""
    package = Package.read(bundle)
    segment = chance.choice(list(package.segments))
    package.segments[segment].pop()
    covered(package, bundle, out, chance.choice(DEPTHS))
    return f"without the last of {segment}"


@RECORDS.add()
def cut_the_tail_of_a_segment(bundle: Path, out: Path, chance: Draw) -> str:
    """In the middle of a record: a power cut, they will say."""
    package = Package.read(bundle)
    segment = "archive/" + chance.choice(list(package.segments))
    package.files[segment] = package.files[segment][: -chance.randrange(1, 400)]
    edited(package, bundle, out, chance.choice(DEPTHS))
    return f"{segment} is shorter"


@RECORDS.add()
def remove_a_segment_and_its_seal(bundle: Path, out: Path, chance: Draw) -> str:
    """A whole crawl that went badly; later seals move up."""
    package = Package.read(bundle)
    number = chance.randrange(len(package.seals) - 1)
    _drop(package, number)
    names = package.seal_names
    for place, name in enumerate(names[number:], number + 1):
        data = package.json(name)
        data["seal"]["number"] = place
        del package.files[name]
        package.files[f"seals/seal-{place:04d}.json"] = plain(data)
    covered(package, bundle, out, chance.choice([LISTED, RECHAINED, INSIDER]))
    return f"without the segment of seal {number + 1}"


@RECORDS.add()
def leave_a_hole_in_the_chain(bundle: Path, out: Path, chance: Draw) -> str:
    """A segment and its seal go, the other numbers stay."""
    package = Package.read(bundle)
    number = chance.randrange(len(package.seals) - 1)
    _drop(package, number)
    covered(package, bundle, out, chance.choice([LISTED, RECHAINED, INSIDER]))
    return f"a hole at {number + 1}"


@RECORDS.add()
def remove_the_last_segment_and_seal(bundle: Path, out: Path, chance: Draw) -> str:
    """The chain ends earlier, and nothing in it says so."""
    package = Package.read(bundle)
    for _ in range(chance.randrange(1, len(package.seals))):
        _drop(package, -1)
    covered(package, bundle, out, chance.choice([LISTED, RECHAINED]))
    return f"{len(package.seals)} seals are left"


@RECORDS.add(needs="fingerprint")
def remove_the_end_as_an_insider(bundle: Path, out: Path, chance: Draw) -> str:
    """The true key signs the shorter bundle; only what was published earlier knows better."""
    package = Package.read(bundle)
    for _ in range(chance.randrange(1, len(package.seals))):
        _drop(package, -1)
    package.files = {name: data for name, data in package.files.items() if "fingerprint" not in name}
    covered(package, bundle, out, INSIDER)
    return f"{len(package.seals)} seals are left"


@RECORDS.add()
def remove_everything_after_a_date(bundle: Path, out: Path, chance: Draw) -> str:
    """What was seen and said later is gone from every segment."""
    package = Package.read(bundle)
    dates = sorted({one["WARC-Date"] for records in package.segments.values() for one in records})
    last = chance.choice(dates[:-1])
    for segment, records in package.segments.items():
        package.segments[segment] = [one for one in records if one["WARC-Date"] <= last] or records[:1]
    covered(package, bundle, out, chance.choice(DEPTHS))
    return f"nothing after {last}"


@RECORDS.add()
def exchange_two_records(bundle: Path, out: Path, chance: Draw) -> str:
    """The order in which things were seen and said is another."""
    package = Package.read(bundle)
    records = package.segments[chance.choice(list(package.segments))]
    first, second = chance.sample(range(len(records)), 2)
    records[first], records[second] = records[second], records[first]
    covered(package, bundle, out, chance.choice(DEPTHS))
    return f"{first} and {second}"


@RECORDS.add()
def put_a_record_in_twice(bundle: Path, out: Path, chance: Draw) -> str:
    """The older one, again as the newest."""
    package = Package.read(bundle)
    place = chance.choice(package.places())
    records = package.segments[place[0]]
    records.insert(chance.randrange(len(records) + 1), records[place[1]])
    covered(package, bundle, out, chance.choice(DEPTHS))
    return f"{records[place[1]].id} twice"


@RECORDS.add()
def exchange_records_of_two_segments(bundle: Path, out: Path, chance: Draw) -> str:
    """As many records everywhere as before."""
    package = Package.read(bundle)
    one, two = chance.sample(list(package.segments), 2)
    first, second = chance.randrange(len(package.segments[one])), chance.randrange(len(package.segments[two]))
    a, b = package.segments[one][first], package.segments[two][second]
    package.segments[one][first], package.segments[two][second] = b, a
    covered(package, bundle, out, chance.choice(DEPTHS))
    return f"{a.id} and {b.id}"


@RECORDS.add()
def exchange_two_segments(bundle: Path, out: Path, chance: Draw) -> str:
    """Each stands under the name and seal of the other."""
    package = Package.read(bundle)
    one, two = chance.sample(list(package.segments), 2)
    package.segments[one], package.segments[two] = package.segments[two], package.segments[one]
    covered(package, bundle, out, chance.choice(DEPTHS))
    return f"{one} and {two}"


@RECORDS.add()
def append_behind_the_last_sealed(bundle: Path, out: Path, chance: Draw) -> str:
    """A record that no seal counts, in a segment that has one."""
    package = Package.read(bundle)
    segment = chance.choice(list(package.segments))
    forged = another(package.record(chance.choice(package.places("page", "response"))), chance)
    package.segments[segment].append(forged.with_body(FORGED))
    covered(package, bundle, out, chance.choice([STALE, LISTED, INSIDER]))
    return f"one more in {segment}"


@RECORDS.add()
def splice_in_sealed_segments(bundle: Path, out: Path, chance: Draw) -> str | None:
    """Another city's, another round's or an older bundle's segments, sealed by the very same key, put at the end."""
    package = Package.read(bundle)
    other = _other(bundle, chance)
    if other is None:
        return None
    last = len(package.seals)
    for number, name in enumerate(other.seal_names, last + 1):
        segment = other.json(name)["seal"]["segment"]
        package.segments.setdefault(segment, other.segments[segment])
        package.files["archive/" + segment] = other.files["archive/" + segment]
        package.files[f"seals/seal-{number:04d}.json"] = other.files[name]
    covered(package, bundle, out, chance.choice([LISTED, INSIDER]))
    return f"{other.of} behind {package.of}"


@RECORDS.add()
def put_another_chain_in_its_place(bundle: Path, out: Path, chance: Draw) -> str | None:
    """The first seals and segments are another city's or round's, well signed."""
    package = Package.read(bundle)
    other = _other(bundle, chance)
    if other is None:
        return None
    name = chance.choice(other.seal_names)
    mine, theirs = package.json(name)["seal"]["segment"], other.json(name)["seal"]["segment"]
    package.drop_segment(mine)
    package.segments[theirs] = other.segments[theirs]
    package.files |= {"archive/" + theirs: other.files["archive/" + theirs], name: other.files[name]}
    covered(package, bundle, out, chance.choice([LISTED, INSIDER]))
    return f"{name} of {other.of}"


@RECORDS.add()
def call_one_city_another(bundle: Path, out: Path, chance: Draw) -> str | None:
    """Another's bundle as a whole; only the outermost statement names this one."""
    mine, other = Package.read(bundle), _other(bundle, chance, same=False)
    if other is None:
        return None
    digest = other.json("datapackage-digest.json")
    digest["losi"]["bundle"]["of"] = mine.of
    other.files["datapackage-digest.json"] = plain(digest)
    if chance.random() < 0.5:
        key = OwnKey.insider(bundle)
        other.files["seals/keys.jsonl"] = mine.files["seals/keys.jsonl"]
        resign(other, key)
    other.write(out)
    return f"{other.of} as {mine.of}"


@RECORDS.add()
def swap_what_a_revisit_shows(bundle: Path, out: Path, chance: Draw) -> str | None:
    """The first page's body changes, and with it every page that only refers to it."""
    package = Package.read(bundle)
    named = {package.record(place)["WARC-Refers-To"].strip("<>") for place in package.places(type_="revisit")}
    places = [place for place in package.places() if package.record(place).id in named]
    if not places:
        return None
    place = chance.choice(places)
    package.put(place, package.record(place).with_body(FORGED, digests=chance.random() < 0.5))
    covered(package, bundle, out, chance.choice(DEPTHS))
    return package.record(place).id


@RECORDS.add()
def point_a_revisit_elsewhere(bundle: Path, out: Path, chance: Draw) -> str | None:
    """It now shows another page."""
    package = Package.read(bundle)
    places = package.places(type_="revisit")
    if not places:
        return None
    place, target = chance.choice(places), package.record(chance.choice(package.places("page", "response")))
    new = package.record(place).saying("WARC-Refers-To", f"<{target.id}>")
    if chance.random() < 0.5:
        new = new.saying("WARC-Payload-Digest", target["WARC-Payload-Digest"])
    if new.head == package.record(place).head:
        return None
    package.put(place, new)
    covered(package, bundle, out, chance.choice(DEPTHS))
    return target.id


@RECORDS.add()
def pack_a_member_otherwise(bundle: Path, out: Path, chance: Draw) -> str:
    """The same record: with a gzip comment, a name, an extra field, a time, another system's mark."""
    def packed(one: Record) -> bytes:
        data = one.head + one.block + b"\r\n\r\n"
        body, flags, more = deflated(data)[10:], *chance.choice([(0x10, b"verified\0"), (8, b"a.html\0"), (4, b"\2\0xx")])
        return b"\x1f\x8b\x08" + bytes([flags]) + struct.pack("<I", 0) + b"\0\3" + more + body

    return _packed(bundle, out, chance, packed)


@RECORDS.add()
def flip_a_bit_of_a_member(bundle: Path, out: Path, chance: Draw) -> str:
    """In its gzip header or trailer, all listed anew."""
    def packed(one: Record) -> bytes:
        data = bytearray(one.member)
        at = chance.choice([*range(10), *range(len(data) - 8, len(data))])
        data[at] ^= 1 << chance.randrange(8)
        return bytes(data)

    return _packed(bundle, out, chance, packed)


@RECORDS.add()
def deflate_a_member_otherwise(bundle: Path, out: Path, chance: Draw) -> str:
    """The same bytes inside, others outside: room for a hidden message."""
    def packed(one: Record) -> bytes:
        return gzip.compress(one.head + one.block + b"\r\n\r\n", chance.choice([0, 1]), mtime=0)

    return _packed(bundle, out, chance, packed, depths=(STALE, LISTED))


@RECORDS.add()
def spread_a_record_over_members(bundle: Path, out: Path, chance: Draw) -> str:
    """Two members for one record, or an empty member besides."""
    def packed(one: Record) -> bytes:
        data = one.head + one.block + b"\r\n\r\n"
        at = chance.choice([len(data), chance.randrange(1, len(data))])
        return deflated(data[:at]) + deflated(data[at:])

    return _packed(bundle, out, chance, packed)


@RECORDS.add()
def hide_bytes_in_a_member(bundle: Path, out: Path, chance: Draw) -> str:
    """Behind the record's end, or a second record in its member."""
    def packed(one: Record) -> bytes:
        more = chance.choice([b"\r\n", b"forged", one.head + one.block + b"\r\n\r\n"])
        return deflated(one.head + one.block + b"\r\n\r\n" + more)

    return _packed(bundle, out, chance, packed)


@RECORDS.add()
def put_bytes_between_members(bundle: Path, out: Path, chance: Draw) -> str:
    """Zero bytes, which gzip skips, or an empty member."""
    def packed(one: Record) -> bytes:
        return one.member + chance.choice([b"\0" * 8, deflated(b""), b"\n"])

    return _packed(bundle, out, chance, packed)


def _page(bundle: Path, out: Path, chance: Draw, depth: int, *, digests: bool = True) -> str:
    package = Package.read(bundle)
    place = chance.choice(package.places("page", "response"))
    package.put(place, package.record(place).with_body(FORGED, digests=digests))
    covered(package, bundle, out, depth)
    return package.record(place).id


def _record(bundle: Path, out: Path, chance: Draw, change: Change, what: str) -> str | None:
    package = Package.read(bundle)
    place = chance.choice([one for one in package.places() if package.record(one).type != "warcinfo"])
    new = change(package.record(place))
    if new.head + new.block == package.record(place).head + package.record(place).block:
        return None
    package.put(place, new)
    covered(package, bundle, out, depth := chance.choice(DEPTHS))
    return f"{new.id}: {what}, depth {depth}"


def _block(bundle: Path, out: Path, chance: Draw, change: Callable[[bytes], bytes], what: str) -> str:
    package = Package.read(bundle)
    place = chance.choice(package.places("page", "response") + package.places("document", "response"))
    record = package.record(place)
    package.put(place, record.holding(change(record.block), digests=chance.random() < 0.8))
    covered(package, bundle, out, chance.choice(DEPTHS))
    return f"{record.id}: {what}"


def _packed(
    bundle: Path, out: Path, chance: Draw, packed: Callable[[Record], bytes], depths: tuple[int, ...] = DEPTHS
) -> str:
    """A record whose member is other bytes."""
    package = Package.read(bundle)
    place = chance.choice(package.places())
    one = package.record(place)
    package.put(place, replace(one, stored=packed(one)))
    covered(package, bundle, out, depth := chance.choice(depths))
    return f"{one.id}, depth {depth}"


def another(one: Record, chance: Draw) -> Record:
    """With a record id of its own."""
    drawn = chance.randbytes(16).hex()
    parts = (drawn[:8], drawn[8:12], "4" + drawn[13:16], "8" + drawn[17:20], drawn[20:])
    return one.saying("WARC-Record-ID", f"<urn:uuid:{'-'.join(parts)}>")


def _drop(package: Package, number: int) -> None:
    """A seal, its timestamps and its segment."""
    name = package.seal_names[number]
    package.drop_segment(package.json(name)["seal"]["segment"])
    stem = name.removesuffix("json")
    package.files = {one: data for one, data in package.files.items() if not one.startswith(stem)}


def _other(bundle: Path, chance: Draw, *, same: bool = True) -> Package | None:
    """Another bundle that the same key has signed."""
    names = ["twin", "later", "plain"] if same else ["twin", "later"]
    path = bundle.with_name(chance.choice(names) + ".wacz")
    return Package.read(path) if path.exists() else None

