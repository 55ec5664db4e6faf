from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from app.storage.database import transaction
from tickets.keys import keys_from
from tickets.people.references import grouped, is_reference, read_reference, reference_of, reference_year

KEYS = keys_from("a-key-for-the-references-of-these-tests")

# As `tickets.intake.opening` draws it, with everything else it needs.
_NUMBER = text("select nextval('ticket_number_2026')")


def test_a_reference_is_ten_digits_beginning_with_the_year():
    reference = reference_of(1, year=2026, keys=KEYS)

    assert len(reference) == 10
    assert reference.startswith("26")
    assert is_reference(reference)


def test_no_two_numbers_of_a_year_share_a_reference():
    references = {reference_of(n, year=2026, keys=KEYS) for n in range(1, 20_001)}

    assert len(references) == 20_000


def test_neighbouring_numbers_do_not_have_neighbouring_references():
    first, second = (int(reference_of(n, year=2026, keys=KEYS)[2:9]) for n in (1000, 1001))

    assert abs(first - second) > 10


def test_another_key_gives_another_order():
    other = keys_from("another-key-for-the-same-numbers-of-a-year")

    assert reference_of(7, year=2026, keys=KEYS) != reference_of(7, year=2026, keys=other)


def test_every_single_wrong_digit_and_every_swap_of_neighbours_is_noticed():
    reference = reference_of(4711, year=2026, keys=KEYS)

    for place in range(10):
        for digit in "0123456789":
            wrong = reference[:place] + digit + reference[place + 1 :]
            assert is_reference(wrong) == (wrong == reference)
    for place in range(9):
        swapped = reference[:place] + reference[place + 1] + reference[place] + reference[place + 2 :]
        assert is_reference(swapped) == (swapped == reference)


@pytest.mark.parametrize("separator", [" ", "-", ".", "\u00a0", "  "])
def test_a_reference_is_read_however_it_is_grouped(separator):
    reference = reference_of(99, year=2026, keys=KEYS)

    assert read_reference(separator.join([reference[:2], reference[2:6], reference[6:]])) == reference
    assert read_reference(grouped(reference)) == reference


@pytest.mark.parametrize("text", ["", None, "1234", "abcdefghij", "٢٦٠٠٤٢١٧٣٣", "26 0042 17", "0" * 400])
def test_what_is_no_reference_reads_as_none(text):
    assert read_reference(text) is None


def test_the_year_is_the_one_on_the_citys_wall():
    assert reference_year(datetime(2026, 12, 31, 18, 0, tzinfo=UTC)) == 2027


def test_fifty_writers_at_once_never_get_the_same_reference(committed):
    def twenty(_: int) -> list[str]:
        with transaction(committed.factory) as session:
            return [reference_of(session.scalar(_NUMBER), year=2026, keys=KEYS) for _ in range(20)]

    with ThreadPoolExecutor(50) as writers:
        batches = list(writers.map(twenty, range(50)))

    references = [reference for batch in batches for reference in batch]
    assert len(set(references)) == 1000
