"""The signing key: made on first use, kept outside every archive; its history stands in keys.jsonl, signed."""

import base64
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from evidence_store.errors import KeyRevoked, NoKey
from evidence_store.verifier import Fault, canonical

HISTORY = "keys.jsonl"
SCHEMA = "losi-key/1"
PREFIX = "ed25519:"


class Signer:
    """The key in use of one folder."""

    def __init__(self, folder: Path, key: str, private: Ed25519PrivateKey) -> None:
        self.folder, self.key, self._private = folder, key, private

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Makes the folder (0700) and a key (0600) on first use. Raises NoKey."""
        folder = Path(folder).expanduser()
        try:
            if not (folder / HISTORY).exists():
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                with _alone(folder):
                    if not (folder / HISTORY).exists():
                        _begin(folder)
            key = _current(_history(folder))
            return cls(folder, key, _load(_private_path(folder, key), key))
        except FileExistsError as error:
            raise NoKey(folder, "it is no folder") from error
        except OSError as error:
            raise NoKey(error.filename or folder, error.strerror or str(error)) from error

    @property
    def path(self) -> Path:
        """Where the private key is kept."""
        return _private_path(self.folder, self.key)

    def check(self) -> None:
        """Raises KeyRevoked, and NoKey where another key followed since it was opened."""
        history = _history(self.folder)
        if _current(history) != self.key:
            raise NoKey(self.path, "another key has followed it", "start the same command again")
        if history[-1]["verb"] == "revoked":
            raise KeyRevoked(self.key)

    def sign(self, data: bytes) -> bytes:
        """Raises as `check` does."""
        self.check()
        return self._private.sign(data)

    def statements(self) -> bytes:
        """The key's history as keys.jsonl has it."""
        try:
            return (self.folder / HISTORY).read_bytes()
        except OSError as error:
            raise NoKey(self.folder / HISTORY, error.strerror or str(error)) from error

    def rotate(self, reason: str) -> "Signer":
        """A new key, named as its successor by this one, whose private part is then deleted. Raises NoKey."""
        try:
            with _alone(self.folder):
                successor = _make(self.folder)
                self._state("rotated", reason, successor)
                self.path.unlink(missing_ok=True)
        except OSError as error:
            raise NoKey(self.folder, error.strerror or str(error)) from error
        return Signer.open(self.folder)

    def revoke(self, reason: str) -> None:
        """From now on it signs nothing but the statement who follows it. Raises NoKey."""
        try:
            with _alone(self.folder):
                self._state("revoked", reason, "")
        except OSError as error:
            raise NoKey(self.folder, error.strerror or str(error)) from error

    def _state(self, verb: str, reason: str, successor: str) -> None:
        lines = self.statements()
        if _current(_history(self.folder)) != self.key:
            raise NoKey(self.path, "another key has followed it", "start the same command again")
        _write(self.folder, lines, self._private, verb=verb, key=self.key, successor=successor, reason=reason)


def public_key(key: str) -> Ed25519PublicKey:
    """Of "ed25519:<64 hex digits>". Raises ValueError."""
    if not key.startswith(PREFIX):
        raise ValueError(f"{key!r} is no ed25519 key")
    return Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.removeprefix(PREFIX)))


def verifies(key: str, signature: str, value: Any) -> bool:
    """Whether the base64 `signature` is `key`'s over the canonical form of `value`."""
    try:
        public_key(key).verify(base64.b64decode(signature, validate=True), canonical(value))
    except (InvalidSignature, Fault, ValueError, TypeError):
        return False
    return True


def merged(known: bytes, own: bytes) -> bytes:
    """The lines of `known`, then those of `own` that are new there: histories of several keys in one file."""
    lines = known.splitlines()
    return b"".join(line + b"\n" for line in [*lines, *(one for one in own.splitlines() if one not in lines)])


def _begin(folder: Path) -> None:
    key = _make(folder)
    _write(folder, b"", _load(_private_path(folder, key), key), verb="made", key=key, successor="", reason="")


def _make(folder: Path) -> str:
    """A private key's file, durable before anything names it."""
    private = Ed25519PrivateKey.generate()
    key = _name(private)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _put(_private_path(folder, key), pem)
    return key


def _write(folder: Path, before: bytes, private: Ed25519PrivateKey, **said: str) -> None:
    last = before.splitlines()[-1:]
    statement = {
        "schema": SCHEMA,
        "number": len(before.splitlines()) + 1,
        "previous": "sha256:" + hashlib.sha256(last[0]).hexdigest() if last else "",
        "at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        **said,
    }
    signature = base64.b64encode(private.sign(canonical(statement))).decode()
    line = canonical({"statement": statement, "signature": signature})
    _put(folder / HISTORY, before + line + b"\n")


def _history(folder: Path) -> list[dict[str, Any]]:
    """Raises NoKey where a line is damaged."""
    path = folder / HISTORY
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise NoKey(path, error.strerror or str(error)) from error
    try:
        read = [json.loads(line) for line in lines]
        sound = all(verifies(one["statement"]["key"], one["signature"], one["statement"]) for one in read)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoKey(path, "it is damaged") from error
    if not read or not sound:
        raise NoKey(path, "it is damaged")
    return [one["statement"] for one in read]


def _current(history: list[dict[str, Any]]) -> str:
    last = history[-1]
    return str(last["successor"] if last["verb"] == "rotated" else last["key"])


def _load(path: Path, key: str) -> Ed25519PrivateKey:
    try:
        private = serialization.load_pem_private_key(path.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise NoKey(path, "it is not a private key") from error
    if not isinstance(private, Ed25519PrivateKey) or _name(private) != key:
        raise NoKey(path, "it is another key than keys.jsonl says")
    return private


def _name(private: Ed25519PrivateKey) -> str:
    raw = private.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return PREFIX + raw.hex()


def _private_path(folder: Path, key: str) -> Path:
    return folder / f"{key.removeprefix(PREFIX)}.pem"


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No other process changes the folder meanwhile."""
    fd = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
    finally:
        os.close(fd)


def _put(path: Path, data: bytes) -> None:
    """Whole and durable, or not there; readable by its owner alone."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(fd)
    os.replace(draft, path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
