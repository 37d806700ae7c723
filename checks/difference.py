"""Pure: what differs between two sets of findings, in words an official understands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checks.edition import Edition

Said = Mapping[str, Any]  # one finding as a findings document has it
Findings = Mapping[str, Said]
WORDS = {
    "passed": "yes",
    "failed": "no",
    "cantTell": "cannot tell",
    "inapplicable": "not applicable",
    "untested": "a person's task",
    "": "not asked",
}
MAX_SHOWN = 160  # characters of a value
_NOTHING: Said = {"outcome": "", "evidence": [], "info": {}}
_QUOTE = ("capture", "stance", "quote", "rule")
_PLACE = ("prefix", "suffix", "selector", "language")


@dataclass(frozen=True)
class Difference:
    """`causes` are the rules behind an indicator that say something else as well; `redacted` is why nobody can tell
    any more, where something was taken out."""

    test: str
    was: str
    now: str
    parts: tuple[str, ...]
    causes: tuple[str, ...] = ()
    redacted: str = ""

    def __str__(self) -> str:
        if self.redacted:
            return f"{self.test.replace('rule:', 'rule ')}: cannot be checked any more, {self.redacted}"
        said = "; ".join((*self.parts, *(f"because {cause}" for cause in self.causes)))
        return f"{self.test.replace('rule:', 'rule ')}: {said}"


@dataclass(frozen=True)
class Change:
    """What other rules make of an indicator; `quotes` are (quote, address)."""

    test: str
    name: str
    was: str
    now: str
    because: tuple[str, ...]
    quotes: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        because = "; ".join(self.because)
        return f"{self.test} {self.name}: from “{WORDS[self.was]}” to “{WORDS[self.now]}”: {because}"


def differences(
    recorded: Findings,
    again: Findings,
    edition: Edition,
    where: Callable[[str], str],
    gone: Mapping[str, str],
) -> list[Difference]:
    """Indicators first, in the edition's order, then rules.

    `where` gives a record's address; `gone` are the records that were taken out, with theirs.
    """
    rules = {one.code: [f"rule:{rule}" for rule in one.rules] for one in edition.indicators}
    tests = dict.fromkeys((*rules, *again, *recorded))
    parts = {
        test: tuple(_parts(recorded.get(test, _NOTHING), again.get(test, _NOTHING), where)) for test in tests
    }
    found = []
    for test, said in parts.items():
        if said:
            causes = tuple(
                _cause(rule, recorded, again) for rule in rules.get(test, ()) if parts.get(rule)
            ) or tuple(["its rules say what was recorded, the proposal does not follow"] * (test in rules))
            follows = test not in rules or any(parts.get(rule) for rule in rules[test])
            redacted = _redacted(recorded.get(test, _NOTHING), gone, follows=follows)
            found.append(
                Difference(test, _outcome(recorded, test), _outcome(again, test), said, causes, redacted)
            )
    return found


def changes(
    recorded: Findings,
    now: Findings,
    editions: tuple[Edition, Edition],
    books: tuple[Mapping[str, Any], Mapping[str, Any]],
    where: Callable[[str], str],
) -> list[Change]:
    """Indicators with another outcome, in the order of today's edition. `books` are the rules, then and now."""
    then, today = ({one.code: one for one in edition.indicators} for edition in editions)
    found = []
    for code in dict.fromkeys((*today, *then)):
        was, is_now = _outcome(recorded, code), _outcome(now, code)
        if was != is_now:
            indicator = today.get(code) or then[code]
            named = dict.fromkeys([*indicator.rules, *(then[code].rules if code in then else ())])
            because = [
                _changed(rule, now, books)
                for rule in named
                if recorded.get(f"rule:{rule}") != now.get(f"rule:{rule}")
            ]
            said = now.get(code, _NOTHING)
            quotes = tuple((one["quote"], where(one["capture"])) for one in said["evidence"])
            because = because or [str(said["info"].get("message") or "the edition asks otherwise")]
            found.append(Change(code, indicator.name, was, is_now, tuple(because), quotes))
    return found


