"""One process crawls every odd portal at once; each test looks at what one of them left behind."""

import datetime as dt
import gzip
import json
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from evidence_store import Store
from tests.crawler.site import Reply, Site, page, serving
from tests.crawler.workspace import Seen, order, prepare, run

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
BOMB = gzip.compress(b"\0" * 50_000_000)
GZIPPED = (("Content-Encoding", "gzip"),)


def patient(count: int) -> Reply:
    if count == 0:
        return Reply(b"later", 429, headers=(("Retry-After", "0"),))
    return Reply(page("Open again").encode())


def sites() -> dict[str, Site]:
    far = Site({"/": page("Payments", "/pay"), "/pay": page("Pay")})
    return {
        "far": far,
        "plain": Site(
            {
                "/": page(
                    "Home",
                    "/a",
                    "/b?sid=0123456789abcdef",
                    "/b",
                    "/secret/x",
                    "http://10.0.0.1/router",
                    "/logo.png",
                )
                + '<a href="http://127.0.0.1:9/">a port nobody named</a><a href="https://elsewhere.example/">away</a>',
                "/robots.txt": Reply(b"User-agent: *\nDisallow: /secret/\n", mime="text/plain"),
                "/sitemap.xml": "<urlset><url><loc>/mapped</loc></url></urlset>",
                "/a": page("A", "/", "/old"),
                "/b": page("B"),
                "/b?sid=0123456789abcdef": page("B"),
                "/old": Reply(status=301, headers=(("Location", "/new"),)),
                "/new": page("New"),
                "/mapped": page("Mapped"),
                "/secret/x": page("Secret"),
            }
        ),
        "failing": Site({"/": Reply(b"<h1>Server error</h1>", 500)}),
        "gone": Site({"/other": page("Other")}),
        "loop": Site(
            {
                "/": Reply(status=302, headers=(("Location", "/x"),)),
                "/x": Reply(status=302, headers=(("Location", "/"),)),
            }
        ),
        "file": Site({"/": Reply(PDF, mime="application/pdf")}),
        "letters": Site(
            {
                "/": Reply(
                    "<title>Câmara</title><a href='/ação'>ação</a><a href=/utf>x".encode("latin-1"),
                    mime="text/html",
                ),
                "/utf": Reply(b"\xff\xfe\x00<a href=/z>\xc3\x28", mime="text/html; charset=no-such-thing"),
            }
        ),
        "bombs": Site(
            {
                "/": page("Bombs", "/bomb", "/endless", "/huge", "/cut", "/fine"),
                "/bomb": Reply(BOMB, headers=GZIPPED),
                "/endless": Reply(endless=b"<p>more</p>" * 10_000),
                "/huge": Reply(
                    raw=b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 99999999999\r\n\r\nx"
                ),
                "/cut": Reply(
                    raw=b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 500\r\n\r\nonly this"
                ),
                "/fine": page("Fine"),
            }
        ),
        "malformed": Site(
            {
                "/": page("Home", "/ok", "/no"),
                "/robots.txt": Reply(
                    b"\xff\xfe:::\nDisallow\nuser-agent: *\nDISALLOW : /no\nSitemap: /map.xml.gz\n"
                ),
                "/map.xml.gz": Reply(gzip.compress(b"<urlset><url><loc>/from-map</loc><url><loc>/ok</loc>")),
                "/ok": page("Ok"),
                "/from-map": page("From map"),
            }
        ),
        "patient": Site({"/": patient}),
        "tired": Site({"/": Reply(b"no", 503, headers=(("Retry-After", "0"),))}),
        "shut": Site({"/": Reply(b"<title>Just a moment...</title>", 403)}),
        "closed": Site({"/": page("Home"), "/robots.txt": Reply(b"User-agent: *\nDisallow: /\n")}),
        "broken": Site({"/robots.txt": Reply(b"oops", 500), "/": page("Home")}),
        "soft": Site({"/": page("Home", "/a")}),
        "noise": Site({}, greeting=b"SSH-2.0-other\r\n"),
        "two-hosts": Site({}),
        "single": Site({"/": page("Home", "/x"), "/x": page("X", "/y"), "/y": page("Y")}),
        "days": Site(
            {
                "/": page("Home", "/cal?month=2027-01", "/about"),
                "/about": page("About"),
                **{
                    f"/cal?month=2027-{n:02}": page(f"Month {n}", f"/cal?month=2027-{n + 1:02}")
                    for n in range(1, 13)
                },
            }
        ),
    }


class SoftSite(dict[str, Reply]):
    """Says 200 to everything."""

    def get(self, path: str, default: Reply | None = None) -> Reply:  # type: ignore[override]
        return (
            Reply(page("Home", "/a", "/gone").encode()) if path == "/" else Reply(page("Not found").encode())
        )


