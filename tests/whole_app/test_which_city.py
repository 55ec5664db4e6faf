"""Which city this is stands in settings and reference data alone: another city puts other files there."""

import ast
import re

import pytest

from app.settings import load_settings
from tests.conftest import NOW
from tests.whole_app.sources import ROOT, nodes, sources, strings
from tickets.city import city, use_zone, wall_clock

_THE_CITY = re.compile(
    r"Asia/Ho_Chi_Minh|Ho[_ ]?Chi[_ ]?Minh|Hồ Chí Minh|TP\.? ?HCM|TPHCM|HCMC|Sài Gòn|Saigon|tp\.? ?hcm", re.IGNORECASE
)
# A country's numbering plan and its length of mobile numbers.
_THE_COUNTRY = re.compile(r"^\+?84\d*$|^VN$")
# What plays a city instead of being one: the demonstration, what measures, and the built-in telephone.
_PLAYED = (
    "app/seeding/", "app/bench/", "app/rehearsal/", "app/simulator/", "app/accounts/demo_links.py",
    "app/cli/simulator.py",
)  # fmt: skip
# The one module that knows the country's numbering plan; a default of a setting that every installation sets.
_KNOWS_THE_COUNTRY = {"tickets/people/phones.py", "app/settings.py"}


@pytest.mark.parametrize("folder", ["templates", "app/locales", "app/static/js", "app/static/css"])
def test_no_page_and_no_message_names_the_city_itself(folder: str) -> None:
    found = [
        f"{file.relative_to(ROOT)}: {said[0]}"
        for file in sorted((ROOT / folder).rglob("*"))
        if file.is_file() and file.suffix in {".html", ".txt", ".yaml", ".po", ".js", ".css", ".xml"}
        if (said := _THE_CITY.findall(file.read_text()))
    ]

    assert found == []


def test_no_code_names_the_city_or_its_country() -> None:
    found = []
    for path, tree in sources().items():
        docstrings = _docstrings(tree)
        for text in strings(tree):
            if id(text) in docstrings or path.startswith(_PLAYED):
                continue
            country = _THE_COUNTRY.search(text.value) and path not in _KNOWS_THE_COUNTRY
            if country or _THE_CITY.search(text.value):
                found.append(f"{path}:{text.lineno}: {text.value[:60]}")

    assert found == []


def test_the_operators_zone_holds_for_everything_that_asks_the_wall_clock(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("HOTLINE_TIMEZONE", "Asia/Tokyo")

    try:
        load_settings(data_dir=tmp_path)

        assert wall_clock(NOW).hour == 11
    finally:
        use_zone(city().zone)
    assert wall_clock(NOW).hour == 9


def _docstrings(tree: ast.AST) -> set[int]:
    return {id(node.value) for node in nodes(tree) if isinstance(node, ast.Expr)}
