from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from crawler import address
from crawler.frontier import MENU, SKIPPED_KEPT, Frontier, Link, Seed
from crawler.scope import Scope

CITY = "https://www.city.example"


def frontier(value: Callable[[Link], float] = lambda link: 0.0) -> Frontier:
    return Frontier(Scope(CITY), value)


def order(made: Frontier) -> list[str]:
    found = []
    while (candidate := made.next()) is not None:
        found.append(candidate.url.removeprefix(CITY))
    return found


def links(*paths: str, zone: str = "main") -> list[Link]:
    return [Seed(path if "//" in path else CITY + path, path, zone) for path in paths]


def test_it_works() -> None:
    made = frontier()
    made.offer(links("/a", "/b", "/a#top"), found_on=CITY, depth=1)
    assert order(made) == ["/a", "/b"]


def test_menus_come_first_and_then_what_is_worth_most() -> None:
    made = frontier(lambda link: 5.0 if "pay" in link.text else 0.0)
    made.offer(links("/news", "/pay-online"), found_on=CITY, depth=1)
    made.offer(links("/departments", zone="nav"), found_on=CITY, depth=1, phase=MENU)
    assert made.phase == MENU
    assert order(made) == ["/departments", "/pay-online", "/news"]


def test_a_link_is_weighed_again_before_it_is_taken() -> None:
    worth = {"/pay": 5.0, "/law": 3.0, "/map": 1.0}
    made = frontier(lambda link: worth[link.text])
    made.offer(links(*worth), found_on=CITY, depth=1)
    worth["/pay"] = 0.0  # settled meanwhile
    assert order(made) == ["/law", "/map", "/pay"]


def test_better_words_on_another_page_raise_a_link() -> None:
    made = frontier(lambda link: 2.0 if link.text == "Pay" else 1.0)
    made.offer([Seed(f"{CITY}/x", "here"), Seed(f"{CITY}/y", "there")], found_on=CITY, depth=1)
    made.offer([Seed(f"{CITY}/y", "Pay")], found_on=CITY, depth=1)
    assert order(made) == ["/y", "/x"]


def test_everything_left_out_has_a_reason() -> None:
    made = frontier()
    given_links = links("/photo.jpg", "https://elsewhere.example/", "http://10.0.0.1/", "/a/a/a", "/left")
    made.offer(given_links, found_on=CITY + "/", depth=1)
    reasons = {one.url.removeprefix(CITY): one.reason for one in made.skipped("budget")}
    assert reasons == {
        "/photo.jpg": "type",
        "https://elsewhere.example/": "scope",
        "http://10.0.0.1/": "private-network",
        "/a/a/a": "trap",
        "/left": "budget",
    }
    assert all(one.found_on == CITY + "/" for one in made.skipped("budget"))


def test_mail_and_scripts_are_no_addresses_to_account_for() -> None:
    made = frontier()
    made.offer(
        [Seed("mailto:mayor@city.example"), Seed("javascript:x()"), Seed("tel:1")], found_on=CITY, depth=1
    )
    assert made.skipped("budget") == []


def test_a_foreign_host_is_admitted_where_words_and_place_speak_for_it() -> None:
    made = frontier(lambda link: 1.0 if "services" in link.text else 0.0)
    offered = [
        Seed("https://e-services.example/", "Online services", "nav"),
        Seed("https://shop.example/", "Shop", "nav"),
    ]
    made.offer(offered, found_on=CITY, depth=1, admits=True)
    made.offer([Seed("https://other.example/services", "services")], found_on=CITY + "/deep", depth=4)
    assert order(made) == ["https://e-services.example/"]
    assert {one.url for one in made.skipped("x")} == {
        "https://shop.example/",
        "https://other.example/services",
    }


def test_a_host_that_rests_is_passed_over() -> None:
    made = frontier()
    made.scope.admit("https://pay.example/")
    made.offer(links("/a", "https://pay.example/x"), found_on=CITY, depth=1)
    candidate = made.next(waiting={"city.example"})
    assert candidate is not None
    assert candidate.url == "https://pay.example/x"


def test_the_list_of_what_was_left_out_is_bounded() -> None:
    made = frontier()
    made.offer(
        (Seed(f"https://elsewhere.example/{n}") for n in range(SKIPPED_KEPT + 5)), found_on=CITY, depth=1
    )
    assert len(made.skipped("budget")) == SKIPPED_KEPT
    assert made.skipped_beyond == 5


def test_what_turned_out_forbidden_is_told_and_not_asked_again() -> None:
    made = frontier()
    made.offer(links("/secret"), found_on=CITY, depth=1)
    candidate = made.next()
    assert candidate is not None
    made.refuse(candidate, candidate.url, "robots")
    made.offer([Seed(f"{CITY}/secret", "again")], found_on=CITY, depth=1)
    assert made.next() is None
    assert [one.reason for one in made.skipped("budget")] == ["robots"]


@given(
    st.lists(
        st.sampled_from(["/a", "/b", "/b#x", "/c?x=1&y=2", "/c?y=2&x=1", "/d.pdf", "/e.jpg"]), max_size=30
    )
)
def test_no_page_is_taken_twice_and_none_is_forgotten(paths: list[str]) -> None:
    made = frontier()
    for n, path in enumerate(paths):
        made.offer([Seed(CITY + path, str(n))], found_on=CITY, depth=n % 3)
    taken = {address.normal(CITY + path) for path in order(made)}
    told = {address.normal(one.url) for one in made.skipped("budget")}
    assert taken | told == {address.normal(CITY + path) for path in paths}
    assert not taken & told
