"""Cheats who change what was said: findings, answers, acts, trail, rules, redactions."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.custody.cheat import DEPTHS, INSIDER, LISTED, RECHAINED, Cheats, Draw, covered, said
from tests.custody.package import Package, Record, plain, sha
from tests.custody.record_cheats import FORGED, another

SAID = Cheats()
Place = tuple[str, int]
OTHER = {
    "passed": "failed",
    "failed": "passed",
    "cantTell": "passed",
    "inapplicable": "passed",
    "untested": "passed",
}


@SAID.add()
def replace_the_findings(bundle: Path, out: Path, chance: Draw) -> str:
    """What the rules said of another city, or nothing at all."""
    return _document(bundle, out, chance, "findings", lambda said: said.update(findings=[]))


@SAID.add()
def turn_a_finding_round(bundle: Path, out: Path, chance: Draw) -> str:
    """No becomes yes, with the same evidence."""

    def turn(said: Any) -> None:
        one = chance.choice(said["findings"])
        one["outcome"] = OTHER[one["outcome"]]

    return _document(bundle, out, chance, "findings", turn)


@SAID.add()
def alter_a_quote(bundle: Path, out: Path, chance: Draw) -> str:
    """The page says what it should have said."""

    def alter(said: Any) -> None:
        quotes = [quote for one in said["findings"] for quote in one["evidence"] if quote["quote"]]
        chance.choice(quotes)["quote"] += " free of charge"

    return _document(bundle, out, chance, "findings", alter)


@SAID.add()
def cite_another_page(bundle: Path, out: Path, chance: Draw) -> str:
    """The quote is true, but of a page that does not count."""
    package = Package.read(bundle)
    other = package.record(chance.choice(package.places("page", "response"))).id

    def cite(said: Any) -> None:
        quotes = [quote for one in said["findings"] for quote in one["evidence"] if quote["capture"] != other]
        chance.choice(quotes)["capture"] = other

    return _document(bundle, out, chance, "findings", cite)


@SAID.add()
def replace_the_results(bundle: Path, out: Path, chance: Draw) -> str:
    """A better score."""

    def better(said: Any) -> None:
        said["cities"][0]["score"].update(low="0.9000", high="0.9500")

    return _document(bundle, out, chance, "results", better)


@SAID.add()
def turn_an_answer_round(bundle: Path, out: Path, chance: Draw) -> str | None:
    """A person's no becomes a yes in the newest record."""

    def turn(said: Any) -> None:
        one = chance.choice(said["answers"])
        one["outcome"] = OTHER[one["outcome"]]

    return _document(bundle, out, chance, "answers", turn, newest=True)


@SAID.add()
def put_words_in_a_mouth(bundle: Path, out: Path, chance: Draw) -> str | None:
    """The answer is somebody else's, or of another day."""

    def turn(said: Any) -> None:
        one = chance.choice(said["answers"])
        one.update(chance.choice([{"asserted_by": "Eve"}, {"date": "2026-01-01T00:00:00+00:00"}]))

    return _document(bundle, out, chance, "answers", turn, newest=True)


@SAID.add()
def forget_that_it_was_taken_back(bundle: Path, out: Path, chance: Draw) -> str | None:
    """Without the later answer the older one counts again."""

    def forget(said: Any) -> None:
        later = [one for one in said["answers"] if one["supersedes"]]
        said["answers"].remove(chance.choice(later))

    return _document(bundle, out, chance, "answers", forget, newest=True)


@SAID.add()
def let_an_older_record_be_the_newest(bundle: Path, out: Path, chance: Draw) -> str | None:
    """The newest answers or acts are left out; those before become the last word."""
    package = Package.read(bundle)
    kind = chance.choice(["answers", "acts", "results", "assessment"])
    places = package.places(kind)
    if len(places) < 2:
        return None
    segment, number = places[-1]
    if chance.random() < 0.5:
        package.segments[segment].pop(number)
    else:
        package.put(places[-1], package.record(places[0]))
    covered(package, bundle, out, chance.choice(DEPTHS))
    return f"{kind} of before"


