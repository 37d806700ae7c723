"""Where people decide: the pages, the archived evidence beside each question, data for dashboards."""

from review_ui.app import create_app
from review_ui.bundle import Bundle
from review_ui.errors import InvalidAnswer, NoSuchPage, PortInUse, ReviewError
from review_ui.evidence_app import create_evidence_app
from review_ui.server import serve, serving

__all__ = [
    "Bundle",
    "InvalidAnswer",
    "NoSuchPage",
    "PortInUse",
    "ReviewError",
    "create_app",
    "create_evidence_app",
    "serve",
    "serving",
]
