"""Why a page may prove nothing: errors, look-alikes of missing pages, hollow pages, news, search results."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

from checks.context import Context
from checks.page import Page, count_words
from checks.section import Section
from checks.text import collapse
from checks.wording import index_of, title_parts

HOLLOW_WORDS = (
    60  # a page that says "under construction" or "no items" in fewer words than this shows nothing
)
EMPTY = frozenset({"lorem", "no-items", "under-construction"})  # topics of pages that show nothing
HOLLOW_REST = 25  # words beside "coming soon" or "no items" that save a section
_QUERY_NAMES = frozenset({"q", "s", "query", "search", "keys", "keyword", "keywords", "searchword", "term"})
_ARTICLE = re.compile(r'"@type"\s*:\s*"(?:NewsArticle|BlogPosting)"')
_DIGITS = re.compile(r"\d+")


def barred(page: Page, context: Context) -> str:
    """The reason, a word of the closed vocabulary, or "" when the page may prove something."""
    if page.status is not None and not 200 <= page.status < 300:
        return "error-status"
    if page.is_document:
        return page.unread
    if not page.is_html:
        return "" if page.kind not in ("page", "dom") else "not-a-page"
    if is_missing(page, context):
        return "soft-404"
    if is_hollow(page, context):
        return "hollow"
    if is_search_result(page, context):
        return "search-results"
    return ""


def is_missing(page: Page, context: Context) -> bool:
    """It answers 200, and says that there is no such page."""
    said = [*title_parts(page, context), *(one.text for one in page.headings if one.level == 1)]
    return any("not-found" in context.lexicon.topics_in(text) for text in said) and page.words < 200


def is_hollow(page: Page, context: Context) -> bool:
    """Of a section: little is left beside the lines that say that there is nothing."""
    main = index_of(page, context).main
    if any(hit.strong for _, hit in main.get("lorem", ())):
        return True
    empty = [*main.get("under-construction", ()), *main.get("no-items", ())]
    if any(hit.strong for _, hit in empty):
        if isinstance(page, Section):
            saying = {id(line) for line, hit in empty if hit.strong}
            rest = [line.text for line in page.main if id(line) not in saying and line is not page.heading]
            return count_words(" ".join(rest)) < HOLLOW_REST and not page.forms
        return page.words < HOLLOW_WORDS and not any(form.zone == "main" for form in page.forms)
    return page.words == 0 and not page.forms and not any(link.zone == "main" for link in page.links)


def is_search_result(page: Page, context: Context) -> bool:
    """An address that carries a query; the page would show words that anybody put into it."""
    query = urlsplit(page.url).query
    if not query:
        return False
    return any(name.lower() in _QUERY_NAMES and value for name, value in parse_qsl(query))


def is_news(page: Page, context: Context) -> bool:
    """A dated item of news: it tells about a thing and is not the thing."""
    if page.is_document or not page.is_html or context.is_home(page.url):
        return False
    tree = page.tree
    if tree.css_first('meta[property="article:published_time"],[itemtype$="/NewsArticle"]') is not None:
        return True
    if any(_ARTICLE.search(node.text() or "") for node in tree.css('script[type="application/ld+json"]')):
        return True
    folders = [part for part in urlsplit(page.url).path.split("/") if part][:-1]
    if any("news" in context.lexicon.topics_in(re.sub(r"[-_]+", " ", part), weak=True) for part in folders):
        return True
    return _under_news(page, context)


def tells_news(section: Section, context: Context) -> bool:
    """Sections of a page of news are items of news."""
    page = section.page
    said = [one.text for one in page.headings if one.level == 1] or title_parts(page, context)
    said.append(section.title)
    return any("news" in context.lexicon.topics_in(text) for text in said)


def _under_news(page: Page, context: Context) -> bool:
    """Its breadcrumb leads through the news."""
    for node in page.tree.css("[class*=breadcrumb i] a[href],[aria-label*=breadcrumb i] a[href]")[:8]:
        if "news" in context.lexicon.topics_in(collapse(node.text())):
            return True
    return False


def look_alike(page: Page) -> frozenset[str]:
    """What two copies of one "not found" page share whatever was asked for: their words, numbers aside."""
    words = _DIGITS.sub("", f"{page.title} {page.main_text}".lower()).split()
    return frozenset(words)


def same_look(first: frozenset[str], second: frozenset[str]) -> bool:
    if not first or not second:
        return False
    return len(first & second) / len(first | second) >= 0.9
