"""The page that stands alone: all that was said and seen of a city, nothing loaded, nothing of a stranger's run."""

from __future__ import annotations

import hashlib
import re
import shlex
import struct
import subprocess
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import html5lib
import pytest

from checks import results
from evidence_store import Exchange, NewAnswer, NewEvidence, NewFinding, Signer
from evidence_store.wacz import write_wacz
from review_ui.dossier import dossier
from tests.review_ui.builder import CITY, ORIGIN, QUESTIONS, ROUND, TIME, World, build, html

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
OF = f"{ROUND}/{CITY}"
HOSTILE = (
    "</style></script><script>fetch('http://attacker.example/')</script>"
    "\"'><img src=http://attacker.example/x onerror=alert(1)>&amp;\u202egnp.exe\u202c\x00\x1b\ufffe"
)

# `unzip -p FILE NAME` where there is none.
UNZIP = (
    'unzip() { python3 -c "import sys, zipfile; '
    'sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[2]).read(sys.argv[3]))" "$@"; }\n'
)


@dataclass(frozen=True)
class Packed:
    """A bundle and the page beside it."""

    world: World
    bundle: Path
    page: Path

    @property
    def text(self) -> str:
        return self.page.read_text(encoding="utf-8")


def written(
    world: World, folder: Path, *, language: str = "en", bundle: Path | None = None, **more: Any
) -> Path:
    file = folder / "page.html"
    pieces = dossier(
        world.store, OF, results=results(world.store, ROUND, [CITY]), bundle=bundle, language=language, **more
    )
    with file.open("w", encoding="utf-8") as stream:
        stream.writelines(pieces)
    return file


def packed(world: World, folder: Path, *, stamped: bool = False, **more: Any) -> Packed:
    store, signer = world.store, Signer.open(folder / "keys")
    if stamped:
        store.seal(OF, signer)
        store.fingerprint(ROUND)
        (store.archive / OF / "seal-0001.time-office.tsr").write_bytes(b"a reply that nobody checks here")
    bundle = write_wacz(store, OF, folder / "it's a bundle.wacz", signer=signer, made=TIME)
    return Packed(world, bundle, written(world, folder, bundle=bundle, **more))


