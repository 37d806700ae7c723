"""The stand-alone verifier, on bundles that another hand made from docs/evidence.md."""

import random
import subprocess
import sys
from pathlib import Path

import pytest

from evidence_store import verifier
from evidence_store.verifier import verify, verify_folder
from tests.evidence_store import bundles
from tests.evidence_store.bundles import (
    OTHER,
    OURS,
    Bundle,
    One,
    packed,
    page,
    plain,
    segment,
    sha,
    statement,
    stub,
)

HERE = "bundle.wacz"


def test_it_works(tmp_path):
    report = verify(Bundle().write(tmp_path / HERE), key=OURS.name)
    assert (report.ok, report.verdict, report.signer, report.time) == (
        True,
        "sound",
        "key matches",
        "self-attested",
    )
    assert report.problems == []
    assert any("7 records of r/c, under 2 seals signed by the key given" in line for line in report.proven)
    assert any("2 quotes" in line for line in report.proven)
    assert any("not that the city's server said it to everyone" in line for line in report.not_proven)


def said(report):
    return " | ".join(f"{one['where']}: {one['what']}" for one in report.problems)


def check(tmp_path, bundle=None, data=None, **given):
    path = tmp_path / HERE
    if data is not None:
        path.write_bytes(data)
    else:
        (bundle or Bundle()).write(path)
    return verify(path, **given)


# What a cheat would do with everything that needs no key.


def no_manifest(files):
    del files["datapackage.json"]


def swapped_lines(name):
    def change(files):
        lines = files[name].splitlines(keepends=True)
        files[name] = b"".join([*lines[:-2], lines[-1], lines[-2]])

    return change


def without_last_line(name):
    def change(files):
        files[name] = b"".join(files[name].splitlines(keepends=True)[:-1])

    return change


def appended(name, data):
    def change(files):
        files[name] += data

    return change


def removed(name):
    return lambda files: files.pop(name)


def forged_page(files):
    records = bundles.usual()["crawl-1.warc.gz"]
    records[1] = page(2, b"<p>forged</p>")
    files["archive/crawl-1.warc.gz"] = b"".join(bundles.member(one.head, one.block) for one in records)


def reordered(files):
    one, two, three = bundles.usual()["crawl-1.warc.gz"]
    files["archive/crawl-1.warc.gz"] = b"".join(
        bundles.member(each.head, each.block) for each in (one, three, two)
    )


def record_twice(files):
    files["archive/crawl-1.warc.gz"] += bundles.member(page(3).head, page(3).block)


REHASHED = {
    "page forged": forged_page,
    "records reordered": reordered,
    "record added": record_twice,
    "index reordered": swapped_lines("indexes/index.cdx"),
    "index line gone": without_last_line("indexes/index.cdx"),
    "index empty": lambda files: files.update({"indexes/index.cdx": b""}),
    "ledger reordered": swapped_lines("indexes/ledger.jsonl"),
    "ledger line gone": without_last_line("indexes/ledger.jsonl"),
    "ledger line added": appended("indexes/ledger.jsonl", b"{}\n"),
    "torn tail": appended("archive/crawl-1.warc.gz", b"\x1f\x8b\x08\0torn"),
    "seal gone": removed("seals/seal-0002.json"),
    "first seal gone": removed("seals/seal-0001.json"),
    "keys gone": removed("seals/keys.jsonl"),
    "segment gone": removed("archive/crawl-1.warc.gz"),
    "page listed that is none": appended(
        "pages/pages.jsonl", plain({"id": "x", "url": "x", "ts": "x"}) + b"\n"
    ),
    "unknown file": lambda files: files.update({"extra.txt": b"x"}),
    "path traversal": lambda files: files.update({"archive/../../x.warc.gz": b"x"}),
}
BEHIND = {
    "manifest gone": no_manifest,
    "index gone": removed("indexes/index.cdx"),
    "digest gone": removed("datapackage-digest.json"),
    "seal changed": appended("seals/seal-0001.json", b"\n"),
    "ledger changed": appended("indexes/ledger.jsonl", b"{}\n"),
}


@pytest.mark.parametrize("name", REHASHED)
def test_a_cheat_who_hashes_and_signs_the_manifest_anew_is_found(tmp_path, name):
    """The cheat here even has the key for the manifest, yet not for the seals."""
    report = check(tmp_path, Bundle(after=REHASHED[name]))
    assert not report.ok
    assert report.verdict == "altered"
    assert report.problems


@pytest.mark.parametrize("name", BEHIND)
def test_a_change_behind_the_manifest_is_found(tmp_path, name):
    report = check(tmp_path, Bundle(last=BEHIND[name]))
    assert not report.ok
    assert report.problems