@dataclass
class World:
    sites: Mapping[str, Site]
    seen: Mapping[str, Seen]
    stopped: Mapping[str, str]

    def url(self, name: str, path: str = "/") -> str:
        return self.sites[name].url.rstrip("/") + path


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("portals")
    made, secure = sites(), Site({"/": page("Secure", "/x"), "/x": page("X")})
    made["soft"].pages = SoftSite()
    made["two-hosts"].pages = two_hosts = {"/": ""}
    with serving(*made.values()), serving(secure, tls=certificate(folder)), unused_port() as dead:
        two_hosts["/"] = page("Home", f"http://{made['far'].authority}/", "/left-out")
        portals = {name: site.url for name, site in made.items() if name != "far"}
        portals |= {
            "dead": f"http://127.0.0.1:{dead}/",
            "unknown": "http://portal.invalid/",
            "inside": "http://inside.example/",
            "secure": f"https://{secure.authority}/",
            "no-tls": f"https://{made['noise'].authority}/",
        }
        crawls = prepare(folder, portals)
        with Store.open(folder) as store:
            url = f"{made['single'].url}x"
            crawls["single"] = store.plan_crawl("r/single", purpose="person", budget=1, url=url).id
        allow = [site.authority for site in (*made.values(), secure)] + [f"127.0.0.1:{dead}"]
        ended = run(folder, order(list(crawls.values()), allow, identity=True, opt_out=["left.example"]))
    names = {crawl: name for name, crawl in crawls.items()}
    with Store.open(folder) as store:
        seen = {name: Seen(store, f"r/{name}") for name in crawls}
        yield World(made | {"secure": secure}, seen, {names[crawl]: why for crawl, why in ended.items()})


