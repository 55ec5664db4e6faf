import re
from pathlib import Path

import pytest

from app.wording.reasons import REASONS, reason_text, reason_texts
from tests.factories import open_ticket

ROUTING = Path(__file__).resolve().parents[3] / "tickets" / "routing" / "decision.py"
INTAKE = ROUTING.parent.parent / "intake" / "opening.py"
UNIT = {"unit_id": 1, "unit": "Phường Sài Gòn", "unit_en": "Sai Gon Ward"}


@pytest.fixture(autouse=True)
def page(app):
    with app.test_request_context():
        yield


def test_every_code_that_routing_can_give_has_a_sentence():
    given = set(re.findall(r'Reason\(\s*"([a-z_]+)"', ROUTING.read_text("utf-8") + INTAKE.read_text("utf-8")))

    assert given
    assert given <= set(REASONS)


@pytest.mark.parametrize("level", ["ward", "city"])
def test_the_codes_made_from_a_level_have_sentences_too(level):
    assert {f"category_{level}", f"procedure_{level}"} <= set(REASONS)


def test_a_reason_is_told_in_the_language_of_the_reader_with_the_name_in_that_language():
    params = {**UNIT, "said": "phường bến nghé"}

    assert reason_text("place_unique", params, "vi") == "“phường bến nghé” nay thuộc Phường Sài Gòn."
    assert reason_text("place_unique", params, "en") == "“phường bến nghé” is now in Sai Gon Ward."


def test_many_units_are_named_up_to_four():
    units = [f"Phường {n}" for n in range(1, 8)]

    told = reason_text("place_ambiguous", {"said": "Tân Bình", "units": units, "units_en": units}, "vi")

    assert told == "“Tân Bình” có thể là Phường 1, Phường 2, Phường 3, Phường 4 …."


def test_percent_signs_in_what_somebody_said_do_no_harm():
    assert "100%(x)s" in reason_text("place_none", {"said": "100%(x)s"}, "vi")


def test_the_reasons_of_a_real_ticket_are_told_in_both_languages(session):
    opened = open_ticket(session, unit_code=None, place_text="phường bến nghé quận 1 cũ")
    stored = [reason.as_json() for reason in opened.reasons]

    for locale in ("vi", "en"):
        sentences = reason_texts(stored, locale)
        assert len(sentences) == len(stored)
        assert all(sentence.endswith(".") for sentence in sentences)


def test_a_code_of_another_version_is_shown_as_it_is():
    assert reason_text("from_the_future", {}, "vi") == "from_the_future"
