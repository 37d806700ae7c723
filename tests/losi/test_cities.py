import json

import pytest

from losi.cities import city_of, read_cities, web_address
from losi.errors import BadCities, BadUrl

HEADER = "id,name,country,languages,portal_url\n"


def write(tmp_path, text, name="cities.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_it_works(tmp_path):
    path = write(tmp_path, HEADER + "lisboa,Lisboa,PRT,pt en,https://www.lisboa.example/\n")
    (city,) = read_cities(path)
    assert (city.id, city.country, city.languages) == ("lisboa", "PRT", ["pt", "en"])


def test_json_is_read_like_csv(tmp_path):
    row = {
        "id": "oslo",
        "name": "Oslo",
        "country": "NOR",
        "languages": ["no", "nn"],
        "portal_url": "oslo.example",
        "population": 700000,
    }
    (city,) = read_cities(write(tmp_path, json.dumps([row]), "cities.json"))
    assert city.languages == ["no", "nn"]
    assert city.portal_url == "https://oslo.example/"
    assert city.population == 700000


def test_a_bom_and_semicolons_between_languages_do_no_harm(tmp_path):
    path = tmp_path / "cities.csv"
    path.write_bytes(b"\xef\xbb\xbf" + (HEADER + "a,A,FRA,fr;br,https://a.example/\n").encode())
    assert read_cities(path)[0].languages == ["fr", "br"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no city in it"),
        ("id,name\na,A\n", "column country is missing"),
        (
            "id,name,country,languages,portal_url,mayor\na,A,FRA,fr,https://a.example,X\n",
            "unknown column mayor",
        ),
        (
            HEADER + "a,A,FRA,fr,https://a.example/\na,B,FRA,fr,https://b.example/\n",
            "id a stands there 2 times",
        ),
        (HEADER + "A b,A,FRA,fr,https://a.example/\n", "small letters, digits and hyphens"),
        (HEADER + "a,A,France,fr,https://a.example/\n", "alpha-3"),
        (HEADER + "a,A,FRA,french!,https://a.example/\n", "BCP 47"),
        (HEADER + "a,A,FRA,fr,ftp://a.example/\n", "not a web address"),
        (HEADER + "a,A,FRA,fr\n", "not a web address"),
    ],
)
def test_each_fault_is_named(tmp_path, text, said):
    with pytest.raises(BadCities, match="nothing was added") as caught:
        read_cities(write(tmp_path, text))
    assert said in str(caught.value)


def test_all_faults_are_told_at_once(tmp_path):
    text = HEADER + "a,A,F,fr,https://a.example/\nb,B,FRA,fr,mailto:x\n"
    with pytest.raises(BadCities) as caught:
        read_cities(write(tmp_path, text))
    assert len(caught.value.faults) == 2


@pytest.mark.parametrize("raw", [b"\xff\xfe\x00", None])
def test_a_file_that_cannot_be_read(tmp_path, raw):
    path = tmp_path / "cities.csv"
    if raw is not None:
        path.write_bytes(raw)
    with pytest.raises(BadCities, match="cannot be read"):
        read_cities(path)


def test_broken_json(tmp_path):
    with pytest.raises(BadCities, match="not JSON"):
        read_cities(write(tmp_path, "[{", "cities.json"))


def test_a_city_known_by_its_address_alone():
    city = city_of("http://127.0.0.1:8099/start", country="", languages=[])
    assert city.id == "127-0-0-1-8099-start"
    assert city.portal_url == "http://127.0.0.1:8099/start"


@pytest.mark.parametrize("url", ["", "ftp://x.example", "http://", "http://a b.example", "https://x:99999/"])
def test_what_is_no_web_address(url):
    with pytest.raises(BadUrl):
        web_address(url)


@pytest.mark.parametrize(
    ("given", "made"),
    [("example.org", "https://example.org/"), ("http://example.org/a?b=1", "http://example.org/a?b=1")],
)
def test_an_address_gets_what_it_lacks(given, made):
    assert web_address(given) == made


def test_no_city_passes_for_another():
    from losi.cities import city_of

    urls = [
        "https://www.town.example/",
        "https://town.example/en",
        "https://town.example:8443/",
        "https://例え.example/",
        "https://テスト.example/",
        "https://town.example/" + "a" * 3000,
        "https://town.example/" + "a" * 3001,
    ]
    ids = [city_of(url, country="", languages=()).id for url in urls]
    assert ids[:3] == ["town-example", "town-example-en", "town-example-8443"]
    assert len(set(ids)) == len(urls)
    assert max(map(len, ids)) <= 80


def test_a_line_that_is_no_csv_and_numbers_that_are_none(tmp_path):
    listed = tmp_path / "cities.csv"
    listed.write_text("a" * 200_000)
    with pytest.raises(BadCities, match="not CSV"):
        read_cities(listed)
    listed.write_text(
        "id,name,country,languages,portal_url,population,lat\nx,X,PRT,pt,http://a.example/,ten,nan\n"
    )
    with pytest.raises(BadCities, match="population 'ten' is no number"):
        read_cities(listed)
