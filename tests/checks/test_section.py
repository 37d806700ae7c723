from checks.page import Page
from checks.section import Rest, sections_of

ADDRESS = "https://city.example/page"


def read(body: str) -> Page:
    return Page.of(ADDRESS, f"<html><body><main>{body}</main><footer><p>foot</p></footer></body></html>")


def titles(body: str) -> list[str]:
    return [one.title for one in sections_of(read(body))]


def said(page: Page) -> list[str]:
    return [passage.text for passage in page.main]


MIXED = """<h1>Parking</h1><p>intro</p>
<h2>Fines</h2><p>a <a href="/fine">fine</a></p><h3>Objections</h3><p>b</p><form action="/x"><input name="n"></form>
<h2>Passes</h2><p>c <a href="/pass">pass</a></p>"""


def test_it_works() -> None:
    page = read(MIXED)
    fines, objections, passes = sections_of(page)
    assert said(fines) == ["Fines", "a fine", "Objections", "b"]
    assert said(objections) == ["Objections", "b"]
    assert said(passes) == ["Passes", "c pass"]
    assert [link.href for link in fines.links] == ["/fine"]
    assert not objections.links
    assert len(fines.forms) == len(objections.forms) == 1
    assert not passes.forms


def test_only_the_innermost_are_leaves() -> None:
    assert [one.is_leaf for one in sections_of(read(MIXED))] == [False, True, True]


def test_the_rest_is_the_page_without_them() -> None:
    page = read(MIXED)
    rest = Rest(page, sections_of(page)[:1])
    assert said(rest) == ["Parking", "intro", "Passes", "c pass"]
    assert [link.href for link in rest.links] == ["/pass"]
    assert not rest.forms


def test_what_serves_as_a_heading() -> None:
    assert titles("<details><summary>A</summary><p>a</p></details><p>after</p>") == ["A"]
    assert titles("<dl><dt>A</dt><dd>a</dd><dt>B</dt><dd>b</dd></dl>") == ["A", "B"]
    assert titles("<table><caption>A</caption><tr><td>a</td></tr></table>") == ["A"]
    assert titles("<p><b>A</b></p><p>a</p><p><b>not</b> all bold</p>") == ["A"]
    assert titles("<h2><button>A</button></h2><p>a</p>") == ["A"]
    assert titles("<h1>Only one</h1><p>text</p>") == []


def test_a_section_ends_with_what_holds_it() -> None:
    (answer,) = sections_of(read("<details><summary>A</summary><p>a</p></details><p>after</p>"))
    assert said(answer) == ["A", "a"]
    (last,) = sections_of(read("<h2>A</h2><p>a</p>"))
    assert said(last) == ["A", "a"]


def test_lists_of_a_section_are_its_own() -> None:
    first, second = sections_of(
        read("<h2>A</h2><ul><li>one</li><li>two</li></ul><h2>B</h2><ul><li>three</li><li>four</li></ul>")
    )
    assert [[item.text for item in items] for items in first._lists] == [["one", "two"]]
    assert [[item.text for item in items] for items in second._lists] == [["three", "four"]]
