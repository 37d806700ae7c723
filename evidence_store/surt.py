"""The `urlkey` of CDXJ: the host turned round, so that a site's addresses sort together."""

import re
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}


def urlkey(url: str) -> str:
    """As in the Internet Archive's indexes: lower case, no `www.`, the query sorted."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return url
    if parts.scheme not in DEFAULT_PORTS or not host:
        return url
    where = ",".join(reversed(_labels(host)))
    if port and port != DEFAULT_PORTS[parts.scheme]:
        where += f":{port}"
    query = "&".join(sorted(parts.query.split("&"))) if parts.query else ""
    return f"{where}){parts.path.lower() or '/'}" + (f"?{query.lower()}" if query else "")


def _labels(host: str) -> list[str]:
    if ":" in host or re.fullmatch(r"[\d.]+", host):
        return [host]
    return re.sub(r"^www\d*\.(?=.*\.)", "", host).split(".")