def test_no_byte_is_free(tmp_path):
    data, chance = packed(Bundle().files()), random.Random(3)
    for place in chance.sample(range(len(data)), 120):
        changed = bytearray(data)
        changed[place] ^= 1 << chance.randrange(8)
        assert not check(tmp_path, data=bytes(changed)).ok, place


def test_no_cut_is_free(tmp_path):
    data, chance = packed(Bundle().files()), random.Random(4)
    for place in chance.sample(range(len(data)), 40):
        assert not check(tmp_path, data=data[:place]).ok
        assert not check(tmp_path, data=data[:place] + data[place + 1 :]).ok
    for odd in (data + b"x", b"x" + data, data + data):
        assert not check(tmp_path, data=odd).ok


SEALS = {
    "number": 7,
    "previous": sha(b"x"),
    "of": "r/d",
    "records": 3,
    "root": sha(b"x"),
    "segment": "other.warc.gz",
    "sealed": "2026-11-23T08:00:00Z",
    "schema": "losi-seal/2",
    "key": OTHER.name,
}


@pytest.mark.parametrize("name", SEALS)
def test_a_seal_that_says_something_else_is_found(tmp_path, name):
    def change(seal):
        return {**seal, name: SEALS[name]} if seal["number"] == 2 else seal

    report = check(tmp_path, Bundle(sealed=change))
    assert report.verdict == "altered"


def test_another_key_signs_well_but_is_another(tmp_path):
    bundle = Bundle(key=OTHER, keys=statement(b"", 1, "made", OTHER) + b"\n")
    assert check(tmp_path, bundle).signer == "signer unproven"
    report = check(tmp_path, bundle, key=OURS.name)
    assert (report.verdict, report.signer, report.ok) == ("sound", "another key", False)


def test_a_key_named_by_the_given_one_matches(tmp_path):
    made = statement(b"", 1, "made", OURS)
    keys = made + b"\n" + statement(made, 2, "rotated", OURS, OTHER.name) + b"\n"
    report = check(tmp_path, Bundle(key=OTHER, keys=keys), key=OURS.name)
    assert (report.ok, report.signer) == (True, "key matches")


def test_a_key_that_names_ours_its_successor_does_not_match(tmp_path):
    made = statement(b"", 1, "made", OTHER)
    keys = made + b"\n" + statement(made, 2, "rotated", OTHER, OURS.name, at="2027-01-01T00:00:00Z") + b"\n"
    report = check(tmp_path, Bundle(key=OTHER, keys=keys), key=OURS.name)
    assert (report.verdict, report.signer, report.ok) == ("sound", "another key", False)


@pytest.mark.parametrize("verb", ["revoked", "rotated"])
def test_what_a_key_signs_after_its_end_is_a_fault(tmp_path, verb):
    made = statement(b"", 1, "made", OURS)
    follower = OTHER.name if verb == "rotated" else ""
    keys = made + b"\n" + statement(made, 2, verb, OURS, follower, at="2026-11-23T09:00:01Z") + b"\n"
    report = check(tmp_path, Bundle(keys=keys))
    assert report.verdict == "altered"
    assert f"after its key was {verb}" in said(report)


def test_two_histories_in_one_file(tmp_path):
    keys = statement(b"", 1, "made", OTHER) + b"\n" + statement(b"", 1, "made", OURS) + b"\n"
    assert check(tmp_path, Bundle(keys=keys)).ok


def test_nobody_signed(tmp_path):
    report = check(tmp_path, Bundle(signed=False))
    assert (report.verdict, report.ok) == ("unsealed", False)


def test_redaction_is_said_and_needs_its_statement(tmp_path):
    segments = bundles.usual()
    whole = segments["crawl-1.warc.gz"][2]
    taken_out = plain(
        {
            "schema": "losi-redaction/1",
            "record": whole.id,
            "leaf": "sha256:" + whole.leaf.hex(),
            "by": "x",
            "at": "2026-11-23T08:00:00Z",
            "reason": "x",
        }
    )
    segments["crawl-1.warc.gz"][2] = stub(7, whole)
    report = check(tmp_path, Bundle(segments))
    assert "no sealed statement" in said(report)
    name = "journal-2.warc.gz"
    segments[name] = segment(
        name, 20, [One("redaction", f"urn:losi:redaction:{whole.id}", taken_out, number=21)]
    )
    report = check(tmp_path, Bundle(segments))
    assert report.ok, said(report)
    assert any("redacted" in line for line in report.not_proven)


def test_a_revisit_needs_its_original(tmp_path):
    segments = bundles.usual()
    seen = segments["crawl-1.warc.gz"][1]
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    for original, fine in ((seen.id, True), ("urn:uuid:none", False)):
        again = One(
            "page",
            "http://city.example/b",
            head,
            "revisit",
            "application/http; msgtype=response",
            seen.payload,
            {"WARC-Refers-To": f"<{original}>"},
            number=4,
        )
        segments["crawl-1.warc.gz"][3:] = [again]
        report = check(tmp_path, Bundle(segments, after=lambda files: None))
        dangling = "a revisit of a body that is in no record" in said(report)
        assert dangling is not fine


