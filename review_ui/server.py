"""Both apps in one process: the interface on 127.0.0.1, archived pages on localhost, another host name."""

from __future__ import annotations

import contextlib
import errno
import secrets
import socket
import threading
from collections.abc import Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

from evidence_store import Store
from review_ui.app import create_app
from review_ui.bundle import Bundle
from review_ui.custody import Custodian
from review_ui.errors import PortInUse
from review_ui.evidence_app import create_evidence_app
from review_ui.evidence_links import evidence_key

# Both names lead to the same loopback, but to a browser they are two sites.


def serve(
    store: Store,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    on_ready: Callable[[str], None],
    person: str = "local assessor",
    read_only: bool = False,
    bundle: Bundle | None = None,
) -> None:
    """Blocks until interrupted; on_ready gets the address to open, with its token. Raises PortInUse."""
    with serving(store, host=host, port=port, person=person, read_only=read_only, bundle=bundle) as (
        url,
        servers,
    ):
        on_ready(url)
        for thread in servers:
            while thread.is_alive():
                thread.join(0.5)  # a bare join would not let Ctrl-C through on every platform


@contextlib.contextmanager
def serving(
    store: Store,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    person: str = "local assessor",
    read_only: bool = False,
    bundle: Bundle | None = None,
) -> Iterator[tuple[str, list[threading.Thread]]]:
    """The same, running in the background for as long as the context lasts."""
    token = secrets.token_urlsafe(32)
    with _listen(host, port) as ui_socket, _listen("127.0.0.1", 0) as evidence_socket:
        authority = f"{host}:{ui_socket.getsockname()[1]}"
        evidence_name = "127.0.0.1" if host == "localhost" else "localhost"
        evidence_origin = f"http://{evidence_name}:{evidence_socket.getsockname()[1]}"
        custodian = Custodian(store)
        ui = create_app(
            store,
            token=token,
            evidence_origin=evidence_origin,
            host=authority,
            person=person,
            custodian=custodian,
            read_only=read_only,
            bundle=bundle,
        )
        evidence = create_evidence_app(
            store, ui_origin=f"http://{authority}", key=evidence_key(token), custodian=custodian
        )
        with _running(ui, ui_socket) as first, _running(evidence, evidence_socket) as second:
            yield f"http://{authority}/?token={token}", [first, second]


@contextlib.contextmanager
def _running(app: ASGIApp, listening: socket.socket) -> Iterator[threading.Thread]:
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while thread.is_alive() and not server.started:
        thread.join(0.01)  # told to end before it has begun, uvicorn breaks
    try:
        yield thread
    finally:
        server.should_exit = True
        thread.join(5)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # IPPROTO_TCP by name: only then does asyncio turn Nagle off, which costs 40 ms a page.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise PortInUse(host, port) from error
        raise
    listening.listen(128)
    return listening
