"""Cheats who change, remove, move or put in records: what was seen."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.custody.cheat import DEPTHS, INSIDER, LISTED, RECHAINED, STALE, Cheats, Draw, covered
from tests.custody.package import Package, Record

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
    return _record(
        bundle, out, chance, lambda one: one.saying("WARC-Date", one["WARC-Date"][:-1] + "+00:00"), "zone"
    )


@RECORDS.add()
def move_a_page_to_another_address(bundle: Path, out: Path, chance: Draw) -> str | None:
    """The neighbour's privacy page becomes the city's own."""
    url = f"https://city.example/{chance.randrange(10**6)}"
    return _record(bundle, out, chance, lambda one: one.saying("WARC-Target-URI", url), url)


@RECORDS.add()
def make_an_error_a_success(bundle: Path, out: Path, chance: Draw) -> str:
    """404 becomes 200, or the other way round."""

    def turn(block: bytes) -> bytes:
        return block[:9] + (b"4" if block[9:10] == b"2" else b"2") + block[10:]

    return _block(bundle, out, chance, turn, "status")


@RECORDS.add()
def change_a_header_of_the_server(bundle: Path, out: Path, chance: Draw) -> str:
    """A media type, a date, a cookie that the server never sent."""
    line = b"\r\nLast-Modified: Mon, 1 Jan 2024 0%d:00:00 GMT\r\n" % chance.randrange(10)
    return _block(bundle, out, chance, lambda block: block.replace(b"\r\n", line, 1), "header")


@RECORDS.add()
def change_the_recorder(bundle: Path, out: Path, chance: Draw) -> str | None:
    """Who asked, or what kind of thing it is."""
    name, value = chance.choice(
        [("LOSI-Requested-By", "browser"), ("LOSI-Kind", "document"), ("LOSI-Kind", "dom")]
    )
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


def another(one: Record, chance: Draw) -> Record:
    """With a record id of its own."""
    drawn = chance.randbytes(16).hex()
    parts = (drawn[:8], drawn[8:12], "4" + drawn[13:16], "8" + drawn[17:20], drawn[20:])
    return one.saying("WARC-Record-ID", f"<urn:uuid:{'-'.join(parts)}>")
