"""Web addresses: what counts as the same page, the same site, and a private network."""

import ipaddress
import re
from functools import lru_cache
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import tldextract

SCHEMES = {"http": 80, "https": 443}
# Parameters that name a visit, not a page. A short value may be a section's number, so it stays.
_SESSION_NAMES = "sid sessid session sessionid session_id jsessionid phpsessid aspsessionid cfid cftoken"
SESSION_NAMES = frozenset(_SESSION_NAMES.split())
SESSION_LENGTH = 8
TRACKING = re.compile(r"^(utm_\w+|fbclid|gclid|msclkid|mc_[ce]id|_ga)$", re.IGNORECASE)
PATH_SESSION = re.compile(r";(jsessionid|phpsessid|sid)=[^/?#]*", re.IGNORECASE)
PERCENT = re.compile(r"%[0-9a-fA-F]{2}")
PRIVATE_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home.arpa")

_extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


@lru_cache(maxsize=65536)
def parts(url: str) -> SplitResult | None:
    """The parts of an http(s) address, None of anything else."""
    try:
        split = urlsplit(url)
        split.port  # noqa: B018  raises where the port is no number
    except ValueError:
        return None
    return split if split.scheme in SCHEMES and split.hostname else None


def host(url: str) -> str:
    """The host name in ASCII and small letters, empty where there is none."""
    split = parts(url)
    return _ascii(split.hostname or "") if split else ""


@lru_cache(maxsize=4096)
def _ascii(name: str) -> str:
    name = name.rstrip(".").lower()
    if name.isascii():
        return name
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return name


def authority(url: str) -> str:
    """`host:port`, the port always written."""
    split = parts(url)
    if split is None:
        return ""
    return f"{_bracketed(host(url))}:{split.port or SCHEMES[split.scheme]}"


def origin(url: str) -> str:
    """Scheme, host and port as a browser writes them."""
    split = parts(url)
    if split is None:
        return ""
    name, port = _bracketed(host(url)), split.port
    shown = "" if port in (None, SCHEMES[split.scheme]) else f":{port}"
    return f"{split.scheme}://{name}{shown}"


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name else name


@lru_cache(maxsize=4096)
def registrable(name: str) -> str:
    """Empty for an IP address and a name of one label."""
    found = _extract(name, include_psl_private_domains=False)
    if found.suffix or _ip(name) is not None:
        return found.top_domain_under_public_suffix
    # The list's own rule for a top-level domain that it does not know: its last label is the suffix.
    return ".".join(name.split(".")[-2:]) if "." in name else ""


def site(url: str) -> str:
    """The registrable domain; of an IP address or a local name host and port."""
    return registrable(host(url)) or authority(url)


@lru_cache(maxsize=65536)
def normal(url: str) -> str:
    """The key of the seen-set: two addresses with one key are one page to us.

    Without scheme where the port is the scheme's own, without fragment, session and tracking parameters, the
    rest of the query sorted. It is compared, never fetched.
    """
    split = parts(url)
    if split is None:
        return url
    path = _escaped(PATH_SESSION.sub("", split.path) or "/")
    query = "&".join(sorted(filter(_tells_pages_apart, split.query.split("&"))))
    port = split.port
    shown = "" if port in (None, SCHEMES[split.scheme]) else f":{port}"
    return f"//{_bracketed(host(url))}{shown}{path}" + (f"?{_escaped(query)}" if query else "")


def _tells_pages_apart(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    if not name or TRACKING.match(name):
        return False
    return name.lower() not in SESSION_NAMES or len(value) < SESSION_LENGTH


def _escaped(text: str) -> str:
    if not text.isascii() or " " in text:
        text = quote(text, safe="/%:=&?~+!$,;'@()*[]|")
    return PERCENT.sub(lambda found: found.group().upper(), text) if "%" in text else text


def joined(base: str, target: str) -> str:
    """`target` as seen from `base`, empty where it is no address."""
    try:
        return urljoin(base, target.strip())
    except ValueError:
        return ""


def is_loopback(name: str) -> bool:
    if name == "localhost" or name.endswith(".localhost"):
        return True
    address = _ip(name)
    return address is not None and address.is_loopback


def is_private(name: str) -> bool:
    """Whether a name or an IP address must not be fetched unasked: not reachable from the open internet."""
    address = _ip(name)
    if address is not None:
        return not address.is_global or address.is_multicast
    return "." not in name or any(name == own or name.endswith("." + own) for own in PRIVATE_NAMES)


def _ip(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address
