"""Cheats who work on seals, keys, timestamps and fingerprints."""

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.custody.cheat import DEPTHS, INSIDER, LISTED, RECHAINED, Cheats, Draw, OwnKey, edited
from tests.custody.package import DIGEST, KEYS, Package, plain, sha
from tests.custody.record_cheats import FORGED

SIGNED = Cheats()
ORDER = 2**252 + 27742317777372353535851937790883648493  # of the group of Ed25519


@SIGNED.add()
def renumber_the_chain(bundle: Path, out: Path, chance: Draw) -> str:
    """It begins later, as if nothing had been before."""
    package = Package.read(bundle)
    by = chance.randrange(1, 5)
    for name in reversed(package.seal_names):
        data = package.json(name)
        data["seal"]["number"] += by
        del package.files[name]
        package.files[f"seals/seal-{data['seal']['number']:04d}.json"] = plain(data)
    edited(package, bundle, out, chance.choice(DEPTHS))
    return f"from {1 + by} on"


@SIGNED.add()
def change_a_seal(bundle: Path, out: Path, chance: Draw) -> str:
    """One member says something else, all that follows it is hashed anew."""
    zeros = "sha256:" + "0" * 64
    others = {"sealed": "2026-01-01T00:00:00Z", "previous": zeros, "records": 1, "segment": "x.warc.gz", "root": zeros,
              "of": "r/other", "software": "losi 9", "schema": "losi-seal/2", "number": 7}  # fmt: skip
    member, value = chance.choice(list(others.items()))
    return _seal(bundle, out, chance, lambda data: data["seal"].update({member: value}), member)


@SIGNED.add()
def backdate_a_seal(bundle: Path, out: Path, chance: Draw) -> str:
    """Sealed in time, they will say."""
    day = chance.randrange(1, 29)
    return _seal(
        bundle, out, chance, lambda data: data["seal"].update(sealed=f"2026-10-{day:02d}T08:00:00Z"), "sealed"
    )


@SIGNED.add()
def strip_a_seals_signature(bundle: Path, out: Path, chance: Draw) -> str:
    """Nothing is signed, so nothing can be wrong."""
    return _seal(bundle, out, chance, lambda data: data.update(signature=""), "without a signature")


@SIGNED.add()
def strip_the_bundles_signature(bundle: Path, out: Path, chance: Draw) -> str:
    """Then change what only the manifest held."""
    package = Package.read(bundle)
    digest = package.json(DIGEST)
    del digest["losi"]
    package.files[DIGEST] = plain(digest)
    if chance.random() < 0.7:
        package.files["pages/pages.jsonl"] = b"".join(package.lines("pages/pages.jsonl")[:-1])
    edited(package, bundle, out, LISTED)
    return "unsigned"


@SIGNED.add()
def strip_all_seals(bundle: Path, out: Path, chance: Draw) -> str:
    """Change a page, and say that it has not been sealed yet."""
    package = Package.read(bundle)
    digest = package.json(DIGEST)
    del digest["losi"]
    kept = chance.random() < 0.3
    package.files = {
        name: data
        for name, data in package.files.items()
        if not name.startswith("seals/") or (kept and name == KEYS)
    }
    package.files[DIGEST] = plain(digest)
    place = chance.choice(package.places("page", "response"))
    package.put(place, package.record(place).with_body(FORGED))
    package.rebuilt()
    edited(package, bundle, out, LISTED)
    return "no seals"


@SIGNED.add()
def strip_one_seal(bundle: Path, out: Path, chance: Draw) -> str:
    """Its segment stays, unsealed."""
    package = Package.read(bundle)
    name = chance.choice(package.seal_names)
    del package.files[name]
    edited(package, bundle, out, chance.choice(DEPTHS[:3] if name == package.seal_names[-1] else DEPTHS))
    return name


@SIGNED.add()
def exchange_two_seals(bundle: Path, out: Path, chance: Draw) -> str:
    """Each under the other's name."""
    package = Package.read(bundle)
    one, two = chance.sample(package.seal_names, 2)
    package.files[one], package.files[two] = package.files[two], package.files[one]
    edited(package, bundle, out, chance.choice(DEPTHS))
    return f"{one} and {two}"


