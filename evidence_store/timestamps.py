"""RFC 3161: what is asked of an outside clock about a seal, and whether its reply says it. No network here."""

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from evidence_store.errors import BadTimestamp

SHA256_OID = "2.16.840.1.101.3.4.2.1"
SEQUENCE, CERTIFICATES = 0x30, 0xA0  # tags, the second within SignedData (RFC 5652, 5.1)
GRANTED = (0, 1)  # RFC 3161, 2.4.2: granted, grantedWithMods


class Query:
    """The question about one seal file; a reply is an answer to it only with its nonce."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        builder = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256)
        self._request = builder.nonce(nonce=True).cert_request(cert_request=True).build()

    @property
    def der(self) -> bytes:
        return self._request.as_bytes()

    def time_in(self, reply: bytes) -> datetime:
        """Raises BadTimestamp."""
        said = _decoded(reply)
        time = _time(said, self._data)
        if said.tst_info.nonce != self._request.nonce:
            raise BadTimestamp("it answers another question")
        return time


def time_in(reply: bytes, data: bytes, roots: Sequence[bytes] = ()) -> datetime:
    """The time that a kept reply gives to `data`; with `roots` (PEM) also that one of them vouches for it.

    Raises BadTimestamp.
    """
    said = _decoded(reply)
    time = _time(said, data)
    if roots:
        _check_signed(said, data, roots)
    return time


def authority_name(url: str) -> str:
    """How an authority is called in a file's name: its host, and its port where it has one of its own."""
    split = urlsplit(url)
    port = f"-{split.port}" if split.port else ""
    return re.sub(r"[^a-z0-9.-]", "-", split.hostname or "") + port


def _decoded(reply: bytes) -> TimeStampResponse:
    """Raises BadTimestamp for what is no reply, or says no."""
    try:
        said = decode_timestamp_response(_in_order(reply))
        status = said.status
    except ValueError as error:
        raise BadTimestamp("it is not a timestamp reply") from error
    if status not in GRANTED:
        words = "; ".join(map(str, said.status_string))
        raise BadTimestamp(f"it was refused (status {status}{words and ': ' + words})")
    return said


def _in_order(reply: bytes) -> bytes:
    """The same with its certificates sorted, as DER has it: OpenSSL sends them as they come, our reader wants order.

    They stand outside of what is signed. What is kept is the reply as it came.
    """
    try:
        status, token = _parts(_content(reply))
        oid, content = _parts(_content(token))
        (signed,) = _parts(_content(content))
    except ValueError:
        return reply  # whoever reads it next says what is wrong
    parts = [
        _wrapped(CERTIFICATES, *sorted(_parts(_content(part)))) if part[0] == CERTIFICATES else part
        for part in _parts(_content(signed))
    ]
    inner = _wrapped(content[0], _wrapped(SEQUENCE, *parts))
    return _wrapped(SEQUENCE, status, _wrapped(SEQUENCE, oid, inner))


def _parts(data: bytes) -> list[bytes]:
    """The elements that follow one another, each with its tag and length. Raises ValueError."""
    parts = []
    while data:
        start, length = _length(data)
        if start + length > len(data):
            raise ValueError("cut")
        parts.append(data[: start + length])
        data = data[start + length :]
    return parts


def _content(element: bytes) -> bytes:
    return element[_length(element)[0] :]


def _length(element: bytes) -> tuple[int, int]:
    """Where the content begins, and how long it is (X.690, 8.1.3). Raises ValueError."""
    if len(element) < 2:
        raise ValueError("cut")
    short, more = element[1] & 0x7F, element[1] & 0x80
    if not more:
        return 2, short
    return 2 + short, int.from_bytes(element[2 : 2 + short])


def _wrapped(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + content


def _time(said: TimeStampResponse, data: bytes) -> datetime:
    try:
        info = said.tst_info
        imprint, time = info.message_imprint, info.gen_time
    except ValueError as error:
        raise BadTimestamp("it holds no token") from error
    if imprint.hash_algorithm.dotted_string != SHA256_OID or imprint.message != hashlib.sha256(data).digest():
        raise BadTimestamp("it is about other bytes")
    return time


def _check_signed(said: TimeStampResponse, data: bytes, roots: Sequence[bytes]) -> None:
    builder = VerifierBuilder()
    try:
        for pem in roots:
            for root in x509.load_pem_x509_certificates(pem):
                builder = builder.add_root_certificate(root)
        builder.build().verify_message(said, data)
    except (VerificationError, ValueError) as error:
        raise BadTimestamp(f"none of the given roots vouches for it: {error}") from error


def time_by(reply: bytes, data: bytes) -> str:
    """Which certificate of its own a kept reply is signed with; whose that is, others must say. Raises BadTimestamp."""
    said = _decoded(reply)
    _time(said, data)
    for der in said.signed_data.certificates:
        try:
            certificate = x509.load_der_x509_certificate(der)
            _check_signed(said, data, [certificate.public_bytes(Encoding.PEM)])
        except (BadTimestamp, ValueError):
            continue
        return f"{certificate.subject.rfc4514_string()}, sha256:{hashlib.sha256(der).hexdigest()}"
    raise BadTimestamp("no certificate in it has signed it")
