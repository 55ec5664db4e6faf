"""Numbers follow the reader's language, wherever a page shows them."""

import re

import pytest
from flask import render_template_string
from flask_babel import force_locale

from app.settings import ROOT
from app.web.frame.application import HotlineApp
from app.wording.spoken_numbers import number_phrase, percent_phrase

# What a template or a page's module must leave to app/wording: its own per cent sign, its own dates and decimals.
BY_HAND = re.compile(r"""\d\s*%[<"]|\}\}\s*%(?!\})|strftime|%[dbB]/%m|\.\d+[f%]\}|"%\.?\d*f""")
SHOWN = [*(ROOT / "templates").rglob("*.html"), *(ROOT / "app" / "web").rglob("*.py")]


@pytest.mark.parametrize(
    ("locale", "number", "share", "exact"),
    [("vi", "12.480", "85%", "85,0%"), ("en", "12,480", "85%", "85.0%")],
)
def test_numbers_are_written_as_their_language_writes_them(
    app: HotlineApp, locale: str, number: str, share: str, exact: str
) -> None:
    with app.test_request_context(), force_locale(locale):
        written = number_phrase(12480), percent_phrase(0.85), percent_phrase(0.85, 1)

    assert written == (number, share, exact)


@pytest.mark.parametrize(("locale", "shown"), [("vi", "12.480"), ("en", "12,480")])
def test_tiles_tables_and_bars_show_numbers_in_the_readers_language(app: HotlineApp, locale: str, shown: str) -> None:
    with app.test_request_context(), force_locale(locale):
        parts = render_template_string(
            """{% from "components/tiles.html" import tile %}{% from "components/tables.html" import cell %}
            {% from "components/figures.html" import share_bar %}
            {{ tile("a", 12480) }}{{ cell("b", 12480) }}{{ share_bar(0.5, "c") }}"""
        )

    assert parts.count(shown) == 2
    assert "50%" in parts


def test_no_page_writes_a_date_or_a_share_by_hand() -> None:
    machine_readable = {ROOT / "app" / "web" / "frame" / "presentation.py"}

    by_hand = [
        f"{path.relative_to(ROOT)}: {found.group()}"
        for path in SHOWN
        if path not in machine_readable
        for found in BY_HAND.finditer(path.read_text("utf-8"))
    ]

    assert by_hand == []


def test_the_rule_above_finds_what_it_looks_for() -> None:
    for wrong in ("{{ share }} %", '"85 %"', 'day.strftime("%d")', "{share:.1%}", "{share * 100:.1f} %"):
        assert BY_HAND.search(wrong), wrong
    assert not BY_HAND.search("{% if a %}{{ b }}{% endif %}")
