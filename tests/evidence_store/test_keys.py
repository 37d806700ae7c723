"""The key: made once, its history signed, and refused where it may not sign."""

import base64
import hashlib
import json
import os
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from evidence_store import KeyRevoked, NoKey, Signer
from evidence_store.keys import merged, verifies

ROOT = str(Path(__file__).parents[2])
# All children wait at the gate, so that they make the key at the same moment.
CROWD = """
import os, sys
from pathlib import Path
from evidence_store import Signer

gate = os.pipe()
for number in range(8):
    if os.fork() == 0:
        os.read(gate[0], 1)
        os.write(1, Signer.open(Path(sys.argv[1])).key.encode() + b"\\n")
        os._exit(0)
os.write(gate[1], b"x" * 8)
for number in range(8):
    os.wait()
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def lines(signer: Signer) -> list[bytes]:
    return signer.statements().splitlines()


def check_history(signer: Signer) -> list[dict[str, object]]:
    """By hand, from docs/evidence.md."""
    previous, statements = "", []
    for number, line in enumerate(lines(signer), 1):
        read = json.loads(line)
        statement = read["statement"]
        assert line == rfc8785.dumps(read)
        assert (statement["number"], statement["previous"]) == (number, previous)
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(statement["key"].removeprefix("ed25519:")))
        public.verify(base64.b64decode(read["signature"]), rfc8785.dumps(statement))
        previous = "sha256:" + hashlib.sha256(line).hexdigest()
        statements.append(statement)
    return statements


def test_it_works(tmp_path):
    signer = Signer.open(tmp_path / "deep" / "keys")
    assert mode(tmp_path / "deep" / "keys") == 0o700
    assert mode(signer.path) == 0o600
    assert [one["verb"] for one in check_history(signer)] == ["made"]
    assert check_history(signer)[0]["key"] == signer.key
    signature = base64.b64encode(signer.sign(rfc8785.dumps({"a": 1}))).decode()
    assert verifies(signer.key, signature, {"a": 1})
    assert not verifies(signer.key, signature, {"a": 2})
    again = Signer.open(tmp_path / "deep" / "keys")
    assert again.key == signer.key
    assert again.sign(b"x") == signer.sign(b"x")


def test_many_processes_at_once_make_one_key(tmp_path):
    command = [sys.executable, "-c", CROWD, str(tmp_path / "keys")]
    ran = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": ROOT}
    )
    made = ran.stdout.split()
    assert len(made) == 8
    assert set(made) == {Signer.open(tmp_path / "keys").key}
    assert len(list((tmp_path / "keys").glob("*.pem"))) == 1


@pytest.mark.parametrize("call", ["open", "fsync", "replace"])
@pytest.mark.parametrize("after", range(4))
def test_whoever_dies_while_making_it_leaves_no_half_key(tmp_path, monkeypatch, call, after):
    real, left = getattr(os, call), [after]

    def dies(*args, **more):
        if str(tmp_path) in str(args[0]) or call == "fsync":
            left[0] -= 1
            if left[0] < 0:
                raise KeyboardInterrupt
        return real(*args, **more)

    monkeypatch.setattr(os, call, dies)
    with suppress(KeyboardInterrupt):
        Signer.open(tmp_path / "keys")
    monkeypatch.undo()
    signer = Signer.open(tmp_path / "keys")
    assert signer.sign(b"x")
    assert [one["verb"] for one in check_history(signer)] == ["made"]


def test_rotation(tmp_path):
    old = Signer.open(tmp_path)
    new = old.rotate("a year is over")
    assert new.key != old.key
    assert [one["verb"] for one in check_history(new)] == ["made", "rotated"]
    assert check_history(new)[1]["successor"] == new.key
    assert check_history(new)[1]["reason"] == "a year is over"
    assert not old.path.exists()
    with pytest.raises(NoKey, match="followed"):
        old.sign(b"x")
    with pytest.raises(NoKey, match="followed"):
        old.rotate("once more")
    assert Signer.open(tmp_path).sign(b"x") == new.sign(b"x")
    assert len(check_history(new.rotate("again"))) == 3


def test_a_revoked_key_signs_nothing_until_another_follows(tmp_path):
    signer = Signer.open(tmp_path)
    signer.revoke("laptop stolen")
    for one in (signer, Signer.open(tmp_path)):
        with pytest.raises(KeyRevoked, match="--rotate"):
            one.sign(b"x")
    new = Signer.open(tmp_path).rotate("after the theft")
    assert new.sign(b"x")
    assert [one["verb"] for one in check_history(new)] == ["made", "revoked", "rotated"]


def spoil_line(folder: Path) -> None:
    path = folder / "keys.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"made"', b'"nade"'))


def swap_key(folder: Path) -> None:
    other = Signer.open(folder.parent / "other")
    Signer.open(folder).path.write_bytes(other.path.read_bytes())


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "keys.jsonl").write_bytes(b""), "damaged"),
        (lambda folder: (folder / "keys.jsonl").write_bytes(b"[1]\n"), "damaged"),
        (spoil_line, "damaged"),
        (lambda folder: Signer.open(folder).path.unlink(), "No such file"),
        (lambda folder: Signer.open(folder).path.write_bytes(b"?"), "not a private key"),
        (swap_key, "another key"),
    ],
)
def test_a_spoiled_folder_is_one_line_and_never_a_new_key(tmp_path, spoil, said):
    folder = tmp_path / "keys"
    Signer.open(folder)
    spoil(folder)
    with pytest.raises(NoKey, match=said) as refused:
        Signer.open(folder)
    assert str(folder) in str(refused.value)
    assert "losi seal" in str(refused.value)


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NoKey, match="file"):
        Signer.open(tmp_path / "file" / "keys")


def test_histories_of_several_keys_share_a_file(tmp_path):
    one, two = Signer.open(tmp_path / "1"), Signer.open(tmp_path / "2")
    both = merged(one.statements(), two.statements())
    assert both == one.statements() + two.statements()
    assert merged(both, one.statements()) == both
    rotated = one.rotate("")
    assert merged(both, rotated.statements()).splitlines() == [*both.splitlines(), lines(rotated)[1]]
