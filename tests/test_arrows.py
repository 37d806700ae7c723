"""Who may import whom, and where third parties live (design: the dependency rule)."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = ("losi", "review_ui", "crawler", "checks", "evidence_store", "demo_city", "benchmarks")

MAY_IMPORT = {
    "losi": {"losi", "review_ui", "crawler", "checks", "evidence_store", "demo_city"},
    "review_ui": {"review_ui", "checks", "evidence_store"},
    "crawler": {"crawler", "checks", "evidence_store"},
    "checks": {"checks", "evidence_store"},
    "evidence_store": {"evidence_store"},
    "demo_city": {"demo_city"},
    "benchmarks": set(OURS),
}
# What the crawler may know of the questionnaire.
CRAWLER_MAY_NAME = {"Coverage", "Page", "Country", "Link", "Target"}
# Third parties have one home.
HOMES = {
    "scrapy": ("crawler", "benchmarks"),
    "twisted": ("crawler", "benchmarks"),
    "playwright": ("crawler",),
    "httpx": ("crawler", "benchmarks"),
    "protego": ("crawler",),
    "distributed": ("losi/fleet.py",),
    "warcio": ("evidence_store/warc.py", "evidence_store/wacz.py"),
    "fastwarc": ("evidence_store/warc.py", "evidence_store/wacz.py"),
    "rfc3161_client": ("evidence_store/timestamps.py",),
    "sqlalchemy": ("evidence_store",),
    "alembic": ("evidence_store",),
    "selectolax": ("checks", "review_ui/safe_page.py"),
    "fastapi": ("review_ui",),
    "click": ("losi",),
    "rich": ("losi",),
}
NETWORK = {
    "httpx",
    "requests",
    "urllib3",
    "aiohttp",
    "socket",
    "http.client",
    "urllib.request",
    "scrapy",
    "playwright",
}


def modules(package: str) -> list[Path]:
    return sorted(p for p in (ROOT / package).rglob("*.py") if "__pycache__" not in p.parts)


def imports(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(module, names) of each import, wherever it stands in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, ()) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, tuple(alias.name for alias in node.names)


def test_it_works():
    assert "losi.workspace" in dict(imports(ROOT / "losi" / "cli.py"))


@pytest.mark.parametrize("package", OURS)
def test_arrows_between_packages(package):
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in modules(package)
        for module, _ in imports(path)
        if (top := module.split(".")[0]) in OURS and top not in MAY_IMPORT[package]
    ]
    assert not wrong


def test_demo_city_is_known_to_the_demo_alone():
    knowing = {
        str(path.relative_to(ROOT))
        for package in OURS
        if package not in ("demo_city", "benchmarks")
        for path in modules(package)
        for module, _ in imports(path)
        if module.split(".")[0] == "demo_city"
    }
    assert knowing == {"losi/demo.py"}


def test_crawler_knows_little_of_checks():
    wrong = [
        f"{path.relative_to(ROOT)}: {module} {name}"
        for path in modules("crawler")
        for module, names in imports(path)
        if module.split(".")[0] == "checks"
        for name in names or (module,)
        if name not in CRAWLER_MAY_NAME
    ]
    assert not wrong


def test_checks_know_no_network():
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in modules("checks")
        for module, _ in imports(path)
        if module in NETWORK or module.split(".")[0] in NETWORK
    ]
    assert not wrong


@pytest.mark.parametrize("third_party", sorted(HOMES))
def test_third_parties_have_one_home(third_party):
    strangers = [
        str(path.relative_to(ROOT))
        for package in OURS
        for path in modules(package)
        for module, _ in imports(path)
        if module.split(".")[0] == third_party
        and not str(path.relative_to(ROOT)).startswith(HOMES[third_party])
    ]
    assert not strangers


@pytest.mark.parametrize("package", ["losi", "review_ui", "crawler", "checks", "evidence_store", "demo_city"])
def test_public_names_are_listed_and_sorted(package):
    tree = ast.parse((ROOT / package / "__init__.py").read_text(encoding="utf-8"))
    listed = [
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__all__"
    ]
    assert listed, f"{package}/__init__.py has no __all__"
    # CONSTANTS, then Classes, then functions: the order that ruff (RUF022) keeps.
    assert listed[0] == sorted(listed[0], key=lambda name: (not name.isupper(), name[0].islower(), name))
