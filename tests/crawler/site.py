"""A real web server on loopback for tests: pages by path, raw bytes where HTTP is to be broken, and a log."""

import asyncio
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reply:
    body: bytes = b""
    status: int = 200
    mime: str = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    raw: bytes | None = None  # sent as it is, then the connection is closed
    endless: bytes | None = None  # sent for ever


Pages = Mapping[str, "Reply | str | Callable[[int], Reply]"]


@dataclass
class Site:
    """`pages`: path with query → reply; a function gets the number of earlier requests for it."""

    pages: Pages
    latency: float = 0.0
    greeting: bytes = b""  # said unasked, by something that is no web server
    port: int = 0
    log: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    under_way: int = 0
    most_at_once: int = 0
    _writers: set[Any] = field(default_factory=set)

    @property
    def authority(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.authority}/"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        writer.write(self.greeting)
        try:
            while not self.greeting and await self._one(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, asyncio.CancelledError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = await reader.readuntil(b"\r\n\r\n")
        line, *rest = head.decode("latin-1").split("\r\n")
        method, path, _ = line.split(" ", 2)
        self.agents |= {one.partition(": ")[2] for one in rest if one.lower().startswith("user-agent:")}
        count = self.log.count(path)
        self.log.append(path)
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        try:
            await asyncio.sleep(self.latency)
            return await self._answer(writer, method, self._reply(path, count))
        finally:
            self.under_way -= 1

    async def _answer(self, writer: asyncio.StreamWriter, method: str, reply: Reply) -> bool:
        if reply.raw is not None or reply.endless is not None:
            writer.write(reply.raw or b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
            while reply.endless is not None:
                writer.write(reply.endless)
                await writer.drain()
            await writer.drain()
            return False
        head_lines = [f"HTTP/1.1 {reply.status} X", f"Content-Length: {len(reply.body)}"]
        head_lines += [f"Content-Type: {reply.mime}"] * bool(reply.mime) + [
            f"{k}: {v}" for k, v in reply.headers
        ]
        writer.write("\r\n".join([*head_lines, "", ""]).encode("latin-1"))
        writer.write(b"" if method == "HEAD" else reply.body)
        await writer.drain()
        return True

    def _reply(self, path: str, count: int) -> Reply:
        found = self.pages.get(path)
        if found is None:
            return Reply(b"<title>none</title><p>There is no such page.", 404)
        if callable(found):
            return found(count)
        return Reply(found.encode()) if isinstance(found, str) else found


@contextmanager
def serving(*sites: Site, tls: ssl.SSLContext | None = None) -> Iterator[None]:
    """Each site on a port of its own, until the block ends."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def begin() -> list[asyncio.Server]:
        servers = []
        for site in sites:
            server = await asyncio.start_server(site.serve, "127.0.0.1", site.port, ssl=tls)
            site.port = server.sockets[0].getsockname()[1]
            servers.append(server)
        return servers

    async def end(servers: list[asyncio.Server]) -> None:
        for server in servers:
            server.close()
        for site in sites:
            for writer in list(site._writers):
                writer.transport.abort()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    servers = asyncio.run_coroutine_threadsafe(begin(), loop).result()
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(end(servers), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def page(title: str, *links: str, text: str = "") -> str:
    anchors = "".join(f'<li><a href="{link}">{link}</a></li>' for link in links)
    head = f"<!doctype html><html lang=en><title>{title}</title><main><h1>{title}</h1>"
    return f"{head}<p>{text or title} text.</p><ul>{anchors}</ul></main></html>"
