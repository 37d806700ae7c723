import asyncio
import datetime as dt
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from demo_city.app import Site
from demo_city.city import City, load_cities
from demo_city.errors import PortTaken

ADDRESS = "127.0.0.1"  # macOS has no other loopback address by default
SECONDS_TO_START = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    id: str
    name: str
    country: str
    languages: tuple[str, ...]
    settlement: str
    portal_url: str
    hosts: tuple[str, ...]  # "127.0.0.1:PORT", main first
    answers: dict[str, dict[str, Any]]  # as answers.yaml, with `page` and `traps` as absolute addresses


@contextmanager
def serve(
    *, notes: bool = False, port: int = 0, today: dt.date | None = None, only: Sequence[str] = ()
) -> Iterator[list[Served]]:
    """Serve the fictitious cities from a thread; `port` 0 lets the system choose, else port, port + 1 …"""
    cities = [city for city in load_cities() if not only or city.id in only]
    sockets = bound(sum(len(city.hosts) for city in cities), port)
    try:
        day = today or dt.datetime.now().date()
        apps, served = laid_out(cities, [one.getsockname()[1] for one in sockets], notes=notes, today=day)
        with running(by_port(apps), sockets):
            yield served
    finally:
        for one in sockets:
            one.close()


def bound(count: int, port: int) -> list[socket.socket]:
    made: list[socket.socket] = []
    try:
        for offset in range(count):
            made.append(listening(port + offset if port else 0))
    except OSError as error:
        for one in made:
            one.close()
        raise PortTaken(port + len(made)) from error
    return made


def listening(port: int) -> socket.socket:
    # Only where the protocol is named does asyncio switch Nagle's delay (40 ms an answer) off.
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((ADDRESS, port))
        made.listen(512)  # so that a client may connect before the thread is up
    except OSError:
        made.close()
        raise
    return made


def laid_out(
    cities: list[City], ports: list[int], *, notes: bool, today: dt.date
) -> tuple[dict[int, ASGIApp], list[Served]]:
    apps: dict[int, ASGIApp] = {}
    served = []
    left = iter(ports)
    for city in cities:
        authorities = {host: f"{ADDRESS}:{next(left)}" for host in city.hosts}
        origins = {host: f"http://{authority}" for host, authority in authorities.items()}
        for host, authority in authorities.items():
            apps[int(authority.rpartition(":")[2])] = Site(city, host, origins, today=today, notes=notes)
        served.append(described(city, origins, tuple(authorities.values())))
    return apps, served


def described(city: City, origins: Mapping[str, str], hosts: tuple[str, ...]) -> Served:
    return Served(
        id=city.id,
        name=city.name,
        country=city.country,
        languages=city.languages,
        settlement=city.settlement,
        portal_url=origins["main"] + "/",
        hosts=hosts,
        answers={code: absolute(said, origins) for code, said in city.answers.items()},
    )


def absolute(answer: Mapping[str, Any], origins: Mapping[str, str]) -> dict[str, Any]:
    return dict(answer) | {
        key: [absolute_address(one, origins) for one in answer[key]]
        for key in ("page", "traps")
        if key in answer
    }


def absolute_address(where: str, origins: Mapping[str, str]) -> str:
    """`/pay` is on main, `eservices:/pay` on another host of the city."""
    if where.startswith("/"):
        return origins["main"] + where
    host, _, path = where.partition(":")
    return origins[host] + path


def by_port(apps: Mapping[int, ASGIApp]) -> ASGIApp:
    async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await apps[scope["server"][1]](scope, receive, send)

    return dispatch


@contextmanager
def running(app: ASGIApp, sockets: list[socket.socket]) -> Iterator[None]:
    config = uvicorn.Config(
        app,
        log_level="error",
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(
        target=asyncio.run, args=(server.serve(sockets),), name="demo-city", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(SECONDS_TO_START)
