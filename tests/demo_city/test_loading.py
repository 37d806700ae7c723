from pathlib import Path

import pytest

from demo_city.city import BadCity, address, load_city


def written(folder, text):
    (folder / "city.yaml").write_text(text, "utf-8")
    return folder


WHOLE = (
    "{id: x, name: X, country: PRT, languages: [pt], settlement: town, "
    "hosts: {main: {}, shop: {}}, soft_404: yes}"
)


def test_it_works(tmp_path):
    city = load_city(written(tmp_path, WHOLE))
    assert city.hosts == ("main", "shop")
    assert city.flags == {"soft_404": "yes"}
    assert city.answers == {}


def test_a_missing_key_is_named(tmp_path):
    with pytest.raises(BadCity, match="settlement"):
        load_city(written(tmp_path, "{id: x, name: X, country: PRT, languages: [pt], hosts: {main: {}}}"))


def test_a_city_needs_a_main_host(tmp_path):
    with pytest.raises(BadCity, match="main"):
        load_city(written(tmp_path, WHOLE.replace("main: {}, ", "")))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("index.html", "/"),
        ("ar/index.html", "/ar/"),
        ("services/pay.html", "/services/pay"),
        ("files/budget.pdf", "/files/budget.pdf"),
    ],
)
def test_addresses(path, expected):
    assert address(Path(path)) == expected


def test_hidden_files_are_not_served(tmp_path):
    (tmp_path / "main").mkdir()
    for name in ("_part.html", ".secret", "seen.html"):
        (tmp_path / "main" / name).write_text("x", "utf-8")
    assert list(load_city(written(tmp_path, WHOLE)).files("main")) == ["/seen"]