def _redacted(said: Said, gone: Mapping[str, str], *, follows: bool) -> str:
    """A link to a page may have stood on what was taken out: less is found then, never more.

    A proposal that does not follow from its rules (`follows`) is no work of a redaction.
    """
    cited = {one["capture"] for one in said["evidence"]} & set(gone)
    if cited or not set(gone.values()).isdisjoint(said["info"].get("also", ())):
        return "what it cites was taken out"
    return "what was taken out may have led to it" if gone and follows and said["outcome"] == "passed" else ""


def _outcome(findings: Findings, test: str) -> str:
    return str(findings.get(test, _NOTHING)["outcome"])


def _cause(rule: str, recorded: Findings, again: Findings) -> str:
    was, now = _outcome(recorded, rule), _outcome(again, rule)
    message = again.get(rule, _NOTHING)["info"].get("message", "")
    name = rule.replace("rule:", "rule ")
    if was == now:
        return f"{name} says “{WORDS[now]}” as recorded, but not all else the same"
    return f"{name} said “{WORDS[was]}” and says “{WORDS[now]}”: {message}"


def _changed(rule: str, now: Findings, books: tuple[Mapping[str, Any], Mapping[str, Any]]) -> str:
    then, today = (book["rules"].get(rule) for book in books)
    said = now.get(f"rule:{rule}", _NOTHING)
    message = said["info"].get("message", "")
    if today is None:
        return f"rule {rule} is no more"
    if then is None:
        version = f"version {today['version']}, new"
    elif then != today:
        version = f"version {today['version']}, was {then['version']}"
    else:
        version = f"version {today['version']} as before, its words or the program changed"
    return f"rule {rule} ({version}) says “{WORDS[said['outcome']]}”: {message}"


def _parts(was: Said, now: Said, where: Callable[[str], str]) -> Iterator[str]:
    if was["outcome"] != now["outcome"]:
        yield f"recorded “{WORDS.get(was['outcome'], was['outcome'])}”, now “{WORDS[now['outcome']]}”"
    if not was["outcome"] or not now["outcome"]:
        return
    for name in ("mode", "confidence"):
        yield from _values(name, was.get(name), now.get(name))
    yield from _values("", was["info"], now["info"])
    yield from _quotes(was["evidence"], now["evidence"], where)


def _values(name: str, was: Any, now: Any) -> Iterator[str]:
    if was == now:
        return
    if isinstance(was, dict) and isinstance(now, dict):
        for key in dict.fromkeys((*now, *was)):
            yield from _values(f"{name} {key}".strip(), was.get(key), now.get(key))
    else:
        yield f"{name.replace('_', ' ')} recorded {_shown(was)}, now {_shown(now)}"


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"“{text}”" if len(text) <= MAX_SHOWN else f"“{text[: MAX_SHOWN - 1]}…”"


def _quotes(was: Sequence[Said], now: Sequence[Said], where: Callable[[str], str]) -> Iterator[str]:
    if was == now:
        return
    then, today = ({_key(one, _QUOTE): one for one in some} for some in (was, now))
    for key, one in then.items():
        if key not in today:
            yield f"recorded quote {_shown(one['quote'])} of {where(one['capture'])} is not among those found"
        elif _key(one, _PLACE) != _key(today[key], _PLACE):
            for name in _PLACE:
                yield from _values(f"{name} of the quote {_shown(one['quote'])}", one[name], today[key][name])
    for key, one in today.items():
        if key not in then:
            yield f"found quote {_shown(one['quote'])} of {where(one['capture'])} was not recorded"
    if then == today:
        yield "the same quotes, in another order or number"


def _key(one: Said, names: Sequence[str]) -> tuple[Any, ...]:
    return tuple(one.get(name) for name in names)
