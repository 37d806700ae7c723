"""Addresses of archived pages. The evidence host has no cookies, so an address is its own permission."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import urlencode

VIEWS = ("page", "picture", "text", "headers", "raw", "record")
URN = "urn:uuid:"
MAX_QUOTE = 400  # characters; the rest of a longer quote is not marked
QUOTE_ID = "losi-quote"


def evidence_key(token: str) -> bytes:
    """The signing key of one start of the tool; its addresses die with it."""
    return hmac.digest(token.encode(), b"losi evidence addresses", "sha256")


def sign(key: bytes, *parts: str) -> str:
    message = "\0".join(part.encode("utf-8", "surrogatepass").hex() for part in parts)
    return hmac.new(key, message.encode(), hashlib.sha256).hexdigest()[:40]


@dataclass(frozen=True, slots=True)
class EvidenceLinks:
    origin: str
    key: bytes

    def url(self, record_id: str, view: str, *, quote: str = "") -> str:
        """The quote is signed too: nobody can make our page mark words that were not cited."""
        quote = quote[:MAX_QUOTE] if view == "page" else ""
        query = f"?{urlencode({'quote': quote})}#{QUOTE_ID}" if quote else ""
        signature = sign(self.key, record_id, view, quote)
        return f"{self.origin}/{signature}/{view}/{record_id.removeprefix(URN)}{query}"
