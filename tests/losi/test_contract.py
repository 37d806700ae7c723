"""Standard output of the `--json` verbs is one document, of the keys and types that are promised."""

import json
import re

import pytest

from tests.losi.test_cli import losi, static_site

CITY = {
    "id": str,
    "name": str,
    "portal_url": str,
    "languages": list,
    "requests": int,
    "pages": int,
    "browser_pages": int,
    "seconds": float,
    "stopped": str,
    "skipped": list,
    "score": dict,
    "facts": dict,
    "indicators": list,
}
INDICATOR = {
    "code": str,
    "criterion": str,
    "name": str,
    "method": str,
    "proposal": str,
    "confidence": float | None,
    "reason": str,
    "message": str,
    "evidence": list,
    "searched": dict,
}
EVIDENCE = (
    "url timestamp capture digest rule stance quote prefix suffix selector language channel final_url".split()
)
OUTCOMES = {"passed", "failed", "cantTell", "inapplicable", "untested"}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture(scope="module")
def assessed(tmp_path_factory, workspace):
    with static_site(tmp_path_factory.mktemp("site")) as url:
        ran = losi(workspace, "assess", url, "--allow-private", "--json")
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def has(document, shape):
    assert {key for key, kind in shape.items() if not isinstance(document.get(key, ...), kind)} == set()


def test_it_works(assessed):
    assert assessed["schema"] == "losi-results/1"
    assert assessed["edition"] == "losi-2024"
    assert re.fullmatch("sha256:[0-9a-f]{64}", assessed["edition_digest"])
    assert re.fullmatch("sha256:[0-9a-f]{64}", assessed["rules_digest"])
    assert "not an official" in json.dumps(assessed).lower()
    (city,) = assessed["cities"]
    has(city, CITY)
    assert re.fullmatch("[a-z0-9-]+", city["id"])
    assert set(city["facts"]) >= {"https", "accessibility"}
    assert len(city["indicators"]) == 95
    assert all(set(one) >= {"url", "reason"} for one in city["skipped"])


def test_score(assessed):
    score = assessed["cities"][0]["score"]
    assert score["value"] is None
    assert score["level"] is None
    assert score["basis"] == "proposals"
    assert score["yes"] + score["no"] + score["open"] == score["of"] == 95
    assert all(re.fullmatch(r"[01]\.\d{4}", score[key]) for key in ("low", "high"))


def test_indicators(assessed):
    for one in assessed["cities"][0]["indicators"]:
        has(one, INDICATOR)
        assert one["proposal"] in OUTCOMES
        stances = [evidence["stance"] for evidence in one["evidence"]]
        assert one["proposal"] != "passed" or "for" in stances
        if one["proposal"] == "failed":
            assert set(one["searched"]) >= {"pages", "roles", "languages", "terms", "not_visited"}


def test_evidence(assessed):
    cited = [one for each in assessed["cities"][0]["indicators"] for one in each["evidence"]]
    assert cited
    for one in cited:
        assert set(EVIDENCE) <= set(one)
        assert one["url"].startswith(("http://", "https://"))
        assert one["capture"].startswith("urn:uuid:")
        assert one["stance"] in ("for", "against")
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", one["timestamp"])


def test_export_is_the_same_document(assessed, workspace):
    assert json.loads(losi(workspace, "export", "assess", "--format", "json").stdout) == assessed


def test_status(assessed, workspace):
    (round_,) = json.loads(losi(workspace, "status", "--json").stdout)["rounds"]
    (city,) = round_["cities"]
    has(
        city,
        {"id": str, "stage": str, "pages": int, "open": int, "blocked": int, "failed": int, "unsealed": int},
    )
