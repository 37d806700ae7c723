import pytest

from checks.depth import MAX_DEPTH, shallow
from checks.page import Page


def test_it_works() -> None:
    assert shallow("<p>" * 9000) == "<p>" * 9000
    assert shallow("<div></div>" * 9000) == "<div></div>" * 9000


@pytest.mark.parametrize("tag", ["div", "span", "table", "b", "custom-box"])
def test_what_nests_without_end_is_cut(tag: str) -> None:
    assert shallow(f"<{tag}>" * 100_000).count("<") == MAX_DEPTH


def test_a_page_nested_without_end_is_read_as_far_as_it_goes() -> None:
    page = Page.of("http://town.example/", "<title>Deep</title><h1>Welcome</h1>" + "<div>" * 100_000 + "end")
    assert page.title == "Deep"
    assert "Welcome" in page.text
    assert sum(1 for _ in page.tree.root.traverse()) < MAX_DEPTH + 100
    assert not page.links