@SAID.add()
def hide_who_reopened(bundle: Path, out: Path, chance: Draw) -> str | None:
    """An act less, or by another."""

    def hide(said: Any) -> None:
        one = chance.choice(said["acts"])
        if chance.random() < 0.5:
            said["acts"].remove(one)
        else:
            one["by"] = "Eve"

    return _document(bundle, out, chance, "acts", hide, newest=True)


@SAID.add()
def hide_what_was_not_visited(bundle: Path, out: Path, chance: Draw) -> str:
    """We looked everywhere, the trail now says."""
    return _document(bundle, out, chance, "trail", lambda said: said.update(skipped=[]))


@SAID.add()
def lengthen_the_trail(bundle: Path, out: Path, chance: Draw) -> str:
    """We looked at more pages than we did."""
    return _document(bundle, out, chance, "trail", lambda said: said.update(pages=said["pages"] + 100))


@SAID.add()
def change_the_rules_afterwards(bundle: Path, out: Path, chance: Draw) -> str:
    """So that they ask for what the city happens to have."""
    return _text(bundle, out, chance, "rules")


@SAID.add()
def change_the_questionnaire_afterwards(bundle: Path, out: Path, chance: Draw) -> str:
    """A question less."""
    return _text(bundle, out, chance, "edition")


@SAID.add()
def rename_the_city(bundle: Path, out: Path, chance: Draw) -> str:
    """Another city's evidence under this one's name."""
    return _document(bundle, out, chance, "assessment", lambda said: said["city"].update(name="Nowhere"))


@SAID.add()
def redact_in_silence(bundle: Path, out: Path, chance: Draw) -> str:
    """A page that speaks against us becomes a stub, and no redaction says so. The root still stands."""
    package = Package.read(bundle)
    place = chance.choice(package.places("page", "response"))
    package.put(place, _stub(package.record(place), chance))
    covered(package, bundle, out, chance.choice([LISTED, INSIDER]))
    return f"{package.record(place)['WARC-Refers-To']}"


@SAID.add()
def redact_with_a_word_of_ones_own(bundle: Path, out: Path, chance: Draw) -> str | None:
    """A stub, and a statement for it that no seal covers."""
    package = Package.read(bundle)
    places = package.places("redaction")
    if not places:
        return None
    place = chance.choice(package.places("page", "response"))
    taken = package.record(place)
    package.put(place, _stub(taken, chance))
    model = package.record(places[0])
    words = json.loads(model.block) | {"record": taken.id, "leaf": "sha256:" + taken.leaf.hex()}
    statement = another(model, chance).saying("WARC-Target-URI", f"urn:losi:redaction:{taken.id}")
    package.segments[places[0][0]].append(
        statement.saying("WARC-Refers-To", f"<{taken.id}>").holding(plain(words))
    )
    covered(package, bundle, out, chance.choice([LISTED, RECHAINED, INSIDER]))
    return taken.id


@SAID.add()
def take_a_redaction_back(bundle: Path, out: Path, chance: Draw) -> str | None:
    """Something else is put where the redacted record was, under the head that was kept."""
    package = Package.read(bundle)
    places = package.places("redacted")
    if not places:
        return None
    kept = Record(package.record(places[0]).block, b"")
    body = FORGED if chance.random() < 0.5 else b"x" * int(kept["Content-Length"])
    package.put(places[0], Record(kept.head, body))
    covered(package, bundle, out, chance.choice([LISTED, RECHAINED, INSIDER]))
    return kept.id


@SAID.add()
def change_what_a_stub_keeps(bundle: Path, out: Path, chance: Draw) -> str | None:
    """The head of what was taken out names another address, another date."""
    package = Package.read(bundle)
    places = package.places("redacted")
    if not places:
        return None
    stub = package.record(places[0])
    kept = Record(stub.block, b"").saying("WARC-Date", "2026-01-01T00:00:00.000000Z")
    package.put(places[0], stub.holding(kept.head))
    covered(package, bundle, out, chance.choice(DEPTHS))
    return stub.id