@SIGNED.add()
def exchange_two_signatures(bundle: Path, out: Path, chance: Draw) -> str:
    """True ones, of the same key where it can be."""
    package = Package.read(bundle)
    one, two = chance.sample(package.seal_names, 2)
    first, second = package.json(one), package.json(two)
    first["signature"], second["signature"] = second["signature"], first["signature"]
    package.files |= {one: plain(first), two: plain(second)}
    edited(package, bundle, out, chance.choice(DEPTHS))
    return f"{one} and {two}"


@SIGNED.add()
def spell_a_signature_otherwise(bundle: Path, out: Path, chance: Draw) -> str:
    """Other text that many decoders take for the same 64 bytes, or S + L, which careless verifiers take as well."""
    return _outermost(
        bundle, out, chance, lambda data: data.update(signature=_spelt(data["signature"], chance))
    )


@SIGNED.add()
def write_signed_json_otherwise(bundle: Path, out: Path, chance: Draw) -> str:
    """Spaces, order, escapes, 7.0 for 7, a member said twice: the same to a parser, so the signature holds."""
    package = Package.read(bundle)
    name = chance.choice([*package.seal_names, DIGEST, KEYS])
    line = package.lines(name)[0].rstrip(b"\n")
    value = json.loads(line)
    spelt = [
        json.dumps(value, separators=(", ", ":")).encode(), json.dumps(dict(reversed(value.items()))).encode(),
        line.replace(b'"schema"', b'"\\u0073chema"', 1), re.sub(rb'("(?:number|seals)":\d+)', rb"\1.0", line, count=1),
        b'{"signature":"",' + line[1:], line[:-1] + b',"verified":true}', line + b" ", b"\xef\xbb\xbf" + line,
    ]  # fmt: skip
    new = chance.choice([one for one in spelt if one != line])
    rest = package.lines(name)[1:]
    package.files[name] = new + (b"\n" if name == KEYS else b"") + b"".join(rest)
    if name != DIGEST:
        edited(package, bundle, out, chance.choice([LISTED, RECHAINED if name == KEYS else INSIDER, INSIDER]))
    else:
        package.write(out)
    return f"{name}: {new[:60]!r}"


@SIGNED.add()
def say_more_beside_the_signature(bundle: Path, out: Path, chance: Draw) -> str:
    """datapackage-digest.json is hashed by nobody: a notary's word beside ours."""
    package = Package.read(bundle)
    digest = package.json(DIGEST)
    word = {"domain": "notary.example", "signature": "AAAA", "hash": digest["hash"]}
    more = [{"signedData": word}, {"note": "verified"}, {"path": "./datapackage.json"},
            {"hash": "SHA256:" + digest["hash"][7:].upper()}]  # fmt: skip
    digest.update(chance.choice(more))
    package.files[DIGEST] = plain(digest)
    package.write(out)
    return str(digest)[:60]


@SIGNED.add()
def write_digests_in_capitals(bundle: Path, out: Path, chance: Draw) -> str:
    """The same number in hexadecimal."""
    package = Package.read(bundle)
    name = chance.choice(
        [*package.seal_names, "indexes/ledger.jsonl", "indexes/index.cdx", "datapackage.json"]
    )
    found = chance.choice(re.findall(rb"sha256:[0-9a-f]{64}", package.files[name]) or [b""])
    new = b"sha256:" + found[7:].upper()
    if not found or new == found:
        return None  # type: ignore[return-value]
    package.files[name] = package.files[name].replace(found, new, 1)
    if name != "datapackage.json":
        edited(package, bundle, out, chance.choice([LISTED, INSIDER]))
        return f"{name}: {new.decode()}"
    digest = package.json(DIGEST)
    digest["hash"] = digest["losi"]["bundle"]["manifest"] = sha(package.files[name])
    digest["losi"] = OwnKey.insider(bundle).signed("bundle", digest["losi"]["bundle"])
    package.files[DIGEST] = plain(digest)
    package.write(out)
    return f"{name}: {new.decode()}"


@SIGNED.add()
def put_another_seals_timestamp(bundle: Path, out: Path, chance: Draw) -> str | None:
    """A true reply of the authority, about another seal."""
    package = Package.read(bundle)
    stamps = [name for name in package.files if name.endswith(".tsr")]
    if not stamps:
        return None
    name = stamps[0]
    other = chance.choice([one for one in package.seal_names if not name.startswith(one[:-4])])
    new = other[:-4] + name.split(".", 1)[1]
    package.files = {new if one == name else one: data for one, data in package.files.items()}
    edited(package, bundle, out, chance.choice(DEPTHS))
    return f"{name} as {new}"


