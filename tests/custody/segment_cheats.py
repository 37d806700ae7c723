"""Cheats who remove, move, repeat or put in records and whole segments."""

from pathlib import Path

from tests.custody.cheat import (
    DEPTHS,
    INSIDER,
    LISTED,
    RECHAINED,
    STALE,
    Cheats,
    Draw,
    OwnKey,
    covered,
    edited,
    resign,
)
from tests.custody.package import Package, plain
from tests.custody.record_cheats import FORGED, another

SEGMENTS = Cheats()


@SEGMENTS.add()
def remove_a_record(bundle: Path, out: Path, chance: Draw) -> str:
    """What speaks against us was never seen."""
    package = Package.read(bundle)
    place = chance.choice(package.places())
    gone = package.segments[place[0]].pop(place[1])
    covered(package, bundle, out, chance.choice(DEPTHS))
    return f"without {gone.type} {gone.id}"


@SEGMENTS.add()
def remove_the_last_record(bundle: Path, out: Path, chance: Draw) -> str:
    """No later one names it."""
    package = Package.read(bundle)
    segment = chance.choice(list(package.segments))
    package.segments[segment].pop()
    covered(package, bundle, out, chance.choice(DEPTHS))
    return f"without the last of {segment}"


@SEGMENTS.add()
def cut_the_tail_of_a_segment(bundle: Path, out: Path, chance: Draw) -> str:
    """In the middle of a record: a power cut, they will say."""
    package = Package.read(bundle)
    segment = "archive/" + chance.choice(list(package.segments))
    package.files[segment] = package.files[segment][: -chance.randrange(1, 400)]
    edited(package, bundle, out, chance.choice(DEPTHS))
    return f"{segment} is shorter"


@SEGMENTS.add()
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


@SEGMENTS.add()
def leave_a_hole_in_the_chain(bundle: Path, out: Path, chance: Draw) -> str:
    """A segment and its seal go, the other numbers stay."""
    package = Package.read(bundle)
    number = chance.randrange(len(package.seals) - 1)
    _drop(package, number)
    covered(package, bundle, out, chance.choice([LISTED, RECHAINED, INSIDER]))
    return f"a hole at {number + 1}"


@SEGMENTS.add()
def remove_the_last_segment_and_seal(bundle: Path, out: Path, chance: Draw) -> str:
    """The chain ends earlier, and nothing in it says so."""
    package = Package.read(bundle)
    for _ in range(chance.randrange(1, len(package.seals))):
        _drop(package, -1)
    covered(package, bundle, out, chance.choice([LISTED, RECHAINED]))
    return f"{len(package.seals)} seals are left"


@SEGMENTS.add(needs="fingerprint")
def remove_the_end_as_an_insider(bundle: Path, out: Path, chance: Draw) -> str:
    """The true key signs the shorter bundle; only what was published earlier knows better."""
    package = Package.read(bundle)
    for _ in range(chance.randrange(1, len(package.seals))):
        _drop(package, -1)
    package.files = {name: data for name, data in package.files.items() if "fingerprint" not in name}
    covered(package, bundle, out, INSIDER)
    return f"{len(package.seals)} seals are left"


@SEGMENTS.add()
def remove_everything_after_a_date(bundle: Path, out: Path, chance: Draw) -> str:
    """What was seen and said later is gone from every segment."""
    package = Package.read(bundle)
    dates = sorted({one["WARC-Date"] for records in package.segments.values() for one in records})
    last = chance.choice(dates[:-1])
    for segment, records in package.segments.items():
        package.segments[segment] = [one for one in records if one["WARC-Date"] <= last] or records[:1]
    covered(package, bundle, out, chance.choice(DEPTHS))
    return f"nothing after {last}"


@SEGMENTS.add()
def exchange_two_records(bundle: Path, out: Path, chance: Draw) -> str:
    """The order in which things were seen and said is another."""
    package = Package.read(bundle)
    records = package.segments[chance.choice(list(package.segments))]
    first, second = chance.sample(range(len(records)), 2)
    records[first], records[second] = records[second], records[first]
    covered(package, bundle, out, chance.choice(DEPTHS))
    return f"{first} and {second}"


@SEGMENTS.add()
def put_a_record_in_twice(bundle: Path, out: Path, chance: Draw) -> str:
    """The older one, again as the newest."""
    package = Package.read(bundle)
    place = chance.choice(package.places())
    records = package.segments[place[0]]
    records.insert(chance.randrange(len(records) + 1), records[place[1]])
    covered(package, bundle, out, chance.choice(DEPTHS))
    return f"{records[place[1]].id} twice"


@SEGMENTS.add()
def exchange_records_of_two_segments(bundle: Path, out: Path, chance: Draw) -> str:
    """As many records everywhere as before."""
    package = Package.read(bundle)
    one, two = chance.sample(list(package.segments), 2)
    first, second = chance.randrange(len(package.segments[one])), chance.randrange(len(package.segments[two]))
    a, b = package.segments[one][first], package.segments[two][second]
    package.segments[one][first], package.segments[two][second] = b, a
    covered(package, bundle, out, chance.choice(DEPTHS))
    return f"{a.id} and {b.id}"


@SEGMENTS.add()
def exchange_two_segments(bundle: Path, out: Path, chance: Draw) -> str:
    """Each stands under the name and seal of the other."""
    package = Package.read(bundle)
    one, two = chance.sample(list(package.segments), 2)
    package.segments[one], package.segments[two] = package.segments[two], package.segments[one]
    covered(package, bundle, out, chance.choice(DEPTHS))
    return f"{one} and {two}"


@SEGMENTS.add()
def append_behind_the_last_sealed(bundle: Path, out: Path, chance: Draw) -> str:
    """A record that no seal counts, in a segment that has one."""
    package = Package.read(bundle)
    segment = chance.choice(list(package.segments))
    forged = another(package.record(chance.choice(package.places("page", "response"))), chance)
    package.segments[segment].append(forged.with_body(FORGED))
    covered(package, bundle, out, chance.choice([STALE, LISTED, INSIDER]))
    return f"one more in {segment}"


@SEGMENTS.add()
def splice_in_sealed_segments(bundle: Path, out: Path, chance: Draw) -> str | None:
    """Another city's, another round's or an older bundle's segments, sealed by the very same key, put at the end."""
    package = Package.read(bundle)
    other = _other(bundle, chance)
    if other is None:
        return None
    last = len(package.seals)
    for number, name in enumerate(other.seal_names, last + 1):
        segment = other.json(name)["seal"]["segment"]
        if segment not in package.segments:
            package.take(other, segment)
        package.files[f"seals/seal-{number:04d}.json"] = other.files[name]
    covered(package, bundle, out, chance.choice([LISTED, INSIDER]))
    return f"{other.of} behind {package.of}"


@SEGMENTS.add()
def put_another_chain_in_its_place(bundle: Path, out: Path, chance: Draw) -> str | None:
    """The first seals and segments are another city's or round's, well signed."""
    package = Package.read(bundle)
    other = _other(bundle, chance)
    if other is None:
        return None
    name = chance.choice(other.seal_names)
    mine, theirs = package.json(name)["seal"]["segment"], other.json(name)["seal"]["segment"]
    package.drop_segment(mine)
    package.take(other, theirs)
    package.files[name] = other.files[name]
    covered(package, bundle, out, chance.choice([LISTED, INSIDER]))
    return f"{name} of {other.of}"


@SEGMENTS.add()
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
