from demo_city.search import Index

PAGES = {
    "/a/water": '<html lang="en"><title>Water</title><main>Pay your water bill here. Café.</main>',
    "/b/fire": '<html lang="en"><title>Fire</title><main>Call when there is fire; use water.</main>',
    "/ar/b/fire": '<html lang="ar"><title>حريق</title><main>اتصل عند الحريق</main>',
}


def paths(**asked):
    return [hit.path for hit in Index(PAGES).search(**asked)]


def test_it_works():
    assert paths(q="water") == ["/a/water", "/b/fire"]


def test_nothing_asked_nothing_found():
    assert paths(q=" ") == []


def test_all_words_must_occur():
    assert paths(q="water bill") == ["/a/water"]


def test_filters():
    assert paths(q="", phrase="water bill") == ["/a/water"]
    assert paths(q="water", without="bill") == ["/b/fire"]
    assert paths(q="water", section="b") == ["/b/fire"]
    assert paths(q="الحريق", language="ar") == ["/ar/b/fire"]


def test_accents_and_case_do_not_matter():
    assert paths(q="CAFE") == ["/a/water"]


def test_an_excerpt_shows_the_word():
    assert "water" in Index(PAGES).search("water")[1].excerpt


def test_the_model_city_finds_its_pages(model):
    assert "/living/waste" in model.get("http://main.test/search?q=recycling").text
    assert "Nothing was found" in model.get("http://main.test/search?q=zebra").text


def test_the_research_box_searches_nothing(model):
    asked = model.get("http://main.test/city/research?subject=recycling").text
    assert "/living/waste" not in asked.split("<main")[1].split("</main>")[0]
