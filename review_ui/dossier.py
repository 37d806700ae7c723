"""One city's evidence as one page that any browser opens: no script, no request, a copy for reading.

The bundle is the proof; this page says where in it each quote stands and how to verify it.
"""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import babel
from jinja2 import Environment
from markupsafe import Markup

from evidence_store import Act, Answer, NotFound, Run, Store
from evidence_store.redaction import REDACTED
from review_ui.desk import Case, Desk, page_url
from review_ui.dossier_bundle import NO_BUNDLE, Bundled
from review_ui.dossier_capture import Journey, journey
from review_ui.dossier_pictures import MAX_BYTES, Album, collect
from review_ui.dossier_questions import Citation, Section, Shelf, cited_urls, question
from review_ui.evidence_links import EvidenceLinks
from review_ui.language import DEFAULT, Language, load_languages
from review_ui.rendering import FOLDER, _environment, visible, when

# What HTML forbids even when escaped: controls, noncharacters, halves of a pair.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(chr(plane * 0x10000 + last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    + "]"
)
_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierPage:
    case: Case
    tag: str
    direction: str
    css: Markup
    results: Mapping[str, Any]
    city: Mapping[str, Any]  # the city's part of the results
    run: Run | None
    sections: tuple[Section, ...]
    acts: tuple[Act, ...]
    journey: Journey
    bundle: Bundled
    album: Album
    example: Citation | None  # whose bytes the commands fetch

    @property
    def file(self) -> str:
        """The bundle's name as a shell takes it."""
        return shlex.quote(self.bundle.name or "FILE.wacz")

    @property
    def single(self) -> int:
        """How many answers rest on one person alone."""
        return sum(one.single for section in self.sections for one in section.questions)

    @property
    def pictures_of(self) -> Any:
        return lambda citation: self.album.of(page_url(citation.capture.url))


def dossier(
    store: Store,
    assessment_id: str,
    *,
    results: Mapping[str, Any],
    bundle: Path | None = None,
    language: str = DEFAULT,
    max_picture_bytes: int = MAX_BYTES,
) -> Iterator[str]:
    """The page piece by piece. `results` is the document that stands in the bundle, `bundle` its file.

    No clock is read: the same bundle gives the same page. Raises NotFound.
    """
    spoken = load_languages()[language]
    packed = Bundled.read(bundle) if bundle is not None else NO_BUNDLE
    page = _page(store, assessment_id, results, packed, spoken, max_picture_bytes)
    return _template_environment(spoken).get_template("dossier.html").generate(page=page)


def _page(
    store: Store,
    assessment_id: str,
    results: Mapping[str, Any],
    bundle: Bundled,
    language: Language,
    max_picture_bytes: int,
) -> DossierPage:
    round_id, _, city_id = assessment_id.partition("/")
    desk = Desk(store, EvidenceLinks("", b""), "")
    case = Case(
        store.round(round_id), store.city(city_id), store.assessment(round_id, city_id),
        desk.edition(store.round(round_id)),
    )  # fmt: skip
    city = next((one for one in results["cities"] if one["id"] == city_id), None)
    if city is None:
        raise NotFound("city", city_id, "the results do not tell of it")
    captures = {capture.record_id: capture for capture in store.captures(assessment_id)}
    hidden = {name for name, one in captures.items() if one.type == REDACTED}
    shelf = Shelf(source=desk.source, captures=captures, bundle=bundle, redaction=store.redaction)
    sections = tuple(_sections(store, case, city, shelf))
    cited = (one for section in sections for said in section.questions for one in said.citations)
    return DossierPage(
        case=case,
        tag=language.tag.replace("_", "-"),
        direction=language.direction,
        css=_css(),
        results=results,
        city=city,
        run=store.latest_run(assessment_id),
        sections=sections,
        acts=tuple(store.acts(assessment_id)),
        journey=journey(desk, assessment_id, captures, hidden),
        bundle=bundle,
        album=collect(
            desk.custodian, assessment_id, cited_urls(sections), withheld=hidden, max_bytes=max_picture_bytes
        ),
        example=next((one for one in cited if one.place and not one.redaction), None),
    )


def _sections(store: Store, case: Case, city: Mapping[str, Any], shelf: Shelf) -> Iterator[Section]:
    rows: defaultdict[str, list[Answer]] = defaultdict(list)
    for row in store.answers(case.assessment.id, viewer=None):
        rows[row.test].append(row)
    settled = store.settled(case.assessment.id)
    found = {one["code"]: one for one in city["indicators"]}
    tallies = city["score"].get("criteria", {})
    for criterion in case.edition.criteria:
        mine = [one for one in case.edition.indicators if one.criterion == criterion.code]
        questions = tuple(
            question(one, found.get(one.code, {}), rows[one.code], settled, shelf) for one in mine
        )
        yield Section(criterion, tallies.get(criterion.code, {}), questions)


@lru_cache(1)
def _css() -> Markup:
    """Our own two files, no word of a stranger in them."""
    names = ("review.css", "dossier.css")
    return Markup("\n".join((FOLDER / "static" / name).read_text(encoding="utf-8") for name in names))


def _template_environment(language: Language) -> Environment:
    """As the review pages', but whatever is put in is made fit for a page first."""
    environment = _environment(language).overlay(finalize=_fit)
    environment.filters.update(
        tag=_tag,
        direction=_direction,
        head=_head,
        sh=shlex.quote,
        moment=lambda said: _moment(said, language.locale),
    )
    return environment


def _fit(value: object) -> object:
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return _FORBIDDEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", visible(value))


def _tag(language: str) -> str:
    """A well-formed language tag, or nothing: some come from a page's own markup."""
    return language if _TAG.fullmatch(language or "") else ""


def _direction(language: str) -> str:
    try:
        return str(babel.Locale.parse(language, sep="-").text_direction) if language else "auto"
    except (ValueError, babel.UnknownLocaleError):
        return "auto"


def _moment(said: str, locale: babel.Locale) -> str:
    """A time out of a signed document; as it stands where it is none."""
    try:
        return when(said, locale)
    except ValueError:
        return said


def _head(digest: str, length: int = 12) -> str:
    """The beginning of a digest, for the eye."""
    algorithm, _, value = digest.partition(":")
    return f"{algorithm}:{value[:length]}…" if value else digest
