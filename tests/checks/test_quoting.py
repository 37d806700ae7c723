"""Every quote at its place in its capture, in a workspace and in a bundle; what is not is found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from checks.errors import BadData
from checks.page import Page
from checks.quoting import bundle_quotes, stored_quotes
from checks.replay import newest_recorded
from checks.run import run
from checks.standing import stands, stands_between, stands_in
from evidence_store import NewAnswer, NewEvidence, Store
from evidence_store.wacz import write_wacz
from tests.checks.city import PAGES, PORTAL, exchange, html, make_city

OF = "r/example"
MADE = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """With a page that stands at two addresses: the second is a revisit."""
    pages = [exchange(path, body) for path, body in PAGES.items()]
    with make_city(tmp_path, [*pages, exchange("privacy-again", PAGES["privacy"])]) as made:
        run(made, OF)
        yield made


def bundle(store: Store) -> Path:
    return write_wacz(store, OF, store.folder / "city.wacz", signer=None, made=MADE)


def say(store: Store, change: Callable[[dict[str, Any]], None]) -> None:
    said = json.loads(json.dumps(newest_recorded(store, OF).said))
    change(next(one for one in said["findings"] if one["test"] == "234")["evidence"][0])
    store.journal(OF, "findings", f"urn:losi:findings:{OF}/later", json.dumps(said).encode())


def answer(store: Store, **evidence: str) -> None:
    new = NewAnswer(test="234", outcome="passed", mode="manual", evidence=(NewEvidence(**evidence),))
    store.answer(OF, new, "ann")
    store.journal_statements(OF)


def record_of(store: Store, path: str) -> str:
    return str(next(one.record_id for one in store.captures(OF) if one.url == PORTAL + path))


def test_it_works(store: Store) -> None:
    for found in (stored_quotes(store, OF), bundle_quotes(bundle(store))):
        assert found.checked > 50
        assert (found.false, found.redacted) == ([], [])


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("quote", "We sell your data", "does not stand in its capture"),
        ("prefix", "Nobody says that", "does not stand between the words that are said to be around it"),
        ("suffix", "Nobody says that", "does not stand between the words that are said to be around it"),
        ("selector", "footer > p:nth-of-type(7)", "does not stand at footer > p:nth-of-type(7)"),
        ("selector", "[[[", "does not stand at [[["),
        ("capture", "urn:uuid:none", "cites a capture that is not there"),
    ],
)
def test_a_forged_quote(store: Store, field: str, value: str, why: str) -> None:
    say(store, lambda quote: quote.update({field: value}))
    for found in (stored_quotes(store, OF), bundle_quotes(bundle(store))):
        (false,) = found.false
        assert (false.test, false.why) == ("234", why)
        assert false.why in str(false)


def test_a_quote_of_another_page(store: Store) -> None:
    other = record_of(store, "contact")
    say(store, lambda quote: quote.update(capture=other, prefix="", suffix="", selector=""))
    (false,) = stored_quotes(store, OF).false
    assert (false.record_id, false.url) == (other, PORTAL + "contact")


def test_what_a_person_quotes(store: Store) -> None:
    """In the words that people see; markup is quoted by measurements alone."""
    answer(store, capture_id=record_of(store, "privacy"), exact='content="width=device-width"')
    for found in (stored_quotes(store, OF), bundle_quotes(bundle(store))):
        assert [one.why for one in found.false] == ["does not stand in its capture"]


def test_a_quote_in_a_revisit(store: Store) -> None:
    again = next(one for one in store.captures(OF) if one.url == PORTAL + "privacy-again")
    assert again.type == "revisit"
    before = bundle_quotes(bundle(store)).checked
    answer(store, capture_id=again.record_id, exact="the right to lodge a complaint")
    for found in (stored_quotes(store, OF), bundle_quotes(bundle(store))):
        assert found.false == []
        assert found.checked == before + 1


def test_what_was_taken_out_is_not_false(store: Store) -> None:
    cited = record_of(store, "privacy")
    store.redact(OF, cited, by="ann", reason="a name")
    for found in (stored_quotes(store, OF), bundle_quotes(bundle(store))):
        assert found.false == []
        assert found.redacted == [cited]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"schema":"losi-findings/1"}', b"[" * 100_000])
def test_a_statement_that_cannot_be_read(store: Store, body: bytes) -> None:
    record = store.journal(OF, "findings", f"urn:losi:findings:{OF}/odd", body).record_id
    for found in (stored_quotes(store, OF), bundle_quotes(bundle(store))):
        assert [(one.record_id, one.why) for one in found.false] == [
            (record, "a statement that cannot be read")
        ]


def test_a_damaged_capture(store: Store) -> None:
    capture = store.capture(record_of(store, "privacy"))
    path = store.archive / capture.filename
    whole = bytearray(path.read_bytes())
    whole[capture.offset + capture.length // 2] ^= 0xFF
    path.write_bytes(whole)
    false = stored_quotes(store, OF).false
    assert false
    assert all(one.why.startswith("cannot be checked: ") for one in false)


def test_each_capture_is_read_once(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    run(store, OF)
    read: list[str] = []
    plain = store.read
    monkeypatch.setattr(store, "read", lambda capture: read.append(capture.record_id) or plain(capture))
    stored_quotes(store, OF)
    assert len(read) == len(set(read))
    order = [one.record_id for one in store.captures(OF) if one.kind not in ("findings", "answers")]
    assert [one for one in read if one in order] == [one for one in order if one in read]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04" + bytes(100), b"hello"])
def test_what_is_no_bundle(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "odd.wacz"
    file.write_bytes(content)
    with pytest.raises(BadData, match=r"odd\.wacz: no bundle"):
        bundle_quotes(file)


def test_a_record_that_would_fill_the_memory(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    packed = bundle(store)
    monkeypatch.setattr("checks.packed.MAX_RECORD", 2_000)
    with pytest.raises(BadData, match="cannot be read"):
        bundle_quotes(packed)


def test_places() -> None:
    page = Page.of(PORTAL, html("Fees", "<p id='a'>Pay <b>12 €</b> at the desk</p><img alt='A map' id='m'>"))
    assert stands(page, "Pay 12 €")
    assert not stands(page, "<b>12 €</b>")
    assert stands(page, "<b>12 €</b>", measured=True)
    assert stands_between(page, "Pay", "12 €", "at the desk")
    assert not stands_between(page, "at the desk", "12 €", "Pay")
    assert stands_between(page, "", "anything", "")
    assert stands_in(page, "p#a", "12 €")
    assert stands_in(page, "#m", "A map")
    assert not stands_in(page, "p#a", "A map")
    assert not stands_in(page, "h2", "12 €")
