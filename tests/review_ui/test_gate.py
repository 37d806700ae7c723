import pytest

from tests.review_ui.builder import CITY, ROUND
from tests.review_ui.conftest import HOST, OWN, TOKEN, Desk

QUESTION = f"/a/{ROUND}/{CITY}/234"
ANSWER = {"outcome": "passed", "code": "234"}


def test_it_works(desk: Desk) -> None:
    answer = desk.stranger.get(f"/?token={TOKEN}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert desk.stranger.get("/").status_code == 200


def test_the_rest_of_the_address_survives_the_token(desk: Desk) -> None:
    answer = desk.stranger.get(f"{QUESTION}?e=2&token={TOKEN}")
    assert answer.headers["location"] == f"{QUESTION}?e=2"


def test_a_token_before_two_slashes_leads_nowhere_else(desk: Desk) -> None:
    answer = desk.stranger.get(f"http://{HOST}//evil.example/?token={TOKEN}")
    assert answer.headers["location"].startswith("/evil.example")


@pytest.mark.parametrize(
    "path", ["/", QUESTION, f"/export/{ROUND}.json", "/api/rounds", "/api/openapi.json", "/nowhere"]
)
def test_without_the_token_a_page_says_how_to_open_the_tool(desk: Desk, path: str) -> None:
    for answer in (desk.stranger.get(path), desk.stranger.get(path + "?token=wrong")):
        assert answer.status_code == 403
        assert "River City" not in answer.text


def test_the_refusal_tells_what_to_do(desk: Desk) -> None:
    assert "losi review" in desk.stranger.get("/").text


@pytest.mark.parametrize("host", ["evil.example", "localhost:8765", "127.0.0.1", "127.0.0.1:8766", ""])
def test_a_forged_host_is_refused(desk: Desk, host: str) -> None:
    assert desk.client.get("/", headers={"host": host}).status_code == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": f"http://{HOST}"},
        {"sec-fetch-site": "none"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:8765"},
        {},
    ],
)
def test_an_answer_from_elsewhere_is_refused_though_the_cookie_is_sent(
    desk: Desk, headers: dict[str, str]
) -> None:
    assert desk.client.post(QUESTION, data=ANSWER, headers=headers).status_code == 403
    assert desk.current() == {}


@pytest.mark.parametrize("headers", [OWN, {"origin": f"http://{HOST}"}])
def test_an_answer_from_our_own_pages_is_taken(desk: Desk, headers: dict[str, str]) -> None:
    assert desk.client.post(QUESTION, data=ANSWER, headers=headers).status_code == 303
    assert desk.current() == {"234": "passed"}


def test_a_bearer_token_opens_for_programs(desk: Desk) -> None:
    bearer = {"authorization": f"Bearer {TOKEN}"}
    assert desk.stranger.get("/api/rounds", headers=bearer).status_code == 200
    assert desk.stranger.post(QUESTION, data=ANSWER, headers=bearer).status_code == 303
    assert desk.stranger.get("/api/rounds", headers={"authorization": "Bearer x"}).status_code == 403


def test_every_answer_carries_the_policy(desk: Desk) -> None:
    for answer in (
        desk.client.get("/"),
        desk.stranger.get("/"),
        desk.client.get("/static/review.css"),
        desk.client.get("/no"),
    ):
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-src http://localhost:8766" in policy
        assert "require-trusted-types-for 'script'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-frame-options"] == "DENY"


def test_our_own_script_is_small_and_alone(desk: Desk) -> None:
    script = desk.get("/static/review.js")
    assert len(script.encode()) < 15_000
    assert "import" not in script
    assert "http" not in script


def test_no_page_has_script_or_style_of_its_own(desk: Desk) -> None:
    for path in ("/", f"/r/{ROUND}", f"/a/{ROUND}/{CITY}", QUESTION, "/help", "/person"):
        page = desk.get(path)
        assert "<style" not in page
        assert " style=" not in page
        assert page.count("<script") == 1
        assert " onclick" not in page
