"""The questionnaire, and what can be seen of it in stored captures. Never touches the network."""

from checks.context import Context
from checks.country import Country
from checks.coverage import Coverage, Target
from checks.edition import (
    Criterion,
    Edition,
    Indicator,
    edition_ids,
    edition_text,
    load_edition,
    parse_edition,
)
from checks.errors import BadData, CannotTell, ChecksError, UnknownEdition, UnknownIndicator
from checks.facts import facts
from checks.judge import Judgement, Looked, judge
from checks.lexicon import Lexicon, lexicon_languages, load_lexicon
from checks.matchers import signal_kinds
from checks.page import Link, Page
from checks.proposal import propose
from checks.quote import contains_quote
from checks.quoting import FalseQuote, Quotes, bundle_quotes, stored_quotes
from checks.replay import Recheck, recheck
from checks.results import results
from checks.rule import Rule, load_rules
from checks.rulebook import Rulebook, rules_text
from checks.run import RunReport, run
from checks.scoring import Score, rank, score
from checks.sighting import Signal, signals
from checks.validation import validate
from checks.why import why
from checks.yamlfile import Fault

__all__ = [
    "BadData",
    "CannotTell",
    "ChecksError",
    "Context",
    "Country",
    "Coverage",
    "Criterion",
    "Edition",
    "FalseQuote",
    "Fault",
    "Indicator",
    "Judgement",
    "Lexicon",
    "Link",
    "Looked",
    "Page",
    "Quotes",
    "Recheck",
    "Rule",
    "Rulebook",
    "RunReport",
    "Score",
    "Signal",
    "Target",
    "UnknownEdition",
    "UnknownIndicator",
    "bundle_quotes",
    "contains_quote",
    "edition_ids",
    "edition_text",
    "facts",
    "judge",
    "lexicon_languages",
    "load_edition",
    "load_lexicon",
    "load_rules",
    "parse_edition",
    "propose",
    "rank",
    "recheck",
    "results",
    "rules_text",
    "run",
    "score",
    "signal_kinds",
    "signals",
    "stored_quotes",
    "validate",
    "why",
]
