"""The interface. The list of routes is the table of contents."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from evidence_store import EvidenceStoreError, Locked, Store
from review_ui import api
from review_ui.bundle import Bundle
from review_ui.custody import Custodian
from review_ui.desk import Desk
from review_ui.errors import NoSuchPage
from review_ui.evidence_links import EvidenceLinks, evidence_key
from review_ui.gate import Gate
from review_ui.language import load_languages
from review_ui.rendering import Renderer
from review_ui.views import (
    answer,
    capture,
    city,
    export,
    help,
    history,
    pages,
    person,
    question,
    refusal,
    round,
    rounds,
    trail,
)

STATIC = Path(__file__).parent / "static"

ROUTES = [
    Route("/", rounds.show),
    Route("/r/{round}", round.show),
    Route("/a/{round}/{city}", city.show),
    Route("/a/{round}/{city}/trail", trail.show),
    Route("/a/{round}/{city}/pages", pages.show),
    Route("/a/{round}/{city}/results.json", export.city_json),
    Route("/a/{round}/{city}/c/{record_id}", capture.show),
    Route("/a/{round}/{city}/{code}", question.show, methods=["GET"]),
    Route("/a/{round}/{city}/{code}", answer.decide, methods=["POST"]),
    Route("/a/{round}/{city}/{code}/history", history.show),
    Route("/a/{round}/{city}/{code}/undo", answer.undo, methods=["POST"]),
    Route("/export/{round}.json", export.round_json),
    Route("/export/{round}.csv", export.round_csv),
    Route("/person", person.show, methods=["GET"]),
    Route("/person", person.save, methods=["POST"]),
    Route("/help", help.show),
]


def create_app(
    store: Store,
    *,
    token: str,
    evidence_origin: str,
    host: str,
    person: str = "local assessor",
    custodian: Custodian | None = None,
    read_only: bool = False,
    bundle: Bundle | None = None,
) -> FastAPI:
    """`host` is the authority a browser must name ("127.0.0.1:8000"); `token` opens the door."""
    links = EvidenceLinks(evidence_origin, evidence_key(token))
    desk = Desk(store, links, person, custodian=custodian, read_only=read_only, bundle=bundle)
    app = FastAPI(
        title="LOSI assessor's assistant",
        routes=[*ROUTES, Mount("/static", StaticFiles(directory=STATIC))],
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        middleware=[
            Middleware(
                Gate,
                token=token,
                host=host,
                evidence_origin=evidence_origin,
                refuse=refusal.refuse,
                read_only=read_only,
            )
        ],
        exception_handlers=_handlers(),
    )
    app.include_router(api.router)
    app.state.renderer = Renderer(load_languages(), desk)
    return app


def _handlers() -> dict[int | type[Exception], Any]:
    return {
        NoSuchPage: _missing,
        HTTPException: _http_error,
        Locked: _locked,
        EvidenceStoreError: _store_error,
    }


def _missing(request: Request, error: Exception) -> Response:
    return refusal.error_page(request, 404, "missing", str(error))


def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    reason = {404: "missing", 405: "method"}.get(status, "refused")
    return refusal.error_page(request, status, reason, "")


def _locked(request: Request, error: Exception) -> Response:
    return refusal.error_page(request, 409, "locked", str(error))


def _store_error(request: Request, error: Exception) -> Response:
    return refusal.error_page(request, 500, "refused", str(error))