def png(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x80" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def photograph(world: World, path: str, size: tuple[int, int] = (64, 200), body: bytes = b"") -> str:
    crawl = world.store.plan_crawl(OF, purpose="person", budget=2, url=ORIGIN + path)
    lease = world.store.claim(crawl.id, worker="test")
    taken = Exchange(
        type="resource",
        kind="screenshot",
        url=f"urn:view:{ORIGIN}{path}",
        mime="image/png",
        body=body or png(*size),
        refers_to=world.records[path],
        requested_by="browser",
        time=TIME,
    )
    record = world.store.record(lease, taken).result().record_id
    world.store.finish(lease, stopped="settled", requests=1)
    return record


def say(world: World, code: str, outcome: str, **more: Any) -> str:
    new = {"mode": "manual", **{k: v for k, v in more.items() if k not in ("person", "supersedes")}}
    answer = world.store.answer(
        OF,
        NewAnswer(test=code, outcome=outcome, **new),
        more.get("person", "Ana Lima"),
        supersedes=more.get("supersedes"),
    )
    return answer.id


def errors(text: str) -> list[Any]:
    parser = html5lib.HTMLParser()
    parser.parse(text)
    return list(parser.errors)


def commands(text: str) -> list[str]:
    tree = html5lib.parse(text, namespaceHTMLElements=False)
    return ["".join(pre.itertext()) for pre in tree.iter("pre")]


def part(text: str, code: str) -> str:
    """What stands under one question."""
    found = re.search(
        rf'<div class="body" id="q-{code}">.*?</details>\s*(?=<details class="question"|</section>)',
        text,
        re.S,
    )
    assert found, code
    return found[0]


def test_it_works(world: World, tmp_path: Path) -> None:
    one = packed(world, tmp_path)
    text = one.text
    assert errors(text) == []
    for code, (_, name, *_) in QUESTIONS.items():
        assert f'id="q-{code}"' in text
        assert f'href="#q-{code}"' in text
        assert name in text
    assert "<mark>We collect your name and address only to answer you</mark>, and keep them" in text
    assert '<blockquote dir="rtl" lang="ar"><p><mark>نجمع بياناتك الشخصية للرد عليك فقط</mark>' in text
    digest = hashlib.sha256(one.bundle.read_bytes()).hexdigest()
    assert f"sha256:{digest}" in text
    assert f"<code>{digest}</code>" in text
    assert "Sealed, self-attested" in text
    assert "unsealed</strong>" not in text
    assert f"sha256sum {shlex.quote(one.bundle.name)}" in commands(text)


def test_what_rests_on_one_person_is_said(world: World, tmp_path: Path) -> None:
    say(world, "234", "passed", supersedes=say(world, "234", "failed"))
    text = written(world, tmp_path).read_text(encoding="utf-8")
    assert [code for code in QUESTIONS if "rests on one person alone" in part(text, code)] == ["234"]
    assert "1 answer rests on one person alone." in text


def test_every_quote_and_its_place_is_there(world: World, tmp_path: Path) -> None:
    text = packed(world, tmp_path).text
    for indicator in results(world.store, ROUND, [CITY])["cities"][0]["indicators"]:
        shown = part(text, indicator["code"])
        for one in indicator["evidence"]:
            capture = world.store.capture(one["capture"])
            assert f"<mark>{escape(one['quote'])}</mark>" in shown
            for word in (one["capture"], one["digest"], one["url"], Path(capture.filename).name):
                assert escape(word) in shown
            assert f"from byte {capture.offset}, {capture.length} bytes long" in shown
            assert "<code>seals/seal-0001.json</code>" in shown
            assert "seal 1</li>" in shown
    assert "Speaks against" in part(text, "300")


def test_the_command_for_one_record_prints_it(world: World, tmp_path: Path) -> None:
    one = packed(world, tmp_path)
    (by_hand,) = [command for command in commands(one.text) if "gunzip" in command]
    done = subprocess.run(["bash", "-c", UNZIP + by_hand], cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout.startswith(b"WARC/1.1\r\n")
    record = re.search(rb"WARC-Record-ID: <(.*?)>", done.stdout)
    assert record
    assert record[1].decode() in set(world.records.values())


def test_what_people_said_and_took_back(world: World, tmp_path: Path) -> None:
    quote = NewEvidence(
        capture_id=world.records["/ar/privacy"], exact="نجمع بياناتك الشخصية للرد عليك فقط", language="ar"
    )
    first = say(world, "234", "failed", info={"note": "Only a link <b>there</b>."}, advice="hidden")
    say(world, "234", "passed", mode="semiAuto", evidence=(quote,), supersedes=first)
    say(world, "235", "failed")
    text = written(world, tmp_path).read_text(encoding="utf-8")
    shown = part(text, "234")
    assert shown.index("counts") < shown.index('class="superseded"') < shown.index("replaced later")
    assert "Only a link &lt;b&gt;there&lt;/b&gt;." in shown
    assert "saw the evidence, but no proposal" in shown
    assert "relied on the evidence shown" in shown
    assert re.search(r'relied on <a href="#q-234-e\d+">quote \d</a>', shown)
    assert "relied on by <bdi>Ana Lima</bdi>" in shown
    assert "Of the answers that people gave." in text
    assert "No person has answered this." in part(text, "300")
    assert "Proposal of the machine, no answer" in part(text, "300")


def test_people_who_differ_are_shown_as_differing(tmp_path: Path) -> None:
    world = build(tmp_path / "w")
    with world.store:
        say(world, "101", "passed")
        say(world, "101", "failed", person="Bo Chen")
        assert "≠ People disagree" in written(world, tmp_path).read_text(encoding="utf-8")


def test_silence_says_where_we_looked(world: World, tmp_path: Path) -> None:
    text = written(world, tmp_path).read_text(encoding="utf-8")
    for code in ("235", "300"):
        shown = part(text, code)
        for word in ("118", "home, services", "annual accounts", "الميزانية", "robots.txt forbids it", "130"):
            assert word in shown, (code, word)
    assert "Where we looked" not in part(text, "101"), "a Yes needs none"
    assert text.count(f"{ORIGIN}/calendar?m=") == 130
    assert f"{ORIGIN}/intern" in text
    assert text.count("<td>200</td>") == len(world.records)


def test_without_a_bundle_it_is_unsealed_in_words(world: World, tmp_path: Path) -> None:
    text = written(world, tmp_path).read_text(encoding="utf-8")
    assert errors(text) == []
    assert "✕ Unsealed" in text
    assert "This page was written without a bundle" in text
    assert "sha256sum FILE.wacz" in text
    assert "seal 1" not in text


def test_timestamps_and_fingerprints_are_named_not_believed(world: World, tmp_path: Path) -> None:
    text = packed(world, tmp_path, stamped=True).text
    assert "Sealed, with outside timestamps" in text
    assert "This page does not check them" in text
    assert "openssl ts -verify -data seals/seal-0001.json -in seals/seal-0001.time-office.tsr" in text
    assert "--fingerprint FINGERPRINT" in text, "the reader must find it elsewhere"
    (file,) = (world.store.archive / ROUND).glob("fingerprint-*.json")
    assert "sha256:" + hashlib.sha256(file.read_bytes()).hexdigest() in text
    assert re.search(r"covers seals up to \d", text)


def test_a_picture_is_embedded_once_and_shown_wherever_its_page_is_cited(
    world: World, tmp_path: Path
) -> None:
    record = photograph(world, "/contact")
    text = packed(world, tmp_path).text
    assert errors(text) == []
    assert text.count("data:image/png;base64,") == 1
    assert text.count('<use href="#picture-1-data"/>') == 2, "101 and 301 cite that page"
    assert record in text
    assert 'viewBox="0 0 64 200"' in text
    assert 'viewBox="0 0 64 40"' in text
    photograph(world, "/")
    assert "picture-2" not in written(world, tmp_path).read_text(encoding="utf-8"), (
        "nobody cites the home page"
    )


def test_pictures_over_the_limit_are_counted(world: World, tmp_path: Path) -> None:
    photograph(world, "/contact")
    photograph(world, "/privacy", (600, 900))
    size = {c.url: c.length for c in world.store.captures(OF, kind="screenshot")}
    room = size[f"urn:view:{ORIGIN}/contact"]
    text = written(world, tmp_path, max_picture_bytes=room).read_text(encoding="utf-8")
    assert text.count("data:image/png;base64,") == 1
    assert "1 picture was left to the bundle because of its size." in text
    text = written(world, tmp_path, max_picture_bytes=0).read_text(encoding="utf-8")
    assert "2 pictures were left to the bundle" in text


def test_what_is_no_picture_is_not_shown_as_one(world: World, tmp_path: Path) -> None:
    photograph(world, "/contact", body=b"<svg onload=alert(1)>")
    text = written(world, tmp_path).read_text(encoding="utf-8")
    assert "data:image" not in text
    assert "1 picture could not be read." in text


def test_a_redacted_record_shows_nothing_of_itself(world: World, tmp_path: Path) -> None:
    photograph(world, "/privacy")
    signer = Signer.open(tmp_path / "keys")
    world.store.seal(OF, signer)
    world.store.redact(OF, world.records["/privacy"], by="Ana Lima", reason="a name of <a person>")
    one = packed(world, tmp_path)
    shown = part(one.text, "234")
    assert errors(one.text) == []
    assert "We collect your name" not in one.text
    assert "data:image" not in one.text
    assert "Redacted: the bytes of this record were taken out." in shown
    assert "Ana Lima" in shown
    assert "a name of &lt;a person&gt;" in shown
    assert "A page named Privacy policy" not in shown
    assert "may repeat words of a redacted record" in shown
    assert "نجمع بياناتك" in shown, "the other quote stays"
    assert world.records["/privacy"] in shown
    assert "<code>seals/seal-000" in shown


def test_bytes_that_changed_are_refused_in_words(world: World, tmp_path: Path) -> None:
    bundle = packed(world, tmp_path).bundle
    capture = world.store.capture(world.records["/contact"])
    path = world.store.archive / capture.filename
    whole = bytearray(path.read_bytes())
    whole[capture.offset + capture.length // 2] ^= 1
    path.write_bytes(whole)
    text = written(world, tmp_path, bundle=bundle).read_text(encoding="utf-8")
    assert "Refused: the stored bytes no longer match their digest." in part(text, "101")


@pytest.fixture
def hostile(tmp_path: Path) -> Any:
    def found(records: Mapping[str, str]) -> list[NewFinding]:
        quotes = tuple(
            NewEvidence(
                capture_id=record, exact=HOSTILE, prefix=HOSTILE, suffix=HOSTILE, selector=HOSTILE, rule="r",
                language='en" onload="alert(1)',
            )
            for record in records.values()
        )  # fmt: skip
        searched = {"pages": 1, "roles": [HOSTILE], "languages": ["xx<b>"], "terms": [HOSTILE],
                    "not_visited": {HOSTILE: 1}}  # fmt: skip
        said = {"message": HOSTILE, "reason": HOSTILE, "searched": searched}
        return [NewFinding(test="101", outcome="failed", info=said, evidence=quotes)]

    pages = {"/": html(HOSTILE, HOSTILE), "/?q=<script>alert(1)</script>": html("x", "y")}
    world = build(tmp_path / "w", pages=pages, findings=found)
    with world.store as store:
        with store.writing() as session:
            session.merge(store.city(CITY)).name = HOSTILE.replace("\x00", "")
            session.merge(store.city(CITY)).portal_url = "javascript:alert(1)"
        say(world, "234", "passed", person=HOSTILE.replace("\x00", ""), info={"note": HOSTILE})
        yield world


def test_nothing_hostile_gets_out_of_its_place(hostile: World, tmp_path: Path, browser: Any) -> None:
    page = written(hostile, tmp_path)
    text = page.read_text(encoding="utf-8")
    assert errors(text) == []
    tree = html5lib.parse(text, namespaceHTMLElements=False)
    names = {str(node.tag) for node in tree.iter() if isinstance(node.tag, str)}
    assert not names & {"script", "img", "iframe", "object", "base", "form", "b"}
    attributes = {name for node in tree.iter() for name in node.attrib}
    assert not {name for name in attributes if str(name).startswith("on")}
    assert {node.attrib["href"][:1] for node in tree.iter("a")} <= {"#", "h"}, "no javascript:"
    assert "\u202e" not in text
    assert "⟨U+202E⟩" in text
    assert "⟨U+0000⟩" in text
    assert "\x1b" not in text
    asked: list[str] = []
    opened = browser.new_context().new_page()
    opened.on("request", lambda request: asked.append(request.url))
    opened.on("dialog", lambda dialog: asked.append(dialog.message))
    opened.goto(page.as_uri())
    assert asked == [page.as_uri()]
    opened.context.close()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_browser_opens_it_from_the_disk(
    browser: Any, world: World, tmp_path: Path, scheme: str, language: str
) -> None:
    photograph(world, "/contact")
    first = say(world, "234", "failed", info={"note": "x"})
    say(world, "234", "passed", supersedes=first)
    page = packed(world, tmp_path, language=language, stamped=True).page
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": 320, "height": 800}, bypass_csp=True
    )
    opened, asked = context.new_page(), list[str]()
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(page.as_uri() + "#q-234")
    assert opened.locator("#q-234").is_visible(), "a link opens what is closed"
    assert not opened.locator("#q-101").is_visible()
    assert opened.evaluate("document.documentElement.scrollWidth") == 320
    assert {url.partition("#")[0][:10] for url in asked} <= {page.as_uri()[:10], "data:image"}
    opened.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    opened.evaluate(AXE)
    found = opened.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert [(v["id"], v["nodes"][0]["html"][:160]) for v in found] == []
    context.close()


@pytest.mark.browser
def test_paper_shows_what_the_screen_keeps_closed(browser: Any, world: World, tmp_path: Path) -> None:
    opened = browser.new_context().new_page()
    opened.goto(written(world, tmp_path).as_uri())
    opened.emulate_media(media="print")
    for code in QUESTIONS:
        assert opened.locator(f"#q-{code}").is_visible(), code
    assert opened.locator("#skipped").is_visible()
    opened.context.close()


def test_the_same_bundle_gives_the_same_page(world: World, tmp_path: Path) -> None:
    one = packed(world, tmp_path)
    assert written(world, tmp_path, bundle=one.bundle).read_text(encoding="utf-8") == one.text
