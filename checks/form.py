"""Forms of a page: their fields, labels and buttons, in words that stand in the page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from checks.text import collapse

# Input types that people type into; all others (hidden, submit, …) are no fields.
_TYPED = {
    "text",
    "search",
    "email",
    "tel",
    "url",
    "number",
    "password",
    "date",
    "month",
    "time",
    "file",
    "datetime-local",
}
MAX_FORMS = 40
_SCRIPTED = (
    "data-",
    "hx-",
    "ng-",
    "v-",
    "@",
    "wire:",
    "x-",
    "up-",
)  # attributes by which scripts take forms over


@dataclass(frozen=True, slots=True)
class Field:
    type: str  # text search email tel number password date file textarea select radio checkbox …
    name: str
    label: str
    node: Any = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Form:
    method: str
    action: str  # absolute
    role: str
    zone: str
    fields: tuple[Field, ...]
    buttons: tuple[str, ...]
    legend: str
    inner: str  # the heading inside it
    before: str  # the nearest heading before it, in the same zone
    node: Any = field(repr=False, compare=False)

    @property
    def goes_nowhere(self) -> bool:
        """Its target is empty talk and no script takes it over: what is typed into it is lost."""
        attributes = self.node.attributes
        target = (attributes.get("action") or "").strip().lower()
        handler = (attributes.get("onsubmit") or "").strip().lower()
        lost = target == "#" or target.startswith("javascript:")
        scripted = any(name.startswith(_SCRIPTED) for name in attributes) or "(" in handler + target[
            11:
        ].replace("void(0)", "")
        return not scripted and (lost or (not target and "return false" in handler))

    @property
    def types(self) -> tuple[str, ...]:
        return tuple(one.type for one in self.fields)

    @property
    def words(self) -> tuple[str, ...]:
        """Everything the form says of itself, buttons and legend first."""
        return tuple(dict.fromkeys((*self.own_words, self.before) if self.before else self.own_words))

    @property
    def own_words(self) -> tuple[str, ...]:
        """Without a heading that only stands before it."""
        said = (*self.buttons, self.legend, *(one.label for one in self.fields), self.inner)
        return tuple(dict.fromkeys(text for text in said if text))

    @property
    def heading(self) -> str:
        return self.inner or self.before


def read_form(node: Any, *, action: str, zone: str, heading: str) -> Form:
    attributes = node.attributes
    labels = {
        label.attributes.get("for"): collapse(label.text(separator=" "))
        for label in node.css("label")
        if label.attributes.get("for")
    }
    legend = node.css_first("legend")
    return Form(
        method=(attributes.get("method") or "get").lower(),
        action=action,
        role=(attributes.get("role") or "").lower(),
        zone=zone,
        fields=tuple(_fields(node, labels)),
        buttons=tuple(_buttons(node)),
        legend=collapse(legend.text()) if legend else collapse(attributes.get("aria-label") or ""),
        inner=_own_heading(node),
        before=heading,
        node=node,
    )


def _own_heading(node: Any) -> str:
    inner = node.css_first("h1,h2,h3,h4,h5,h6")
    return collapse(inner.text()) if inner is not None else ""


def _fields(node: Any, labels: dict[str | None, str]) -> list[Field]:
    found = []
    for item in node.css("input,textarea,select"):
        attributes = item.attributes
        tag = item.tag
        kind = (attributes.get("type") or "text").lower() if tag == "input" else tag
        if tag == "input" and kind not in _TYPED and kind not in ("radio", "checkbox"):
            if kind in ("hidden", "submit", "button", "image", "reset"):
                continue
            kind = "text"
        found.append(
            Field(kind, attributes.get("name") or attributes.get("id") or "", _label(item, labels), item)
        )
    return found


def _label(item: Any, labels: dict[str | None, str]) -> str:
    attributes = item.attributes
    said = labels.get(attributes.get("id")) if attributes.get("id") else None
    if not said:
        parent = item.parent
        for _ in range(2):
            if parent is not None and parent.tag == "label":
                said = collapse(parent.text(separator=" "))
            parent = parent.parent if parent is not None else None
    return said or collapse(
        attributes.get("aria-label") or attributes.get("placeholder") or attributes.get("title") or ""
    )


def _buttons(node: Any) -> list[str]:
    said = []
    for item in node.css("button,input[type=submit],input[type=button],input[type=image]"):
        attributes = item.attributes
        text = collapse(item.text(separator=" ")) if item.tag == "button" else ""
        text = (
            text or attributes.get("value") or attributes.get("aria-label") or attributes.get("title") or ""
        )
        text = text or attributes.get("alt") or ""
        if item.tag == "button" and not text:
            picture = item.css_first("img[alt]")
            text = (picture.attributes.get("alt") or "") if picture else ""
        said.append(collapse(text))
    return [text for text in said if text]
