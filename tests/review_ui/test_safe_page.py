from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from review_ui.safe_page import DROPPED, safe_page

HOSTILE = sorted((Path(__file__).parent.parent / "hostile").glob("*.html"))
FETCHING = {
    "src",
    "srcset",
    "href",
    "action",
    "formaction",
    "data",
    "poster",
    "background",
    "ping",
    "manifest",
    "xlink:href",
}


class Tags(HTMLParser):
    def __init__(self, source: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def harmless(source: str) -> None:
    for tag, attributes in Tags(source).found:
        assert tag not in DROPPED | {"base", "link", "form"}, tag
        assert tag != "meta" or set(attributes) == {"charset"}
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            assert name not in FETCHING or (value or "").startswith("data:image/"), (tag, name, value)
            assert name != "style" or "url(" not in (value or "").lower()


def test_it_works() -> None:
    page = safe_page("<html lang=pt><title>Olá</title><body><p>Um <b>dia</b> bom</p>", quote="dia")
    assert '<html lang="pt"' in page
    assert "<title>Olá</title>" in page
    assert '<p>Um <b><mark class="losi-quote" id="losi-quote">dia</mark></b> bom</p>' in page


def test_there_are_hostile_pages() -> None:
    assert len(HOSTILE) >= 20


@pytest.mark.parametrize("path", HOSTILE, ids=lambda path: path.stem)
def test_a_hostile_page_is_made_harmless(path: Path) -> None:
    source = path.read_text(encoding="utf-8").replace("{{ sink }}", "http://127.0.0.1:9")
    page = safe_page(source)
    harmless(page)
    assert "marker" in page, "what the page says is still there"


@pytest.mark.parametrize(
    "source",
    [
        "<p onclick=alert(1)>x</p>",
        "<a href=javascript:alert(1)>x</a>",
        "<scr<script>ipt>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<!--><script>alert(1)</script>-->",
        "<style>@import url(http://x/);p{background:url(http://x)}</style>",
        "<style></sty</style><script>1</script>",
        "<textarea></textarea><script>alert(1)</script>",
        "<title></title><script>alert(1)</script></title>",
        '<p title="</p><script>alert(1)</script>">x',
        "<svg><style><script>alert(1)</script></style></svg>",
        "<p style='background:u\\72l(http://x)'>",
        "<plaintext><script>alert(1)</script>",
    ],
)
def test_no_trick_of_writing_gets_through(source: str) -> None:
    harmless(safe_page(source))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "<script>",
                "</script>",
                "<style>",
                "</style>",
                "<a href='x'>",
                "<!--",
                "-->",
                "<svg>",
                "</svg>",
                "'",
                '"',
                ">",
                "<",
                "<img src=x onerror=y>",
                "&lt;script&gt;",
                "<title>",
                "</title>",
                "text",
                "<base href=x>",
                "<![CDATA[",
                "]]>",
                "<p",
            ]
        )
    )
)
def test_no_mixture_gets_through(parts: list[str]) -> None:
    harmless(safe_page("".join(parts), quote="text"))


def test_a_quote_is_marked_whatever_its_white_space() -> None:
    assert "<mark" in safe_page("<p>opening\n   hours</p>", quote="opening hours")


def test_links_are_dead_but_tell_their_target() -> None:
    page = safe_page("<a href='https://x.example/'>x</a>")
    assert " href=" not in page
    assert 'title="https://x.example/"' in page


def test_a_page_of_a_megabyte_is_written_at_once() -> None:
    assert len(safe_page("<div><p>word " * 80_000)) > 1_000_000