@SAID.add()
def change_the_stub_itself(bundle: Path, out: Path, chance: Draw) -> str | None:
    """The head of the stub is in no leaf: another record it stands for, another name, a line of one's own."""
    package = Package.read(bundle)
    places = package.places("redacted")
    if not places:
        return None
    stub = package.record(places[0])
    other = package.record(package.places("page", "response")[0])
    name, value = chance.choice(
        [
            ("WARC-Refers-To", f"<{other.id}>"),
            ("WARC-Record-ID", stub["WARC-Refers-To"]),
            ("Content-Type", "text/html"),
            ("Content-Length", f"{len(stub.block)}\r\nLOSI-Note: verified"),
            ("LOSI-Kind", "redacted\r\nWARC-Target-URI: http://forged.example/"),
        ]
    )
    package.put(places[0], stub.saying(name, value))
    covered(package, bundle, out, chance.choice([LISTED, INSIDER]))
    return f"{name}: {value}"


@SAID.add()
def date_a_redaction_otherwise(bundle: Path, out: Path, chance: Draw) -> str | None:
    """It was done long ago, the stub says. Its statement, which is sealed, knows better than an insider's stub."""
    package = Package.read(bundle)
    places = package.places("redacted")
    if not places:
        return None
    date = f"2026-11-0{chance.randrange(1, 10)}T00:00:00.000000Z"
    package.put(places[0], package.record(places[0]).saying("WARC-Date", date))
    covered(package, bundle, out, chance.choice([LISTED, RECHAINED]))
    return date


@SAID.add()
def say_another_redacted_it(bundle: Path, out: Path, chance: Draw) -> str | None:
    """Another person, another reason."""
    return _document(
        bundle, out, chance, "redaction", lambda said: said.update(by="Eve", reason="a court order")
    )


@SAID.add()
def write_a_statement_otherwise(bundle: Path, out: Path, chance: Draw) -> str:
    """The same JSON with another order of members, spaces, or a member said twice."""
    package = Package.read(bundle)
    places = package.places("findings") + package.places("answers") + package.places("results")
    place = chance.choice(places)
    value = said(package, place)
    first = plain(value)[1:]
    spelt = chance.choice([
        json.dumps(value, indent=1).encode(), json.dumps(value).encode(), b'{"schema":"forged",' + first,
    ])  # fmt: skip
    package.put(place, package.record(place).holding(spelt))
    covered(package, bundle, out, chance.choice(DEPTHS))
    return package.record(place).kind


def _document(
    bundle: Path, out: Path, chance: Draw, kind: str, change: Callable[[Any], object], *, newest: bool = False
) -> str:
    """A JSON statement says something else, the record's digests with it."""
    package = Package.read(bundle)
    places = package.places(kind)
    if not places:
        return None  # type: ignore[return-value]
    place = places[-1] if newest else chance.choice(places)
    value = said(package, place)
    change(value)
    package.put(place, package.record(place).holding(plain(value)))
    covered(package, bundle, out, depth := chance.choice(DEPTHS))
    return f"{kind} {package.record(place).id}, depth {depth}"


def _text(bundle: Path, out: Path, chance: Draw, kind: str) -> str:
    package = Package.read(bundle)
    place = chance.choice(package.places(kind))
    block = bytearray(package.record(place).block)
    at = chance.randrange(len(block))
    block[at] = block[at] ^ 1
    package.put(place, package.record(place).holding(bytes(block)))
    covered(package, bundle, out, depth := chance.choice(DEPTHS))
    return f"{kind}, byte {at}, depth {depth}"


def _stub(of: Record, chance: Draw) -> Record:
    """As docs/evidence.md writes it."""
    fields = {"WARC-Type": "metadata", "WARC-Record-ID": f"<{another(of, chance).id}>", "WARC-Date": of["WARC-Date"],
              "WARC-Refers-To": f"<{of.id}>", "LOSI-Kind": "redacted", "Content-Type": "application/vnd.losi.head",
              "WARC-Block-Digest": sha(of.head), "Content-Length": str(len(of.head))}  # fmt: skip
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return Record(f"WARC/1.1\r\n{lines}\r\n".encode(), of.head)