@SIGNED.add()
def change_a_timestamp(bundle: Path, out: Path, chance: Draw) -> str | None:
    """A bit, a cut, an earlier time."""
    package = Package.read(bundle)
    stamps = [name for name in package.files if name.endswith(".tsr")]
    if not stamps:
        return None
    data = bytearray(package.files[stamps[0]])
    if chance.random() < 0.5:
        del data[-chance.randrange(1, 200) :]
    else:
        data[chance.randrange(len(data))] ^= 1
    package.files[stamps[0]] = bytes(data)
    edited(package, bundle, out, chance.choice([LISTED, RECHAINED]))
    return f"{len(data)} bytes"


@SIGNED.add(needs="losi")
def antedate_a_timestamp_as_an_insider(bundle: Path, out: Path, chance: Draw) -> str | None:
    """The authority's reply names an earlier time: only who checks its signature sees it."""
    package = Package.read(bundle)
    stamps = [name for name in package.files if name.endswith(".tsr")]
    if not stamps:
        return None
    data = bytearray(package.files[stamps[0]])
    times = [found.start() for found in re.finditer(rb"\x18\x0f20\d{12}Z", data)]
    assert times, "a reply that names no time"
    data[times[0] + 5] = ord("0") + chance.randrange(6)
    package.files[stamps[0]] = bytes(data)
    edited(package, bundle, out, INSIDER)
    return data[times[0] + 2 : times[0] + 17].decode()


@SIGNED.add()
def alter_the_fingerprint_file(bundle: Path, out: Path, chance: Draw) -> str | None:
    """It names other heads than those that stand here."""
    package = Package.read(bundle)
    names = [name for name in package.files if "fingerprint" in name]
    if not names:
        return None
    value = package.json(names[0])
    head = value["heads"][package.of.split("/")[1]]
    head.update(
        chance.choice([{"number": head["number"] + 9}, {"number": 1}, {"seal": "sha256:" + "0" * 64}])
    )
    package.files[names[0]] = plain(value)
    edited(package, bundle, out, chance.choice(DEPTHS))
    return f"{head}"


def _seal(bundle: Path, out: Path, chance: Draw, change: Callable[[Any], object], what: str) -> str:
    """One seal file changed; as an insider only where others stand over it."""
    package = Package.read(bundle)
    name = chance.choice(package.seal_names)
    data = package.json(name)
    change(data)
    package.files[name] = plain(data)
    depth = chance.choice(DEPTHS)
    if depth == RECHAINED:
        _rename_heads(package)
    edited(package, bundle, out, INSIDER if depth == INSIDER else min(depth, LISTED))
    return f"{name}: {what}, depth {depth}"


def _rename_heads(package: Package) -> None:
    """Each seal names the one before it again."""
    previous = ""
    for number, name in enumerate(package.seal_names):
        data = package.json(name)
        if number:
            data["seal"]["previous"] = previous
            package.files[name] = plain(data)
        previous = sha(package.files[name])


def _outermost(bundle: Path, out: Path, chance: Draw, change: Callable[[Any], object]) -> str:
    """The signature of a seal, of the bundle or of the first line of keys.jsonl."""
    package = Package.read(bundle)
    name = chance.choice([package.seal_names[-1], DIGEST, KEYS])
    if name == KEYS:
        lines = package.lines(KEYS)
        value = json.loads(lines[-1])
        change(value)
        package.files[KEYS] = b"".join([*lines[:-1], plain(value) + b"\n"])
    else:
        value = package.json(name)
        change(value["losi"] if name == DIGEST else value)
        package.files[name] = plain(value)
    if name == DIGEST:
        package.write(out)
    else:
        edited(package, bundle, out, INSIDER)
    return name


def _spelt(signature: str, chance: Draw) -> str:
    raw = base64.b64decode(signature)
    more = (int.from_bytes(raw[32:], "little") + ORDER).to_bytes(32, "little")
    last = signature[85]
    bits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    forms = [
        base64.b64encode(raw[:32] + more).decode(), signature.rstrip("="), signature + "\n", " " + signature,
        signature + "=", signature[:85] + bits[bits.index(last) + 1] + "==", raw.hex(),
        signature.replace("+", "-").replace("/", "_"), signature[:40] + "\n" + signature[40:],
    ]  # fmt: skip
    return chance.choice([one for one in forms if one != signature])
