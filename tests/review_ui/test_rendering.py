"""Whatever a captured page says of itself stays text on ours."""

from datetime import UTC, datetime
from pathlib import Path

import babel
import pytest

from evidence_store import City, NewEvidence, NewFinding
from review_ui.rendering import language_name, safe_href, visible, when
from tests.review_ui.builder import CITY, ROUND, build, html
from tests.review_ui.conftest import opened

PAYLOADS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'",
    "{{ 7*7 }}",
    "</textarea><script>",
]


def test_it_works() -> None:
    assert when(datetime(2026, 11, 23, 9, 0, tzinfo=UTC), babel.Locale("en")) == "23 Nov 2026, 09:00 UTC"
    assert language_name("pt-BR", babel.Locale("en")) == "Portuguese"
    assert language_name("zzz", babel.Locale("en")) == "zzz"


def test_controls_that_turn_text_around_are_shown() -> None:
    assert visible("invoice\u202efdp.exe") == "invoice⟨U+202E⟩fdp.exe"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "JavaScript:1", " javascript:1", "data:x", "vbscript:x", "/x", "http://[x"]
)
def test_no_address_runs(url: str) -> None:
    assert safe_href(url) == ""


@pytest.mark.parametrize("payload", PAYLOADS)
def test_a_payload_in_every_captured_field_stays_text(tmp_path: Path, payload: str) -> None:
    import html as escape

    def findings(records):  # type: ignore[no-untyped-def]
        quote = NewEvidence(
            capture_id=records["/x"],
            exact=payload,
            prefix=payload,
            suffix=payload,
            rule=payload,
            language=payload,
            selector=payload,
        )
        info = {
            "message": payload,
            "reason": payload,
            "searched": {
                "pages": 1,
                "roles": [payload],
                "languages": [payload],
                "terms": [payload],
                "not_visited": {payload: 1},
            },
        }
        return [NewFinding(test="234", outcome="passed", info=info, evidence=(quote,))]

    body = html(escape.escape(payload), f"<p>{escape.escape(payload)}</p>")
    world = build(tmp_path, pages={"/x": body, f"/y?{payload}": body}, findings=findings)
    with world.store, opened(world) as desk:
        world.store.add_cities(
            [
                City(
                    id=CITY,
                    name=payload,
                    country="PRT",
                    languages=[payload],
                    portal_url=f"javascript:{payload}",
                )
            ]
        )
        desk.press("234", "passed", note=payload)
        desk.post("/person", {"name": payload, "back": "/"})
        base = f"/a/{ROUND}/{CITY}"
        for path in (
            "/",
            f"/r/{ROUND}",
            base,
            f"{base}/234",
            f"{base}/234?view=text",
            f"{base}/235",
            f"{base}/trail",
            f"{base}/pages",
            f"{base}/pages?q={payload}",
            f"{base}/c/{world.records['/x']}?quote={payload}",
            "/person",
        ):
            page = desk.get(path)
            for code in (
                "<script>alert",
                "<img src=x",
                "</textarea><script>",
                'href="javascript',
                "'-alert(1)-'\"",
                ">49<",
            ):
                assert code not in page, (path, code)
