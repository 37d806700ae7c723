"""A city recorded with all that readers of archives are known to trip over."""

import gzip
from datetime import UTC, datetime
from typing import Any

from evidence_store import City, Exchange, Store

NOON = datetime(2026, 11, 23, 12, 0, 0, 1, tzinfo=UTC)
HTML = (("Content-Type", "text/html; charset=utf-8"),)
SHOWN = "The town of Oddsborough answers in all its languages."
BODY = f"<!doctype html><title>Odd</title><p>{SHOWN}</p>".encode()
SAME = b"<p>the same again</p>" * 60

ADDRESSES = (
    "http://www.odd.test/",
    "http://odd.test:8080/A/B/",
    "https://odd.test:443/secure",
    "http://user:word@odd.test/with-a-name",
    "http://odd.test/Notícias/São?é=ü&A=1",
    "http://odd.test/%7Etown/%2541%2fb/../c//d",
    "http://odd.test/x?PHPSESSID=0123456789abcdef0123456789abcdef&b=2&a=1",
    "http://odd.test/;jsessionid=0123456789ABCDEF0123456789ABCDEF?a",
    "http://odd.test/search?q=a+b%20c&q=&&",
    "http://xn--mnchen-3ya.test/",
    "http://بلدية.test/خدمات",
    "http://127.0.0.1:8001/by-number",
    "http://[::1]:8001/six",
    "http://odd.test/" + "long/" * 60,
)
MEDIA_TYPES = ("", ";charset=x", "TEXT/HTML", "text/html;charset=é", "unk", "application/pdf", "a/b c")


def record_odd_city(store: Store) -> None:
    """Round `r`, city `odd`; one of its captures is taken out again."""
    store.add_cities(
        [City(id="odd", name="Ödd", country="PRT", languages=["pt"], portal_url="http://www.odd.test/")]
    )
    store.open_round("r", edition="e", edition_text="edition: É", rules_text="rules", city_ids=["odd"])
    lease = store.claim(store.plan_crawl("r/odd", budget=99).id, worker="test")
    captures = [store.record(lease, exchange) for exchange in exchanges()]
    store.finish(lease, stopped="settled")
    private = next(one.result() for one in captures if one.result().url.endswith("/private"))
    store.redact("r/odd", private.record_id, by="Ana", reason="a person's address")


def exchanges() -> list[Exchange]:
    told = [_page(url) for url in ADDRESSES]
    told += [
        _page(f"http://odd.test/typed/{number}", headers=(("Content-Type", said),))
        for number, said in enumerate(MEDIA_TYPES)
    ]
    told += [
        _page("http://odd.test/untyped", headers=()),
        _page("http://odd.test/empty", body=b""),
        _page("http://odd.test/none", status=204, reason="No Content", headers=(), body=b""),
        _page("http://odd.test/old", status=302, headers=(("Location", "/"),), body=b""),
        _page("http://odd.test/refused", status=403, reason="", body=b"<p>no</p>"),
        _page(
            "http://odd.test/packed", headers=(*HTML, ("Content-Encoding", "gzip")), body=gzip.compress(BODY)
        ),
        _page("http://odd.test/chunked", headers=(*HTML, ("Transfer-Encoding", "chunked"))),
        _page("http://odd.test/cookies", headers=(*HTML, ("Set-Cookie", "a=1"), ("Set-Cookie", "b=é"))),
        _page("http://odd.test/two", headers=(("content-type", "a/b"), ("Content-Type", "c/d"))),
        _page("http://odd.test/binary", headers=(("Content-Type", "x/y"),), body=bytes(range(256)) * 9),
        _page("http://odd.test/private", body=b"<p>Rua Direita 5</p>"),
        _page("http://odd.test/same/1", body=SAME),
        _page("http://odd.test/same/2", body=SAME),
        _page("http://odd.test/down", type="metadata", status=None, error="timeout", headers=(), body=b""),
        _page("urn:view:http://www.odd.test/", type="resource", kind="screenshot", mime="image/png"),
        _page(
            "urn:losi:dom:http://www.odd.test/É?b&a",
            type="resource",
            kind="dom",
            mime="text/html; charset=utf-8",
        ),
    ]
    return told


def _page(url: str, **fields: Any) -> Exchange:
    return Exchange(
        **{
            "url": url,
            "kind": "page",
            "requested_by": "spider",
            "time": NOON,
            "status": 200,
            "reason": "OK",
            "headers": HTML,
            "body": BODY,
            "request_headers": (("Host", "odd.test"),),
            **fields,
        }
    )
