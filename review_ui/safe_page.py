"""Archived HTML written anew from an allow-list, so that nothing in it can run, fetch, post or navigate.

The policy of evidence_app forbids all that already; this is the second lock, and it makes dead links of
links. Every token is written again by us, escaped: what a browser reads is what was decided here.
"""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

from review_ui.evidence_links import QUOTE_ID
from review_ui.quote_marks import Span, marks


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


# Elements left out with everything inside them.
DROPPED = _set(
    "script noscript template iframe frame frameset object embed applet svg math audio video canvas portal"
)
# Elements left out; what stands inside them is kept.
UNWRAPPED = _set("html head body base link meta form noframes plaintext xmp listing source track")
VOID = _set("area br col hr img input wbr")
KEPT_ATTRIBUTES = _set(
    "alt abbr align bgcolor border cellpadding cellspacing checked class color colspan cols dir disabled "
    "face for headers height id label lang open placeholder readonly rows rowspan scope selected size "
    "span start style summary title type valign value width"
)
BLANK_PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
MAX_CHARACTERS = 4_000_000

STYLE = (
    "html{color-scheme:light;background:#fff;color:#16202b}"
    "body{font-family:system-ui,sans-serif;line-height:1.5;margin:1rem;overflow-wrap:anywhere}"
    "img{max-width:100%;outline:1px dashed #8a94a0;min-width:1rem;min-height:1rem}"
    f"mark.{QUOTE_ID}{{background:#ffe08a;color:#16202b;outline:2px solid #b27a00;scroll-margin-block:40vh}}"
    "[data-losi-href]{color:#1a4f8a;text-decoration:underline;cursor:not-allowed}"
)


def safe_page(source: str, *, quote: str = "", language: str = "") -> str:
    writer = _Writer(quote)
    writer.feed(source[:MAX_CHARACTERS])
    writer.close()
    tag = html.escape(language or writer.language, quote=True)
    direction = html.escape(writer.direction, quote=True)
    return (
        f'<!doctype html><html lang="{tag}" dir="{direction}"><head><meta charset="utf-8">'
        f"<title>{html.escape(writer.title.strip())}</title><style>{STYLE}</style></head>"
        f"<body>{''.join(writer.out)}</body></html>"
    )


class _Writer(HTMLParser):
    def __init__(self, quote: str) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.title = self.language = ""
        self.direction = "auto"
        self._open: list[str] = []
        self._dropped: list[str] = []
        self._raw = ""  # title or style, while inside it
        self._quote = quote
        self._texts: dict[int, str] = {}  # by its place in `out`, where a mark can stand

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._dropped:
            if tag == self._dropped[0]:
                self._dropped.append(tag)
        elif tag in DROPPED:
            self._dropped.append(tag)
        elif tag in ("title", "style"):
            self._raw = tag
        elif tag in UNWRAPPED:
            self._note_language(tag, attrs)
        elif re.fullmatch(r"[a-z][a-z0-9-]*", tag):
            self.out.append(f"<{tag}{_attributes(tag, attrs)}>")
            if tag not in VOID:
                self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # HTML has no self-closing elements, but `<svg/>` is empty in every browser.
        if tag not in DROPPED:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._dropped:
            if tag == self._dropped[-1]:
                self._dropped.pop()
        elif tag == self._raw:
            self._raw = ""
        elif tag in self._open:
            while self._open:
                last = self._open.pop()
                self.out.append(f"</{last}>")
                if last == tag:
                    break

    def handle_data(self, data: str) -> None:
        if self._dropped:
            return
        if self._raw == "title":
            self.title += data
        elif self._raw == "style":
            self.out.append(f"<style>{_style(data)}</style>")
        else:
            if "textarea" not in self._open:
                self._texts[len(self.out)] = data
            self.out.append(html.escape(data))

    def close(self) -> None:
        super().close()
        self._mark()
        self.out.extend(f"</{tag}>" for tag in reversed(self._open))

    def _note_language(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("html", "body"):
            found = dict(attrs)
            self.language = found.get("lang") or self.language
            if (found.get("dir") or "").lower() in ("ltr", "rtl"):
                self.direction = (found["dir"] or "").lower()

    def _mark(self) -> None:
        places, texts = list(self._texts), list(self._texts.values())
        anchor = f' id="{QUOTE_ID}"'
        for piece, spans in sorted(marks(texts, self._quote).items()):
            self.out[places[piece]] = _marked(texts[piece], spans, anchor)
            anchor = ""


def _marked(text: str, spans: list[Span], anchor: str) -> str:
    out, end = [], 0
    for start, stop in spans:
        out.append(html.escape(text[end:start]))
        out.append(f'<mark class="{QUOTE_ID}"{anchor}>{html.escape(text[start:stop])}</mark>')
        end, anchor = stop, ""
    return "".join(out) + html.escape(text[end:])


def _attributes(tag: str, attrs: list[tuple[str, str | None]]) -> str:
    kept: dict[str, str] = {}
    for name, value in attrs:
        text = _style(value or "") if name == "style" else value or ""
        if name in KEPT_ATTRIBUTES and not (name == "id" and text == QUOTE_ID):
            kept.setdefault(name, text)
        elif name == "href" and tag in ("a", "area"):
            kept["data-losi-href"] = text
            kept.setdefault("title", text)
        elif name == "src" and tag == "img":
            kept["src"] = text if text.startswith("data:image/") else BLANK_PIXEL
    return "".join(f' {name}="{html.escape(value, quote=True)}"' for name, value in kept.items())


def _style(css: str) -> str:
    """Style without what could fetch; the policy forbids the fetch too."""
    return re.sub(r"(?i)url\s*\(|@import|image-set\s*\(|<|\\", "/**/", css)
