"""The `urlkey` of CDXJ: the host turned round, so that a site's addresses sort together.

As other indexers make it, or their look-ups would miss: escapes in one form, lower case, no `www.`, no session
names, the query sorted. Never fit to fetch from.
"""

import re
import socket
from contextlib import suppress
from urllib.parse import SplitResultBytes, quote_from_bytes, unquote_to_bytes

DEFAULT_PORTS = {b"http": 80, b"https": 443}

_PARTS = re.compile(
    rb"(?:([a-z][a-z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#.*)?", re.DOTALL | re.IGNORECASE
)
_UNESCAPED = bytes(set(range(0x21, 0x7F)) - set(b"#%"))
_NUMBERS = re.compile(rb"(?:0[0-7]*|[1-9][0-9]*)(?:\.[0-9]+){0,3}")
_PATH_SESSIONS = [
    re.compile(rb"(.*/)\(" + name + rb"\)/([^?]+\.aspx.*)")
    for name in (rb"(?:[a-z]\([0-9a-z]{24}\))+", rb"[0-9a-z]{24}")
]
_QUERY_SESSIONS = [
    re.compile(rb"(.*)" + name + rb"(?:&(.*))?", re.IGNORECASE)
    for name in (
        rb"jsessionid=[0-9a-z]{32}",
        rb"phpsessid=[0-9a-z]{32}",
        rb"sid=[0-9a-z]{32}",
        rb"aspsessionid[a-z]{8}=[a-z]{24}",
        rb"cfid=[^&]+&cftoken=[^&]+",
    )
]


def urlkey(url: str) -> str:
    """What cannot be taken apart is its own key."""
    try:
        return _key(re.sub(rb"[\n\r\t]", b"", url.encode().strip())).decode()
    except ValueError:
        return url


def _key(url: bytes) -> bytes:
    if not re.match(rb"[a-zA-Z][a-zA-Z0-9+.-]*:", url):
        url = b"http://" + url
    url = re.sub(rb"^(https?://)+", rb"\1", url)
    split = _PARTS.fullmatch(url)
    if split is None:
        raise ValueError("no address")
    scheme, place, path, query = (group or b"" for group in split.groups())
    host, port = _host_and_port(place)
    if not host and scheme.startswith(b"http") and path:
        host, _, path = path.lstrip(b"/").partition(b"/")
        path = b"/" + path
    if host := _host(host):
        path = _straight(_unescaped(path))
        where = b",".join(reversed(host.split(b".")))
        if port and port != DEFAULT_PORTS.get(scheme.lower()):
            where += b":%d" % port
        where += b")"
    else:
        where = scheme + b":"
    query = _query(_escaped(_unescaped(query)))
    path = _path(_escaped(_unescaped(path))) or (b"/" if query else b"")
    return where + path + (b"?" + query if query else b"")


def _host_and_port(place: bytes) -> tuple[bytes, int]:
    """Raises ValueError for a port that is none."""
    parts = SplitResultBytes(b"", place.rstrip(b":"), b"", b"", b"")
    return parts.hostname or b"", parts.port or 0


def _host(host: bytes) -> bytes:
    host = _unescaped(host)
    if not host.isascii():
        with suppress(UnicodeError):  # such a name cannot be asked for, but somebody wrote it
            host = host.decode("utf-8", "ignore").encode("idna")
    host = host.replace(b"..", b".").strip(b".")
    return re.sub(rb"^www\d*\.", b"", _number(host) or _escaped(host).lower())


def _number(host: bytes) -> bytes:
    """An IPv4 address as it is usually written, or nothing."""
    with suppress(OSError):
        if host.isdigit():
            return socket.inet_ntoa((int(host) & 0xFFFFFFFF).to_bytes(4, "big")).encode()
        if _NUMBERS.fullmatch(host):
            return socket.inet_ntoa(socket.inet_aton(host.decode())).encode()
    return b""


def _straight(path: bytes) -> bytes:
    """Without `.`, `..` and doubled slashes."""
    kept: list[bytes] = []
    for part in path.split(b"/")[1:]:
        if part == b".." and kept:
            kept.pop()
        elif part != b".":
            kept.append(part)
    if not kept:
        return b"/"
    return b"/" + b"".join(part + b"/" for part in kept[:-1] if part) + kept[-1]


def _path(path: bytes) -> bytes:
    path = path.lower()
    for session in _PATH_SESSIONS:
        if found := session.fullmatch(path):
            path = found[1] + found[2]
    return path[:-1] if path.endswith(b"/") and len(path) > 1 else path


def _query(query: bytes) -> bytes:
    for session in _QUERY_SESSIONS:
        if found := session.fullmatch(query):
            query = found[1] + (found[2] or b"")
    pairs = [pair.split(b"=", 1) for pair in query.lower().split(b"&")]
    return b"&".join(b"=".join(pair) for pair in sorted(pairs))


def _unescaped(text: bytes) -> bytes:
    while (plain := unquote_to_bytes(text)) != text:
        text = plain
    return text


def _escaped(text: bytes) -> bytes:
    return quote_from_bytes(text, safe=_UNESCAPED).encode()
