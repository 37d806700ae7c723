from __future__ import annotations

from pathlib import Path

import pytest

from checks.errors import BadData
from checks.yamlfile import parse_yaml, read_yaml, refuse


def test_it_works() -> None:
    assert parse_yaml("a: {b: [no, 010, 1.0, 2026-11-23, null]}", "x").data == {
        "a": {"b": ["no", "010", "1.0", "2026-11-23", "null"]}
    }


def test_every_key_has_its_line() -> None:
    source = parse_yaml("a:\n  b:\n    - c\n    - d\n", "x.yaml")
    assert str(source.fault(("a", "b", 1), "expected e")) == "x.yaml:4: a.b.1: expected e"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a: [", "x:1: file: not valid YAML"),
        ("a: 1\na: 2", "x:2: a: the key stands twice"),
        ("a: &x [1]\nb: *x", "aliases"),
        ("a: 1\n\tb: 2", "not valid YAML"),
    ],
)
def test_what_is_wrong_is_said(text: str, fault: str) -> None:
    assert fault in "\n".join(map(str, parse_yaml(text, "x").faults))


def test_bytes_that_are_no_text() -> None:
    assert parse_yaml(b"\xff\xfe\x00a\x80", "x").faults


def test_a_missing_file_is_a_fault_not_a_crash(tmp_path: Path) -> None:
    assert "cannot be read" in str(read_yaml(tmp_path / "none.yaml").faults[0])


def test_all_faults_are_carried() -> None:
    with pytest.raises(BadData, match="and 1 more"):
        refuse(parse_yaml("a: 1\na: 2\nb: 1\nb: 2", "x").faults)
