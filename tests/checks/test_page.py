# ruff: noqa: E501 - markup is easier to read on one line
from __future__ import annotations

import gzip
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.page import Page
from checks.quote import contains_quote, of_passage, selector

HTML = """<!doctype html><html lang="pt-PT"><head><title>Contactos | Câmara</title></head><body>
<header><a href="/"><img src="l.png" alt="Início"></a><nav><ul><li><a href="../servicos">Serviços <b>online</b></a></ul></nav></header>
<div class="cookie-banner"><p>Usamos cookies</p></div>
<main><h1>Fale <em>connosco</em></h1><p>Telefone <a href="tel:+351210000000">210 000 000</a>.</p>
<p hidden>Escondido</p><script>var x = "nada"</script>
<h2>Formulário</h2><form action="/enviar" method="POST"><label for="m">Mensagem</label><textarea id="m" name="m"></textarea>
<input type="hidden" name="t"><input type="email" placeholder="E-mail"><button>Enviar</button></form></main>
<footer><p>© Câmara</p><a href="javascript:void(0)">Topo</a></footer></body></html>"""


def page(html: str = HTML) -> Page:
    return Page.of("https://city.example/a/b", html)


def test_it_works() -> None:
    made = page()
    assert (made.title, made.declared_language, made.is_html) == ("Contactos | Câmara", "pt-PT", True)
    assert [(one.text, one.level) for one in made.headings] == [("Fale connosco", 1), ("Formulário", 2)]


def test_links_are_absolute_and_say_where_they_stand() -> None:
    home, services, phone, top = page().links
    assert (home.text, home.attribute, home.zone, home.url) == (
        "Início",
        "alt",
        "header",
        "https://city.example/",
    )
    assert (services.text, services.zone, services.url) == (
        "Serviços online",
        "nav",
        "https://city.example/servicos",
    )
    assert (phone.zone, phone.heading) == ("main", "Fale connosco")
    assert (top.href, top.url) == ("", "")


def test_the_main_text_is_what_the_page_is_about() -> None:
    text = page().main_text
    assert "Telefone 210 000 000." in text
    for other in ("cookies", "Escondido", "nada", "© Câmara", "Serviços"):
        assert other not in text


def test_without_a_main_element_menus_and_footer_are_left_out() -> None:
    made = page(
        "<body><div id=menu><a href=/>Home</a></div><div><p>Words</p></div><div class=footer>End</div>"
    )
    assert made.main_text == "Words"


def test_forms() -> None:
    (form,) = page().forms
    assert (form.method, form.action, form.heading) == ("post", "https://city.example/enviar", "Formulário")
    assert [(one.type, one.label) for one in form.fields] == [("textarea", "Mensagem"), ("email", "E-mail")]
    assert form.buttons == ("Enviar",)


def test_a_quote_from_one_text_node_is_literal() -> None:
    made = page()
    passage = next(one for one in made.passages if "Telefone" in one.text)
    quote, prefix, _ = of_passage(passage, 10, 13)
    assert (quote, prefix) == ("210 000 000", "Telefone")
    assert contains_quote(made, quote)


def test_quotes_across_elements_and_in_attributes_count_and_others_do_not() -> None:
    made = page()
    assert contains_quote(made, "Fale connosco")
    assert contains_quote(made, "E-mail")
    assert not contains_quote(made, "Fale com a Câmara")
    assert not contains_quote(made, " ")


def test_a_selector_finds_its_element_again() -> None:
    made = page()
    node = made.tree.css_first("h1 em")
    found = made.tree.css_first(selector(node))
    assert found is not None
    assert found.text() == "connosco"


def test_the_text_decides_the_language_and_the_declaration_only_when_it_is_short() -> None:
    words = (
        "Estimados vecinos, el ayuntamiento informa de que la oficina permanecerá cerrada durante la mañana. "
        * 4
    )
    assert page(f'<html lang="en"><body><main><p>{words}</p></main>').language == "es"
    assert page('<html lang="sv"><body><main><p>Hej</p></main>').language == "sv"


def test_scripts_narrow_the_choice() -> None:
    hindi = "नगर पालिका परिषद में आपका स्वागत है। यहाँ सभी सूचनाएँ उपलब्ध हैं और नागरिक आवेदन कर सकते हैं। " * 3
    assert page(f"<p>{hindi}</p>").language == "hi"


def test_compressed_captures_and_broken_pdfs() -> None:
    capture = SimpleNamespace(
        url="https://x.example/", status=200, mime="text/html", kind="page", record_id="urn:x"
    )
    record = SimpleNamespace(body=gzip.compress(HTML.encode()), http_headers=(("Content-Encoding", "gzip"),))
    assert Page(capture, record).title == "Contactos | Câmara"
    broken = Page.of("https://x.example/a.pdf", b"%PDF-1.4 nothing", mime="application/pdf")
    assert (broken.text, broken.unread) == ("", "pdf-unreadable")


def test_a_rendered_page_has_the_address_that_was_visited() -> None:
    assert (
        Page.of("urn:view:https://x.example/", "<p>x", kind="dom", mime="text/html").url
        == "https://x.example/"
    )


@pytest.mark.parametrize(
    "html", ["", " ", "<", "<a href='http://[bad'>x</a>", "<base href='::'><a href=y>x", "\x00<p>\x00"]
)
def test_odd_pages(html: str) -> None:
    made = page(html)
    assert (made.links, made.forms, made.main_text) is not None


def test_deep_nesting_is_no_recursion() -> None:
    made = page("<div>" * 5_000 + "deep")
    assert made.main_text == "deep"


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["text/html", "application/pdf", "text/plain", "image/png"]))
def test_any_bytes_are_a_page(body: bytes, mime: str) -> None:
    made = Page.of("https://x.example/", body, mime=mime)
    assert isinstance(made.main_text, str)
    assert isinstance(made.language, str)
    assert all(contains_quote(made, one.text) for one in made.passages if one.text.strip())
    assert made.links is not None
    assert made.forms is not None
