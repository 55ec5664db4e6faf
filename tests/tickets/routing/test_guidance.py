"""Which guidance answers a matter: by kind, procedure, place and words, and which two contradict each other."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tickets.routing.guidance import (
    AskedMatter,
    GuidanceRule,
    GuidanceScope,
    answering,
    contradictions,
    phrases_of,
)

NOW = datetime(2026, 7, 1, 3, tzinfo=UTC)
LAND = GuidanceRule(
    1, GuidanceScope(category_id=7, phrases=phrases_of("sổ đỏ\nCấp đổi giấy")), {"vi": "?", "en": "?"},
    {"vi": "Vậy.", "en": "So."}, {"vi": "", "en": ""}, "12/HD", NOW - timedelta(days=3),
)  # fmt: skip


def of(**scope):
    return replace(LAND, id=2, scope=GuidanceScope(**scope))


@pytest.mark.parametrize(
    ("matter", "answers"),
    [
        (AskedMatter(5, 7, None, "Tôi muốn hỏi về SO DO của nhà tôi"), True),
        (AskedMatter(5, None, None, "cấp đổi giấy bao lâu"), True),
        (AskedMatter(5, 7, None, "đất của tôi"), False),
        (AskedMatter(5, 8, None, "sổ đỏ"), False),
        (AskedMatter(), False),
    ],
)
def test_words_must_be_said_and_another_kind_is_another_matter(matter, answers):
    assert bool(answering([LAND], matter)) is answers


def test_without_words_the_kind_or_the_procedure_decides():
    by_kind, by_procedure = of(category_id=7), of(procedure_id=3)

    assert answering([by_kind], AskedMatter(5, 7)) == (by_kind,)
    assert answering([by_kind], AskedMatter(5, None)) == ()
    assert answering([by_procedure], AskedMatter(5, 7, 3)) == (by_procedure,)


def test_it_holds_for_its_area_alone_and_the_closest_stands_first():
    here, everywhere = of(category_id=7, unit_ids=frozenset({5})), replace(of(category_id=7), id=9)

    assert answering([everywhere, here], AskedMatter(5, 7)) == (here, everywhere)
    assert answering([everywhere, here], AskedMatter(6, 7)) == (everywhere,)


@pytest.mark.parametrize(
    ("one", "other", "contradict"),
    [
        ({"category_id": 7}, {"category_id": 7}, True),
        ({"category_id": 7}, {"category_id": 8}, False),
        ({"category_id": 7, "unit_ids": frozenset({1})}, {"category_id": 7, "unit_ids": frozenset({2})}, False),
        ({"category_id": 7, "unit_ids": frozenset({1})}, {"category_id": 7}, True),
        ({"phrases": ("so do",)}, {"phrases": ("cap doi so do",)}, True),
        ({"category_id": 7, "phrases": ("so do",)}, {"category_id": 7, "phrases": ("lan chiem",)}, False),
    ],
)
def test_two_that_answer_the_same_matter_are_named(one, other, contradict):
    a, b = replace(of(**one), id=1), of(**other)

    assert bool(list(contradictions([a, b]))) is contradict


def test_after_half_a_year_somebody_has_to_look_again():
    assert not LAND.is_old(NOW)
    assert LAND.is_old(NOW + timedelta(days=180))
