"""The door: who may speak to the interface at all, and the policy every answer carries.

Local mode has no login, so any page open in the same browser could otherwise write answers. Three checks
stop that: the Host must be ours (DNS rebinding), the launch token must be known (other users of the
machine), and a request that changes something must come from our own pages (Fetch Metadata, else Origin).
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
REFUSED = {"host": 421, "token": 403, "cross-site": 403, "read-only": 403}


@dataclass(frozen=True, slots=True)
class Refusal:
    reason: str  # a key of REFUSED

    @property
    def status(self) -> int:
        return REFUSED[self.reason]


def policy(evidence_origin: str) -> str:
    """The Content-Security-Policy of every page; frame-src is what keeps a clicked link in a captured
    page from loading the live site inside the frame."""
    return "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self' {evidence_origin}",
            "connect-src 'self'",
            f"frame-src {evidence_origin}",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "object-src 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types review",
        ]
    )


def headers(evidence_origin: str) -> dict[str, str]:
    return {
        "Content-Security-Policy": policy(evidence_origin),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), clipboard-read=(), payment=()",
        "X-Frame-Options": "DENY",
        "X-DNS-Prefetch-Control": "off",
    }


@dataclass(frozen=True, slots=True)
class Gate:
    app: ASGIApp
    token: str
    host: str
    evidence_origin: str
    refuse: Callable[[Request, Refusal], Response]
    read_only: bool = False

    @property
    def cookie(self) -> str:
        """Cookies ignore ports, so two tools on one machine need two names."""
        return f"losi_token_{self.host.rpartition(':')[2]}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        request = Request(scope, receive)
        answer = self._answer(request) or self.app
        await answer(scope, receive, self._guarded(send))

    def _answer(self, request: Request) -> Response | None:
        """A response of our own, or None when the request may go on."""
        if request.headers.get("host", "") != self.host:
            return self.refuse(request, Refusal("host"))
        if request.url.path.startswith("/static/"):
            return None
        if request.method in SAFE_METHODS and self._is_token(request.query_params.get("token")):
            return self._let_in(request)
        if not (self._is_token(request.cookies.get(self.cookie)) or self._bears_token(request)):
            return self.refuse(request, Refusal("token"))
        if request.method not in SAFE_METHODS and not self._is_own(request):
            return self.refuse(request, Refusal("cross-site"))
        if request.method not in SAFE_METHODS and self.read_only:
            return self.refuse(request, Refusal("read-only"))
        return None

    def _is_token(self, given: str | None) -> bool:
        return given is not None and hmac.compare_digest(given.encode(), self.token.encode())

    def _bears_token(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and self._is_token(token.strip())

    def _is_own(self, request: Request) -> bool:
        site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
        if site is not None:
            return site == "same-origin"
        if origin is not None:
            return origin == f"{request.url.scheme}://{self.host}"
        return self._bears_token(request)

    def _let_in(self, request: Request) -> Response:
        """The token leaves the address bar at once, for a cookie no script can read."""
        kept = [(name, value) for name, value in request.query_params.multi_items() if name != "token"]
        query = f"?{urlencode(kept)}" if kept else ""
        path = "/" + request.url.path.lstrip("/")
        answer = RedirectResponse(path + query, status_code=303)
        secure = request.url.scheme == "https"
        answer.set_cookie(self.cookie, self.token, httponly=True, samesite="strict", secure=secure, path="/")
        return answer

    def _guarded(self, send: Send) -> Send:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = MutableHeaders(scope=message)
                for name, value in headers(self.evidence_origin).items():
                    own[name] = value
                own.setdefault("Cache-Control", "no-store")
            await send(message)

        return guarded
