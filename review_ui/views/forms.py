"""What is posted, parsed once: everything behind this file handles an AnswerForm, never a raw form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request

from checks import Indicator
from review_ui.errors import InvalidAnswer

OUTCOMES = ("passed", "failed", "cantTell")
STEPS = ("first", "after")
MAX_NOTE = 4000


@dataclass(frozen=True, slots=True)
class AnswerForm:
    outcome: str
    note: str = ""
    supersedes: str | None = None
    finding: str | None = None  # the proposal whose evidence was on the screen
    step: str = "first"  # "after": the person has seen a differing verdict and keeps or changes

    @property
    def is_second_thought(self) -> bool:
        return self.step == "after"


async def posted(request: Request) -> dict[str, str]:
    """Text fields only; a file where text belongs is left out."""
    async with request.form(max_files=0, max_fields=20) as form:
        return {name: value for name, value in form.items() if isinstance(value, str)}


def parse_answer(form: Mapping[str, str], indicator: Indicator) -> AnswerForm:
    """Raises InvalidAnswer naming the field at fault."""
    if form.get("code", indicator.code) != indicator.code:
        raise InvalidAnswer("code", f"the form belongs to question {form['code']}, not {indicator.code}")
    outcome, step = form.get("outcome", ""), form.get("step", "first")
    if outcome not in OUTCOMES:
        raise InvalidAnswer("outcome", "choose Yes, No or Cannot tell")
    if step not in STEPS:
        raise InvalidAnswer("step", "open the question again")
    note = form.get("note", "").replace("\r\n", "\n").replace("\0", "").strip()
    if len(note) > MAX_NOTE:
        raise InvalidAnswer("note", f"at most {MAX_NOTE} characters; this note has {len(note)}")
    return AnswerForm(outcome, note, form.get("supersedes") or None, form.get("finding") or None, step)
