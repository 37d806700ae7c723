"""`losi redact`: bytes out, and said where else they are and who still quotes them."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from evidence_store import Redacted, Store
from losi.cli import main
from losi.redacting import full_name
from tests.checks.city import make_city

BARE = "7A96500A-9302-4210-8ebe-edf8374ee023"


@pytest.fixture
def record(tmp_path: Path) -> str:
    with make_city(tmp_path / "workspace") as store:
        (page,) = (one for one in store.captures("r/example", kind="page") if one.url.endswith("privacy"))
        return page.record_id


def losi(tmp_path: Path, *words: str) -> tuple[int, str]:
    given = ["--workspace", str(tmp_path / "workspace"), *words]
    done = CliRunner().invoke(main, given, env={"LOSI_KEYS": str(tmp_path / "keys")})
    return done.exit_code, done.output


def test_it_works(tmp_path: Path, record: str) -> None:
    losi(tmp_path, "check", "r")
    code, said = losi(tmp_path, "redact", "r", "example", record, "--by", "Ana", "--reason", "an address")
    assert code == 0, said
    assert f"taken out: {record} page https://city.example/privacy" in said
    assert "quotes of it stay in findings or answers of 234" in said
    assert "bundles and copies made before still hold it" in said
    with Store.open(tmp_path / "workspace") as store:
        with pytest.raises(Redacted):
            store.read(store.capture(record))
        assert store.unsealed("r/example") == []


def test_a_second_time_is_one_line(tmp_path: Path, record: str) -> None:
    words = (
        "redact",
        "r",
        "example",
        record.removeprefix("urn:uuid:"),
        "--by",
        "Ana",
        "--reason",
        "an address",
    )
    assert losi(tmp_path, *words)[0] == 0
    code, said = losi(tmp_path, *words)
    assert code == 2
    assert f"losi: {record} was taken out of the archive by Ana on " in said


def test_what_is_not_there_is_one_line(tmp_path: Path, record: str) -> None:
    code, said = losi(tmp_path, "redact", "r", "example", BARE, "--by", "Ana", "--reason", "an address")
    assert code == 2
    assert f"losi: there is no capture 'urn:uuid:{BARE.lower()}'" in said


@pytest.mark.parametrize("given", [BARE, f"urn:uuid:{BARE}", f"<urn:uuid:{BARE}>"])
def test_a_record_by_any_of_its_names(given: str) -> None:
    assert full_name(given) == f"urn:uuid:{BARE.lower()}"
