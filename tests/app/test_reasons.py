"""Reasons of routing are told in both languages, whatever the rules decide."""

import re
from pathlib import Path

import pytest

from app import reasons
from tickets import routing

PARAMS = {
    "unit": "Phường Sài Gòn",
    "unit_en": "Sai Gon Ward",
    "units": ["Phường A", "Phường B"],
    "units_en": ["A Ward", "B Ward"],
    "said": "bến nghé",
    "category": "Rác thải",
    "category_en": "Rubbish",
    "words": "rác",
    "procedure": "Đăng ký khai sinh",
    "line": "+842838000000",
}


def codes() -> set[str]:
    """Every code that routing names, those with a part filled in included."""
    source = Path(routing.__file__).read_text()
    named = set(re.findall(r'Reason\("(\w+)"', source)) | set(re.findall(r'code = "(\w+)"', source))
    named |= {"conduct_unknown_unit", "conduct_city", "city_answers", "procedure_boundary_free"}
    levels = {f"{what}_{level}" for what in ("procedure", "category") for level in ("ward", "city")}
    return named | levels | {"place_split", "place_ambiguous"}


@pytest.mark.parametrize("code", sorted(codes()))
@pytest.mark.parametrize("locale", ["vi", "en"])
def test_every_reason_of_routing_has_its_sentence(code: str, locale: str) -> None:
    told = reasons.reason_text(code, PARAMS, locale)

    assert told.endswith(".")
    assert "{" not in told
    assert "—" not in told


def test_english_sentences_name_units_in_english() -> None:
    assert "Sai Gon Ward" in reasons.reason_text("unit_chosen", PARAMS, "en")


def test_an_unknown_reason_is_shown_rather_than_hidden() -> None:
    assert reasons.reason_text("from_the_future", {}, "vi") == "from_the_future"
