from tests.review_ui.builder import CITY, ROUND
from tests.review_ui.conftest import Desk


def test_it_works(desk: Desk) -> None:
    rounds = desk.client.get("/api/rounds").json()
    assert [r["id"] for r in rounds] == [ROUND]
    desk.press("234", "passed")
    city = next(c for c in desk.client.get(f"/api/rounds/{ROUND}/cities").json() if c["id"] == CITY)
    assert city["score"] == {
        "low": "0.1667",
        "high": "1.0000",
        "value": None,
        "level": None,
        "yes": 1,
        "no": 0,
        "open": 5,
        "of": 6,
    }
    assert desk.client.get(f"/api/rounds/{ROUND}/cities/{CITY}/results").json()["schema"] == "losi-results/1"


def test_the_document_describes_every_path_and_offers_no_page_from_elsewhere(desk: Desk) -> None:
    paths = desk.client.get("/api/openapi.json").json()["paths"]
    assert set(paths) == {
        "/api/rounds",
        "/api/rounds/{round_id}/cities",
        "/api/rounds/{round_id}/results",
        "/api/rounds/{round_id}/cities/{city_id}/results",
    }
    assert all(set(path) == {"get"} for path in paths.values())
    assert desk.client.get("/docs").status_code == 404


def test_what_is_not_there(desk: Desk) -> None:
    answer = desk.client.get("/api/rounds/none/cities")
    assert (answer.status_code, answer.json()["error"]) == (404, "missing")
