"""Cheats with a key: one of their own, a forged history, or the true one."""

import base64
import json
import re
from pathlib import Path

from tests.custody.cheat import DEPTHS, Cheats, Draw, OwnKey, edited, key_lines, reseal, resign
from tests.custody.package import DIGEST, KEYS, Package, plain, sha
from tests.custody.record_cheats import FORGED

KEYRING = Cheats()


@KEYRING.add(needs="fingerprint")
def seal_all_anew_as_an_insider(bundle: Path, out: Path, chance: Draw) -> str:
    """The true key seals another page, backdated: only what was published earlier knows better."""
    package, key = Package.read(bundle), OwnKey.insider(bundle)
    _forge_a_page(package, chance)
    _without_witnesses(package)
    reseal(package, key)
    resign(package, key)
    package.write(out)
    return "every seal anew"


@KEYRING.add(needs="key")
def sign_all_with_a_key_of_ones_own(bundle: Path, out: Path, chance: Draw) -> str:
    """Another page, and everything hashed, sealed and signed anew; keys.jsonl tells of that key alone."""
    package, key = Package.read(bundle), OwnKey.drawn(chance)
    _forge_a_page(package, chance)
    _without_witnesses(package)
    package.files[KEYS] = key.statement([], "made")
    reseal(package, key)
    resign(package, key)
    package.write(out)
    return key.name


@KEYRING.add(needs="key")
def let_a_second_history_in(bundle: Path, out: Path, chance: Draw) -> str:
    """The true history stays; a key of one's own stands beside it and signs the end, or all of it."""
    package, key = Package.read(bundle), OwnKey.drawn(chance)
    lines, own = key_lines(package), key.statement([], "made")
    package.files[KEYS] = b"".join([own, *lines] if chance.random() < 0.5 else [*lines, own])
    place = package.places("results")[-1]
    forged = plain(json.loads(package.record(place).block) | {"forged": True})
    package.put(place, package.record(place).holding(forged))
    package.rebuilt()
    _without_witnesses(package)
    reseal(package, key, len(package.seals) - 1 if chance.random() < 0.5 else 0)
    resign(package, key)
    package.write(out)
    return key.name


@KEYRING.add(needs="key")
def sign_a_shorter_bundle_with_ones_own(bundle: Path, out: Path, chance: Draw) -> str:
    """True seals, fewer of them, under an outermost signature of one's own."""
    package, key = Package.read(bundle), OwnKey.drawn(chance)
    last = package.seal_names[-1]
    package.drop_segment(package.json(last)["seal"]["segment"])
    del package.files[last]
    _without_witnesses(package)
    package.rebuilt()
    package.files[KEYS] += key.statement([], "made")
    resign(package, key)
    package.write(out)
    return key.name


@KEYRING.add()
def forge_a_rotation(bundle: Path, out: Path, chance: Draw) -> str:
    """The old key names the cheat's as its successor, over the cheat's signature, or over an old one."""
    package, key = Package.read(bundle), OwnKey.drawn(chance)
    lines = key_lines(package)
    current = package.seals[-1]["seal"]["key"]
    forged = key.statement(lines, "rotated", current, key.name)
    if chance.random() < 0.5:
        data = json.loads(forged) | {"signature": json.loads(lines[-1])["signature"]}
        forged = plain(data) + b"\n"
    package.files[KEYS] = b"".join([*lines, forged])
    _forge_a_page(package, chance)
    _without_witnesses(package)
    reseal(package, key)
    resign(package, key)
    package.write(out)
    return key.name


@KEYRING.add()
def drop_the_old_keys_word(bundle: Path, out: Path, chance: Draw) -> str:
    """keys.jsonl no longer tells how the old key came, or that it named a successor."""
    package = Package.read(bundle)
    lines = key_lines(package)
    if len(lines) < 2:
        return None  # type: ignore[return-value]
    lines.pop(chance.randrange(len(lines)))
    package.files[KEYS] = b"".join(lines)
    edited(package, bundle, out, chance.choice(DEPTHS))
    return f"{len(lines)} lines"


@KEYRING.add()
def drop_a_revocation(bundle: Path, out: Path, chance: Draw) -> str | None:
    """A key that was given up still counts."""
    path = bundle.with_name("revoked.wacz")
    if not path.exists():
        return None
    package = Package.read(path)
    kept = [line for line in key_lines(package) if b'"revoked"' not in line]
    if chance.random() < 0.5:
        for number, line in enumerate(kept):
            value = json.loads(line)
            value["statement"]["number"] = number + 1
            value["statement"]["previous"] = sha(kept[number - 1].rstrip(b"\n")) if number else ""
            kept[number] = plain(value) + b"\n"
    package.files[KEYS] = b"".join(kept)
    edited(package, path, out, chance.choice(DEPTHS))
    return f"{len(kept)} lines"


@KEYRING.add()
def change_a_keys_history(bundle: Path, out: Path, chance: Draw) -> str:
    """When, why, which."""
    package = Package.read(bundle)
    lines = key_lines(package)
    number = chance.randrange(len(lines))
    value = json.loads(lines[number])
    value["statement"].update(
        chance.choice([{"at": "2020-01-01T00:00:00Z"}, {"reason": "forged"}, {"verb": "revoked"}])
    )
    lines[number] = plain(value) + b"\n"
    package.files[KEYS] = b"".join(lines)
    edited(package, bundle, out, chance.choice(DEPTHS))
    return f"line {number + 1}"


@KEYRING.add()
def sign_with_a_key_that_fits_all(bundle: Path, out: Path, chance: Draw) -> str:
    """Of small order: one signature holds over every message, so that anything can be changed later."""
    package = Package.read(bundle)
    point = b"\1" + bytes(31)
    name, signature = "ed25519:" + point.hex(), base64.b64encode(point + bytes(32)).decode()
    _forge_a_page(package, chance)
    _without_witnesses(package)
    statement = json.loads(OwnKey.drawn(chance).statement([], "made", name))["statement"]
    package.files[KEYS] = plain({"statement": statement, "signature": signature}) + b"\n"
    for one in package.seal_names:
        data = package.json(one)
        data["seal"]["key"], data["signature"] = name, signature
        package.files[one] = plain(data)
    package.rechained()
    digest = package.json(DIGEST)
    digest["losi"]["bundle"]["key"], digest["losi"]["signature"] = name, signature
    package.files[DIGEST] = plain(digest)
    package.listed().write(out)
    return name


def _forge_a_page(package: Package, chance: Draw) -> None:
    named = {package.record(place)["WARC-Refers-To"].strip("<>") for place in package.places(type_="revisit")}
    cited = package.record(package.places("findings")[0]).block
    places = [place for place in package.places("page", "response") if package.record(place).id not in named]
    quiet = [place for place in places if package.record(place).id.encode() not in cited]
    place = chance.choice(quiet or places)
    package.put(place, package.record(place).with_body(FORGED))
    package.rebuilt()


def _without_witnesses(package: Package) -> None:
    """Timestamps and fingerprints would speak against it."""
    witness = re.compile(r"seals/(fingerprint-|.*\.tsr$)")
    package.files = {name: data for name, data in package.files.items() if not witness.match(name)}
