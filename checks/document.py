"""The text of a PDF, as far as it has one."""

from __future__ import annotations

import io
import logging
import warnings

from checks.text import collapse

MAX_PAGES = 40
MAX_BYTES = 25_000_000
MAX_CHARS = 200_000


def pdf_text(body: bytes) -> tuple[str, str, str]:
    """(title, text, reason): the reason says why there is no text, and is "" otherwise."""
    if len(body) > MAX_BYTES:
        return "", "", "pdf-too-large"
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        title, text = _read(body)
    except Exception:  # pypdf raises nearly anything on damaged files; a bad file is a result, not a crash
        return "", "", "pdf-unreadable"
    return title, text, "" if text else "pdf-without-text"


def _read(body: bytes) -> tuple[str, str]:
    from pypdf import PdfReader

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reader = PdfReader(io.BytesIO(body), strict=False)
        if reader.is_encrypted:
            reader.decrypt("")
        title = collapse(str(reader.metadata.title or "")) if reader.metadata is not None else ""
        parts: list[str] = []
        for number, page in enumerate(reader.pages):
            if number >= MAX_PAGES or sum(map(len, parts)) > MAX_CHARS:
                break
            parts.append(page.extract_text() or "")
    lines = (collapse(line) for part in parts for line in part.splitlines())
    return title, "\n".join(line for line in lines if line)[:MAX_CHARS]