def certificate(folder: Path) -> ssl.SSLContext:
    """Of an authority that nobody trusts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf = trustme.CA().issue_cert("127.0.0.1", "localhost")
    leaf.configure_cert(context)
    return context


class unused_port:
    """A port that is bound and does not listen: connections are refused, and nobody else takes it."""

    def __enter__(self) -> int:
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        return int(self.socket.getsockname()[1])

    def __exit__(self, *error: object) -> None:
        self.socket.close()


def test_it_works(world: World) -> None:
    seen = world.seen["plain"]
    assert world.stopped["plain"] == "exhausted"
    visited = {one["url"]: one["status"] for one in seen.trail["visited"]}
    assert visited == {
        world.url("plain", path): 200 for path in ("/", "/a", "/b?sid=0123456789abcdef", "/new", "/mapped")
    }
    assert [capture.status for capture in seen.kind("robots")] == [200]
    assert [capture.status for capture in seen.kind("sitemap")] == [200]
    assert seen.trail["pages"] == 5
    assert seen.trail["requests"] == len(world.sites["plain"].log)


def test_every_exchange_is_kept_as_it_came(world: World) -> None:
    seen = world.seen["bombs"]
    (bomb,) = [capture for capture in seen.captures if capture.url.endswith("/bomb")]
    record = seen.store.read(bomb)
    assert record.body == BOMB
    assert ("Content-Encoding", "gzip") in record.http_headers


def test_what_was_not_visited_has_its_reason(world: World) -> None:
    assert world.seen["plain"].skipped == {
        world.url("plain", "/secret/x"): "robots",
        "http://10.0.0.1/router": "private-network",
        "http://127.0.0.1:9/": "private-network",
        "https://elsewhere.example/": "scope",
        world.url("plain", "/logo.png"): "type",
    }
    assert "/secret/x" not in world.sites["plain"].log


def test_another_named_host_is_visited_and_nothing_twice(world: World) -> None:
    assert [one["url"] for one in world.seen["two-hosts"].trail["visited"] if one["status"] == 200] == [
        world.url("two-hosts"),
        world.url("far"),
        world.url("far", "/pay"),
    ]
    for site in world.sites.values():
        asked = [path for path in site.log if path != "/robots.txt"]
        if site not in (world.sites["patient"], world.sites["tired"], world.sites["shut"]):
            assert len(asked) - len(set(asked)) <= 1, asked


@pytest.mark.parametrize(("name", "said"), [("failing", "http-500"), ("gone", "http-404")])
def test_a_home_that_is_an_error_is_no_portal(world: World, name: str, said: str) -> None:
    assert world.stopped[name] == "unreachable"
    assert world.seen[name].trail["error"] == said


def test_a_redirect_loop_ends(world: World) -> None:
    assert world.stopped["loop"] == "unreachable"
    assert world.seen["loop"].trail["error"] == "redirect-loop"
    assert world.sites["loop"].log.count("/") == 1


@pytest.mark.parametrize(("name", "error"), [("dead", "refused"), ("unknown", "dns"), ("no-tls", "tls")])
def test_a_portal_that_cannot_be_reached_is_a_result(world: World, name: str, error: str) -> None:
    seen = world.seen[name]
    assert world.stopped[name] == "unreachable"
    assert {capture.error for capture in seen.kind("robots")} == {error}
    assert seen.trail["visited"] == []


def test_a_public_name_that_points_inside_is_refused(world: World) -> None:
    assert world.stopped["inside"] == "blocked"
    assert list(world.seen["inside"].skipped.values()) == ["private-network"]
    assert [capture.kind for capture in world.seen["inside"].captures] == ["trail"]


def test_an_untrusted_certificate_is_described_and_the_page_is_kept(world: World) -> None:
    seen = world.seen["secure"]
    assert world.stopped["secure"] == "exhausted"
    assert {capture.url for capture in seen.kind("page") if capture.status == 200} == {
        world.url("secure").replace("http:", "https:") + path for path in ("", "x")
    }
    facts = json.loads(seen.store.read(seen.kind("tls")[0]).body)
    assert facts["https"] is True
    assert facts["valid"] is False
    assert facts["protocol"].startswith("TLSv1.")
    assert "127.0.0.1" in facts["certificate"]["names"]
    assert dt.datetime.fromisoformat(facts["certificate"]["not_after"]) > dt.datetime.now(dt.UTC)


def test_a_plain_portal_on_a_port_of_its_own_is_not_guessed_to_have_a_twin(world: World) -> None:
    (capture,) = world.seen["plain"].kind("tls")
    facts = json.loads(world.seen["plain"].store.read(capture).body)
    assert facts == {"origin": world.url("plain", ""), "host": "127.0.0.1", "https": False}
    assert capture.url == f"urn:losi:tls:{world.url('plain', '')}"


def test_a_home_that_is_no_page_is_a_document(world: World) -> None:
    assert world.stopped["file"] == "exhausted"
    assert [capture.url for capture in world.seen["file"].kind("document")] == [world.url("file")]


def test_broken_letters_break_nothing(world: World) -> None:
    assert world.stopped["letters"] == "exhausted"
    urls = {capture.url for capture in world.seen["letters"].kind("page")}
    assert {world.url("letters", "/utf"), world.url("letters", "/a%C3%A7%C3%A3o")} <= urls


def test_bombs_and_endless_bodies_are_cut_and_kept(world: World) -> None:
    seen = world.seen["bombs"]
    assert world.stopped["bombs"] == "exhausted"
    cut = {}
    for capture in seen.kind("page"):
        record = seen.store.read(capture)
        cut[capture.url.rpartition("/")[2]] = (record.headers.get("WARC-Truncated"), len(record.body))
    assert cut["endless"][0] == "length"
    assert 10_000_000 < cut["endless"][1] < 12_000_000
    assert cut["huge"] == ("length", 0)
    assert cut["cut"] == ("disconnect", 9)
    assert cut["bomb"][0] is None
    assert cut["fine"][0] is None


def test_malformed_robots_and_sitemaps_are_read_as_far_as_they_go(world: World) -> None:
    assert world.stopped["malformed"] == "exhausted"
    assert world.seen["malformed"].skipped == {world.url("malformed", "/no"): "robots"}
    assert {"/ok", "/from-map"} <= set(world.sites["malformed"].log)


def test_a_host_that_asks_for_patience_is_asked_again(world: World) -> None:
    assert world.stopped["patient"] == "exhausted"
    assert world.sites["patient"].log.count("/") == 2
    assert [
        capture.status for capture in world.seen["patient"].captures if capture.url == world.url("patient")
    ] == [429, 200]


def test_a_host_that_stays_shut_is_left_alone(world: World) -> None:
    assert world.stopped["tired"] == world.stopped["shut"] == "blocked"
    assert world.sites["tired"].log.count("/") == 3
    assert world.sites["shut"].log.count("/") == 1


@pytest.mark.parametrize("name", ["closed", "broken"])
def test_robots_that_forbid_all_or_cannot_be_had_are_obeyed(world: World, name: str) -> None:
    assert world.stopped[name] == "blocked"
    assert world.sites[name].log == ["/robots.txt"]
    assert world.seen[name].skipped == {world.url(name): "robots"}


def test_noise_instead_of_http(world: World) -> None:
    assert world.stopped["noise"] == "unreachable"
    assert world.seen["noise"].trail["error"] == "protocol"


def test_a_portal_that_says_yes_to_anything_is_found_out(world: World) -> None:
    trail = world.seen["soft"].trail
    assert trail["soft_404"] is True
    assert trail["soft_404_url"].startswith(world.url("soft", "/losi-"))
    assert world.seen["plain"].trail["soft_404"] is False


def test_an_endless_calendar_ends(world: World) -> None:
    months = [path for path in world.sites["days"].log if path.startswith("/cal")]
    assert len(months) <= 3
    assert "/about" in world.sites["days"].log
    assert "trap" in world.seen["days"].skipped.values()


def test_a_page_that_a_person_asked_for_is_all_that_is_fetched(world: World) -> None:
    assert world.sites["single"].log == ["/robots.txt", "/x"]
    assert [one["url"] for one in world.seen["single"].trail["visited"]] == [world.url("single", "/x")]


def test_who_asks_is_said(world: World) -> None:
    (agent,) = world.sites["plain"].agents
    assert agent.startswith("losi/")
    assert "(Test Body; crawl@body.example)" in agent
