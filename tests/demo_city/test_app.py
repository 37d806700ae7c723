import datetime as dt

from demo_city.app import Site
from demo_city.traps import Session

HOME = "http://main.test/"


def site(portal, **flags):
    """The main host with other flags than city.yaml has."""
    made = Site(portal.city, "main", portal.origins, today=dt.date(2026, 11, 23))
    made.flags = flags
    return made


def test_it_works(model):
    answer = model.get(HOME)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_an_unknown_address_is_404(model):
    assert model.get(HOME + "nothing/here").status_code == 404


def test_soft_404(model):
    assert site(model, soft_404="yes").answer("/nothing", {}).status_code == 200
    assert site(model, soft_404="home").answer("/nothing", {}).headers["location"] == "/"


def test_charset_can_be_missing(model):
    assert site(model, charset="no").answer("/", {}).headers["content-type"] == "text/html"


def test_a_page_in_another_encoding(model):
    answer = site(model, page_charset={"/": "iso-8859-1"}).answer("/", {})
    assert answer.headers["content-type"] == "text/html; charset=iso-8859-1"
    assert "©".encode("latin-1") in answer.body


def test_the_other_spelling_redirects(model):
    assert model.get(HOME + "services").headers["location"] == "/services/"
    assert model.get(HOME + "contact/").headers["location"] == "/contact"


def test_a_mirror_is_the_same_page(model):
    assert model.get(HOME + "index.html").text == model.get(HOME).text


def test_a_redirect(model):
    assert model.get(HOME + "water").status_code == 302


def test_gzip_only_when_accepted(model):
    zipped = model.get(HOME, {"accept-encoding": "gzip"})
    assert zipped.headers["content-encoding"] == "gzip"
    plain = model.get(HOME, {"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.text == zipped.text


def test_a_file_is_not_sent_twice(model):
    first = model.get(HOME + "files/budget.pdf")
    assert first.headers["content-type"] == "application/pdf"
    assert "last-modified" in first.headers
    again = model.get(HOME + "files/budget.pdf", {"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_sent_form_is_confirmed(model):
    answer = model.get(HOME + "contact", method="POST")
    assert "Your reference number is" in answer.text


def test_layouts_and_data_are_not_served(model):
    for path in ("layouts/base.html", "data/menu.yaml", "../city.yaml", "answers.yaml"):
        assert model.get(HOME + path).status_code == 404


def test_the_calendar_has_no_end(model):
    page = model.get(HOME + "events/calendar?month=2031-12").text
    assert "/events/calendar?month=2032-01" in page
    assert model.get(HOME + "events/calendar/2032-01-15").status_code == 200
    assert model.get(HOME + "events/calendar/2032-02-31").status_code == 404


def test_facets_combine(model):
    page = model.get(HOME + "documents/browse?type=Minutes&sort=title").text
    assert "sort=title&amp;type=Minutes" in page or "type=Minutes&amp;sort=title" in page
    assert "page=2" in page


def test_a_session_marks_internal_links_and_is_ignored():
    session = Session("sid", "/surveys/")
    html = '<a href="/surveys/?a=1#x"> <a href="/news/"> <a href="/surveys/f.pdf"> <a href="//b/surveys/">'
    marked = session.mark(html, "/", "abc")
    assert marked.count("sid=abc") == 1
    assert 'href="/surveys/?a=1&amp;sid=abc#x"' in marked
    assert session.mark(html, "/", None) == session.mark(html, "/", None)


def test_the_session_parameter_does_not_change_the_page(model):
    assert "Usage statistics" in model.get(HOME + "surveys/?sid=abc").text
