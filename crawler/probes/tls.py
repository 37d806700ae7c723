"""Whether a host speaks HTTPS, and how well: certificate, chain, protocol, redirect from http, HSTS.

Made with the standard library's own trust store, as a browser of this machine would judge; recorded as one
resource at urn:losi:tls:<origin>. Blocking: it is run in a thread, in the host's turn.
"""

import json
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
from cryptography import x509
from cryptography.x509.oid import NameOID

from crawler import address
from evidence_store import Exchange

TIMEOUT = 15.0
REQUESTED_BY = "probe:tls"


def _resolve(name: str, port: int) -> str:
    """The first address of a name; raises OSError."""
    return str(socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)[0][4][0])


@dataclass(frozen=True)
class Host:
    """One origin to look at. `requests` says how many requests were made."""

    origin: str
    user_agent: str
    allow_private: frozenset[str] = frozenset()
    resolve: Callable[[str, int], str] = _resolve
    cafile: str | None = None
    requests: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return address.host(self.origin)

    def reach(self, url: str) -> str:
        """The IP address to connect to; the address judged is the address used. Raises OSError."""
        split = urlsplit(url)
        answer = self.resolve(self.name, split.port or address.SCHEMES[split.scheme])
        if address.is_private(answer) and address.authority(url) not in self.allow_private:
            raise OSError(f"{self.name} is {answer}, on a private network")
        self.requests.append(url)
        return answer


def probe(host: Host) -> list[Exchange]:
    began = datetime.now(UTC)
    body = json.dumps(facts(host), ensure_ascii=False, sort_keys=True).encode()
    return [
        Exchange(
            type="resource",
            kind="tls",
            url=urn(host.origin),
            requested_by=REQUESTED_BY,
            time=began,
            mime="application/json",
            body=body,
        )
    ]


def urn(origin: str) -> str:
    return f"urn:losi:tls:{origin}"


def facts(host: Host) -> dict[str, Any]:
    """What was measured. A plain portal on a port of its own is not guessed to have a twin elsewhere."""
    split = urlsplit(host.origin)
    found: dict[str, Any] = {"origin": host.origin, "host": host.name, "https": False}
    if split.scheme == "http" and split.port is not None:
        return found
    secure = host.origin if split.scheme == "https" else f"https://{host.name}"
    found |= _handshake(host, secure)
    if found["https"]:
        found |= _answer(host, secure, "hsts", "strict-transport-security")
    if split.scheme == "http" or split.port is None:
        found |= _answer(host, f"http://{host.name}", "http", "location")
        target = str(found.get("http_location", ""))
        found["redirects_to_https"] = target.startswith("https://")
    return found


def _handshake(host: Host, url: str) -> dict[str, Any]:
    """First as a browser does, then without judging, so that a bad certificate is still described."""
    try:
        trusted = _connect(host, url, ssl.create_default_context(cafile=host.cafile))
        return {"https": True, "valid": True, "fault": None, **trusted}
    except ssl.SSLCertVerificationError as error:
        fault = error.verify_message or str(error)
    except ssl.SSLError as error:
        return {"https": False, "valid": False, "fault": error.reason or str(error)}
    except OSError as error:
        return {"https": False, "valid": False, "fault": str(error)}
    try:
        return {"https": True, "valid": False, "fault": fault, **_connect(host, url, _unjudging())}
    except OSError as error:
        return {"https": False, "valid": False, "fault": f"{fault}; {error}"}


def _unjudging() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _connect(host: Host, url: str, context: ssl.SSLContext) -> dict[str, Any]:
    port = urlsplit(url).port or 443
    with (
        socket.create_connection((host.reach(url), port), timeout=TIMEOUT) as plain,
        context.wrap_socket(plain, server_hostname=host.name) as secured,
    ):
        der = secured.getpeercert(binary_form=True) or b""
        return {"protocol": secured.version(), "certificate": _certificate(der)}


def _certificate(der: bytes) -> dict[str, Any]:
    try:
        read = x509.load_der_x509_certificate(der)
    except ValueError as error:
        return {"unreadable": str(error)}
    return {
        "subject": _common_name(read.subject),
        "issuer": read.issuer.rfc4514_string(),
        "names": _names(read),
        "not_before": read.not_valid_before_utc.isoformat(),
        "not_after": read.not_valid_after_utc.isoformat(),
        "self_signed": read.subject == read.issuer,
    }


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string()


def _names(read: x509.Certificate) -> list[str]:
    try:
        extension = read.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, ValueError):
        return []
    return [str(getattr(name, "value", "")) for name in extension.value]


def _answer(host: Host, url: str, name: str, header: str) -> dict[str, Any]:
    """Status and one header of the root of an origin, asked by HEAD at the address that was judged."""
    split = urlsplit(url)
    key = f"{name}_{header}" if name != "hsts" else "hsts"
    try:
        port = f":{split.port}" if split.port else ""
        ip = host.reach(url)
        numeric = f"[{ip}]" if ":" in ip else ip
        with httpx.Client(verify=_unjudging(), timeout=TIMEOUT, trust_env=False) as client:
            answer = client.head(
                f"{split.scheme}://{numeric}{port}/",
                headers={"Host": f"{host.name}{port}", "User-Agent": host.user_agent},
                extensions={"sni_hostname": host.name},
            )
    except (httpx.HTTPError, OSError) as error:
        return {f"{name}_error": type(error).__name__}
    return {f"{name}_status": answer.status_code, key: answer.headers.get(header)}
