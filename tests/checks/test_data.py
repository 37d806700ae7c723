"""The package's own data files, and what validation says of broken ones."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import checks
from checks import country, edition, fingerprint, lexicon, rule
from checks.matchers import MATCHERS
from checks.rule import KINDS, check_rule, load_rules
from checks.rulebook import load_rulebook, parse_rulebook, rules_text
from checks.validation import validate
from checks.yamlfile import parse_yaml

GOOD = """schema: rule/1
id: example
version: "1"
title: An example
look_at: [page]
signals:
  named: {family: wording, kind: title, topic: pay}
  shaped: {family: form, kind: form, purpose: pay}
  seen: {family: provider, kind: provider, provider: payment}
propose:
  passed: [[named, shaped], [seen]]
messages: {passed: "a", failed: "b", cantTell: "c"}
references: [here]
checked: "2026-11-23"
"""


def said(text: str) -> str:
    source = parse_yaml(text, "rules/example.yaml")
    faults = check_rule(source, topics=frozenset({"pay"}), kinds=frozenset({"payment"}))
    return "\n".join(map(str, faults))


def test_it_works() -> None:
    assert said(GOOD) == ""


def test_all_files_of_the_package_are_in_order() -> None:
    assert [str(fault) for fault in validate()] == []


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("kind: title", "kind: tilte", "rules/example.yaml:7: signals.named.kind: unknown kind 'tilte'"),
        ("topic: pay}", "topic: pya}", "unknown topic 'pya'"),
        ("family: wording", "family: words", "unknown family"),
        ("provider: payment", "provider: paymnt", "unknown fingerprint kind"),
        ("purpose: pay", "purpose: spend", "unknown purpose"),
        ("purpose: pay", "zone: main", "form does not know it"),
        ("[named, shaped]", "[named]", "one family only"),
        ("[named, shaped]", "[named, other]", "unknown signal 'other'"),
        ('failed: "b", ', "", "no message for 'failed'"),
        ("look_at: [page]", "look_at: [pages]", "unknown capture kind"),
        ("id: example", "id: other", "expected the file's name"),
        ('checked: "2026-11-23"', "", "'checked' is missing"),
        ("references: [here]", "references: [here]\nnonsense: 1", "unknown key"),
        ("references: [here]", "references: [here]\nwants: [nothing]", "unknown topic 'nothing'"),
        ("references: [here]", 'references: [here]\ncoverage: {pages: "many"}', "expected a number"),
    ],
)
def test_a_broken_rule_is_named_with_its_line(old: str, new: str, fault: str) -> None:
    assert fault in said(GOOD.replace(old, new, 1))


def test_a_folder_with_faults_lists_them_all(tmp_path: Path) -> None:
    package = Path(checks.__file__).parent
    for part in ("lexicons", "editions"):
        shutil.copytree(package / part, tmp_path / part)
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "broken.yaml").write_text("schema: rule/1\nid: [", encoding="utf-8")
    (tmp_path / "countries").mkdir()
    (tmp_path / "countries" / "xx.yaml").write_text("schema: country/1\ncountry: YY\n", encoding="utf-8")
    (tmp_path / "fingerprints" / "payment").mkdir(parents=True)
    (tmp_path / "fingerprints" / "payment" / "gb.yaml").write_text(
        "schema: fingerprint/1\nkind: payment\ncountry: GB\nproviders:\n"
        '  all: {name: All, hosts: [gov.uk, co.uk], source: s, checked: "2026-11-23"}\n',
        encoding="utf-8",
    )
    found = "\n".join(map(str, validate(tmp_path)))
    for expected in (
        "rules/broken.yaml:2: file: not valid YAML",
        "countries/xx.yaml:2: country: expected the file's name",
        "countries/xx.yaml:1: file: the key 'languages' is missing",
        "fingerprints/payment/gb.yaml:5: providers.all.hosts.1: 'co.uk' is a public suffix",
        "unknown rule 'privacy-policy'",
    ):
        assert expected in found


def test_every_kind_has_a_matcher_and_every_matcher_says_what_it_does() -> None:
    assert set(KINDS) == set(MATCHERS)
    for name, matcher in MATCHERS.items():
        assert matcher.__doc__, name


def test_the_rules_text_is_all_that_a_round_needs() -> None:
    again = parse_rulebook(rules_text())
    assert again.digest == load_rulebook().digest
    assert sorted(again.rules) == sorted(load_rules())
    assert again.lexicon(["en"]).scan("privacy policy") == lexicon.load_lexicon(["en"]).scan("privacy policy")
    assert len(again.providers) == len(load_rulebook().providers)


def test_a_damaged_rules_text_is_refused() -> None:
    with pytest.raises(checks.BadData, match="not JSON"):
        parse_rulebook("{")
    with pytest.raises(checks.BadData, match="expected losi-rules/1"):
        parse_rulebook("{}")


def test_the_folders_are_the_registry() -> None:
    for module in (country, edition, fingerprint, lexicon, rule):
        assert any(module.FOLDER.rglob("*.yaml")), module.FOLDER


def test_a_country_is_found_by_either_code() -> None:
    assert country.load_country("PRT").code == country.load_country("pt").code == "PT"
    assert country.load_country("XXX") == country.UNKNOWN


def test_exported_names_are_sorted() -> None:
    assert checks.__all__ == sorted(checks.__all__)
    for name in checks.__all__:
        assert hasattr(checks, name)
