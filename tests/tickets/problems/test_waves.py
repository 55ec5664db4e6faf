"""What suddenly many report is found among what they always do: precision and recall on seeded waves, and its time."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random
from time import process_time

import pytest

from tests.faults.nodes import LONG
from tickets.problems.near_texts import near_groups
from tickets.problems.waves import Reported, Wave, chance_of, find_waves

NOW = datetime(2026, 7, 15, 10, tzinfo=UTC)
DAYS, A_DAY, UNITS, KINDS = 32, 500, 168, 60
# From Monday on: a city rests on Sunday.
WEEK = (1.3, 1.2, 1.1, 1.1, 1.1, 0.8, 0.4)
TEMPLATE = "Chúng tôi là cư dân khu nhà này yêu cầu chủ đầu tư trả sổ hồng đã hứa từ ba năm trước"


@dataclass
class City:
    """A month of ordinary days: few kinds make most of it, and few units."""

    rng: Random
    number: int = 0

    def report(self, at, kind, unit, *, said="", citizen=""):
        self.number += 1
        return Reported(self.number, at, unit, kind, None, citizen or f"c{self.number}", said)

    def ordinary(self):
        kinds = [1 / (kind + 1) for kind in range(KINDS)]
        units = [1 / (unit + 8) for unit in range(UNITS)]
        found = []
        for back in range(DAYS):
            day = NOW - timedelta(days=back)
            number = round(A_DAY * WEEK[day.weekday()] * self.rng.uniform(0.9, 1.1))
            for kind, unit in zip(
                self.rng.choices(range(KINDS), kinds, k=number),
                self.rng.choices(range(UNITS), units, k=number),
                strict=True,
            ):
                words = " ".join(f"từ{self.rng.randrange(4000)}" for _ in range(20)) if back < 4 else ""
                found.append(self.report(day - timedelta(hours=self.rng.uniform(0, 24)), kind, unit, said=words))
        return found

    def wave(self, kind, units, people, *, hours=20, said=""):
        return [
            self.report(NOW - timedelta(hours=self.rng.uniform(0, hours)), kind, self.rng.choice(units), said=said)
            for _ in range(people)
        ]


def seeded(seed):
    """A city with five waves: three in one ward, one over many, one of copied letters; and what belongs to each."""
    city = City(Random(seed))
    usual = city.ordinary()
    rng = city.rng
    waves = [
        *(city.wave(rng.randrange(20, KINDS), [rng.randrange(UNITS)], people) for people in (7, 9, 14)),
        city.wave(rng.randrange(30, KINDS), list(range(UNITS)), 25, hours=60),
        [
            replace(one, said=f"{TEMPLATE} số nhà {one.ticket_id}")
            for one in city.wave(None, list(range(UNITS)), 12, hours=60)
        ],
    ]
    return [*usual, *(one for wave in waves for one in wave)], [{one.ticket_id for one in wave} for wave in waves]


def judged(seeds):
    """Precision and recall: a wave is found where a proposal is mostly of it."""
    hits = proposals = wanted = 0
    for seed in seeds:
        reported, waves = seeded(seed)
        found = find_waves(reported, now=NOW)
        matched = {
            number
            for number, wave in enumerate(waves)
            for one in found
            if len(wave & set(one.ticket_ids)) >= max(4, len(one.ticket_ids) / 2)
        }
        right = sum(any(len(w & set(one.ticket_ids)) >= len(one.ticket_ids) / 2 for w in waves) for one in found)
        hits, proposals, wanted = hits + len(matched), proposals + len(found), wanted + len(waves)
        yield right / max(1, len(found)), len(matched) / len(waves)
    print(f"{proposals} proposed for {wanted} waves, {hits} of them found")


def test_seeded_waves_are_found_and_little_else():
    both = list(judged(range(20 if LONG else 3)))

    precision, recall = (sum(one[part] for one in both) / len(both) for part in (0, 1))
    print(f"precision {precision:.2f}, recall {recall:.2f}")
    assert precision >= 0.9, precision
    assert recall >= 0.9, recall


def test_a_month_of_five_hundred_a_day_is_looked_through_in_seconds():
    reported, _waves = seeded(1)
    began = process_time()

    find_waves(reported, now=NOW)

    spent = process_time() - began
    print(f"{len(reported)} tickets in {spent:.2f} s of processor time")
    assert spent < 8


def test_an_ordinary_month_raises_nothing():
    assert find_waves(City(Random(5)).ordinary(), now=NOW) == []


def test_mondays_are_no_wave():
    city = City(Random(1))
    monday = NOW - timedelta(days=NOW.weekday())
    reported = []
    for back in range(29):
        day = monday - timedelta(days=back)
        number = 12 if day.weekday() == 0 else 2
        reported += [city.report(day - timedelta(minutes=n), 3, 1) for n in range(number)]

    assert find_waves(reported, now=monday) == []


def test_one_citizen_who_reports_ten_times_is_no_wave():
    city = City(Random(1))
    same = [city.report(NOW - timedelta(hours=1), 9, 1, citizen="one", said=TEMPLATE) for _ in range(10)]

    assert find_waves([*city.ordinary(), *same], now=NOW) == []


def test_a_wave_in_one_ward_is_the_wards_and_is_proposed_once():
    city = City(Random(2))
    wave = city.wave(50, [7], 12)

    [found] = find_waves([*city.ordinary(), *wave], now=NOW)

    assert isinstance(found, Wave)
    assert (found.cell.unit_id, found.cell.category_id, found.people) == (7, 50, 12)
    assert found.usual < 1


# The logarithms of Poisson's upper tail, from tables.
@pytest.mark.parametrize(("count", "expected", "truth"), [(10, 1.0, -16.01), (5, 0.05, -19.81), (40, 16.0, -14.93)])
def test_the_tail_of_chance_is_as_in_the_tables_and_never_below(count, expected, truth):
    assert truth - 0.05 <= chance_of(count, expected) <= truth + 0.3


def test_near_texts_belong_together_also_without_marks_and_with_words_added():
    texts = [
        TEMPLATE,
        TEMPLATE.upper(),
        f"{TEMPLATE} gấp lắm",
        "Đèn đường trước nhà tôi không sáng từ tuần trước đến nay",
    ]

    assert near_groups(texts, least=3) == [[0, 1, 2]]
    assert near_groups([texts[3]] * 2, least=3) == []
