"""Weights of a word for many kinds in one number: a sum is that of each kind alone, and none takes from another."""

import csv
from collections import Counter

import pytest

from tickets.matter.lanes import KindWords
from tickets.matter.lists import FILES

with (FILES / "kind_words.csv").open(encoding="utf-8", newline="") as _lines:
    SHIPPED = [(row["kind"], row["word"], round(float(row["weight"]) * 100)) for row in csv.DictReader(_lines)]


def test_what_all_words_weigh_together_is_the_sum_of_each_kind_by_itself() -> None:
    apart: Counter[str] = Counter()
    for kind, _word, weight in SHIPPED:
        apart[kind] += weight

    assert KindWords.of(SHIPPED).sums({word for _kind, word, _weight in SHIPPED}) == dict(apart)


def test_each_word_keeps_what_it_weighs_for_each_kind() -> None:
    words = KindWords.of(SHIPPED)

    assert [words.of_kind(kind, {word}) for kind, word, _weight in SHIPPED] == [{w: n} for _kind, w, n in SHIPPED]
    assert words.of_kind("a kind of nobody", {SHIPPED[0][1]}) == {}


def test_words_that_nobody_taught_weigh_nothing() -> None:
    assert KindWords.of(SHIPPED).sums({"không ai dạy chữ này"}) == {}
    assert KindWords.of([]).sums({"rác"}) == {}


@pytest.mark.parametrize("weight", [0, -70, 2**20])
def test_a_weight_that_would_reach_into_another_kind_is_refused(weight: int) -> None:
    with pytest.raises(ValueError, match="rác"):
        KindWords.of([("rubbish", "rác", weight)])
