"""Templates can be read: no line runs out of the window, and every component says what it means and what it takes."""

import re
from pathlib import Path

import pytest
from jinja2 import nodes

from app.settings import ROOT
from app.web.frame.application import HotlineApp

TEMPLATES = ROOT / "templates"
LONGEST_LINE = 200
# {# name: its meaning and its parameters. #} directly above {% macro name(parameters) %}
MACRO = re.compile(r"(?:\{#((?:(?!#\}).)*)#\}\n)?\{%-? macro (\w+)\((.*?)\)\s*-?%\}", re.DOTALL)


def test_no_line_of_a_template_is_longer_than_two_hundred_characters() -> None:
    long_lines = [
        f"{path.relative_to(ROOT)}:{number} has {len(line)}"
        for path in sorted(TEMPLATES.rglob("*"))
        if path.is_file()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if len(line) > LONGEST_LINE
    ]

    assert long_lines == []


def test_every_filter_and_test_of_a_page_is_known(app: HotlineApp) -> None:
    """Jinja looks for them when a page is drawn, and in a branch that is seldom taken perhaps for the first time."""
    known = {nodes.Filter: set(app.jinja_env.filters), nodes.Test: set(app.jinja_env.tests)}
    unknown = []
    for path in sorted(TEMPLATES.rglob("*.html")):
        parsed = app.jinja_env.parse(path.read_text("utf-8"))
        for kind, names in known.items():
            used = {node.name for node in parsed.find_all(kind)}
            unknown += [f"{path.relative_to(ROOT)}: {name}" for name in sorted(used - names)]

    assert unknown == []


@pytest.mark.parametrize("path", sorted((TEMPLATES / "components").glob("*.html")), ids=lambda path: path.stem)
def test_every_component_says_what_it_means_and_what_each_parameter_is(path: Path) -> None:
    assert undocumented(path.read_text("utf-8")) == []


def test_a_component_without_its_meaning_or_with_a_parameter_unnamed_is_found() -> None:
    assert undocumented("{% macro tile(label) -%}") == ["tile: no comment above it"]
    assert undocumented("{# tile: one figure. #}\n{% macro tile(label, url=None) -%}") == ["tile: label", "tile: url"]
    assert undocumented('{# tile: a figure. label: its words. #}\n{% macro tile(label="a, b=c") -%}') == []


def undocumented(source: str) -> list[str]:
    """What is missing above the macros of a template: the comment, or the name of a parameter in it."""
    missing = []
    for above, name, parameters in MACRO.findall(source):
        comment = " ".join(above.split())
        if not re.match(rf"{name}: \S+( \S+)+", comment):
            missing.append(f"{name}: no comment above it")
            continue
        bare = re.sub(r'"[^"]*"', '""', parameters)
        wanted = [one.split("=")[0].strip() for one in bare.split(",") if one.strip()]
        missing += [f"{name}: {one}" for one in wanted if not re.search(rf"\b{one}\b", comment)]
    return missing