@pytest.mark.parametrize(
    ("capture", "quote", "fault"),
    [
        ("urn:uuid:none", "x", "is not here"),
        (page(2).id, "meets on Tuesdays", "does not stand in"),
        (page(2).id, None, "nothing is quoted for it"),
        (page(2).id, " ", "nothing is quoted for it"),
    ],
)
def test_quotes_that_are_not_there(tmp_path, capture, quote, fault):
    segments = bundles.usual()
    segments["journal-1.warc.gz"][-1] = bundles.findings(11, capture, *([quote] if quote else []))
    assert fault in said(check(tmp_path, Bundle(segments)))


def fingerprint(seals, number, digest=None):
    head = {"number": number, "seal": digest or sha(seals[number - 1])}
    return plain({"schema": "losi-fingerprint/1", "round": "r", "day": "2026-11-23", "heads": {"c": head}})


def test_a_fingerprint_given_must_be_there_and_true(tmp_path):
    name = "seals/fingerprint-2026-11-23.json"
    seals = Bundle()
    seals.files()
    true, false = fingerprint(seals.seals, 1), fingerprint(seals.seals, 1, sha(b"x"))
    report = check(tmp_path, Bundle(extra={name: true}), fingerprint=sha(true))
    assert report.ok
    assert report.time.startswith("fingerprint matches")
    assert not check(tmp_path, Bundle(extra={name: true}), fingerprint=sha(false)).ok
    assert not check(tmp_path, Bundle(extra={name: false}), fingerprint=sha(false)).ok
    older = check(tmp_path, fingerprint=sha(true))
    assert (older.ok, older.verdict, older.time) == (False, "sound", "not that fingerprint")


def test_the_words_fit_a_terminal(tmp_path):
    told = verifier.words(check(tmp_path, key=OURS.name), 80)
    assert "It was signed with the key that you gave." in told.splitlines()
    assert max(map(len, told.splitlines()[1:])) <= 80


def test_nothing_is_proven_of_what_was_altered(tmp_path):
    data = bytearray(Bundle().write(tmp_path / HERE).read_bytes())
    data[len(data) // 2] ^= 1
    report = check(tmp_path, data=bytes(data), key=OURS.name)
    assert (report.verdict, report.proven) == ("altered", [])
    assert "do not rely on it" in verifier.words(report)


def folder(tmp_path, bundle):
    top = tmp_path / "archive"
    place = top / "r" / "c"
    place.mkdir(parents=True)
    for name, data in bundle.files().items():
        if name.startswith(("archive/", "seals/seal")):
            (place / name.partition("/")[2]).write_bytes(data)
    (top / "keys.jsonl").write_bytes(bundle.keys)
    return place, top / "keys.jsonl"


def test_a_folder_of_a_workspace(tmp_path):
    place, keys = folder(tmp_path, Bundle())
    report = verify_folder(place, keys, key=OURS.name)
    assert report.ok, said(report)
    crawl = place / "crawl-1.warc.gz"
    whole = crawl.read_bytes()
    crawl.write_bytes(whole + b"\x1f\x8b\x08\0torn")
    report = verify_folder(place, keys)
    assert report.ok
    assert any("torn" in line for line in report.not_proven)
    crawl.write_bytes(whole + bundles.member(page(5).head, page(5).block))
    assert "behind the last one that was sealed" in said(verify_folder(place, keys))
    crawl.write_bytes(whole[:-9])
    assert not verify_folder(place, keys).ok
    crawl.write_bytes(whole)
    (place / "seal-0002.json").unlink()
    assert verify_folder(place, keys).verdict == "unsealed"


def test_it_runs_alone(tmp_path):
    path = Bundle().write(tmp_path / HERE)
    alone = tmp_path / "verifier.py"
    alone.write_bytes(Path(verifier.__file__).read_bytes())
    key = tmp_path / "key.txt"
    key.write_text(OURS.name)

    def run(*arguments):
        command = [sys.executable, "-I", "-S", str(alone), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert run(path, "--key", key).returncode == 0
    assert "sound; key matches" in run(path, "--key", key).stdout
    assert run(path, "--key", OURS.name, "--fingerprint", "0" * 64).returncode == 1
    for wrong in (
        (tmp_path / "none.wacz",),
        (path, "--key", tmp_path / "none"),
        (path, "--fingerprint", "12"),
    ):
        done = run(*wrong)
        assert (done.returncode, done.stderr.count("\n"), "Errno" in done.stderr) == (2, 1, False)
    path.write_bytes(path.read_bytes()[:-1])
    assert run(path).returncode == 1
