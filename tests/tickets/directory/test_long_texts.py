"""A long text is read to its end: what stands in its last sentence counts where nothing before it named a place."""

from datetime import date

import pytest

from tests.work_done import calls_made
from tickets.directory.categories import Hint, suggest
from tickets.directory.places import build_index, resolve, resolve_whole, rows_from_csv

TODAY = date(2026, 11, 23)
INDEX = build_index(rows_from_csv())
STORY = "Tôi xin phản ánh việc nước ngập, đèn không sáng, người dân đi lại rất khó khăn. "


@pytest.mark.parametrize("at", [0, 1_780, 1_990, 2_010, 9_000, 19_900])
def test_a_place_is_found_wherever_it_stands(at: int) -> None:
    said = (STORY * 300)[:at] + " Phường An Phú Đông, quận 12. " + STORY

    found = resolve_whole(INDEX, said, on=TODAY)

    assert {one.unit_code for one in found.candidates} == {"26767"}


def test_the_first_piece_that_names_a_place_decides() -> None:
    said = "Phường An Phú Đông, quận 12. " + STORY * 50 + " Phường Bến Thành, quận 1."

    assert resolve_whole(INDEX, said, on=TODAY) == resolve(INDEX, said[:2000], on=TODAY)


def test_the_longest_text_is_as_much_work_as_its_pieces() -> None:
    said = (STORY * 300)[:20_000]

    work = calls_made(lambda: resolve_whole(INDEX, said * 50, on=TODAY))

    assert work <= 12.5 * calls_made(lambda: resolve(INDEX, said[:2000], on=TODAY)) + 1000


def test_a_citys_own_words_count_at_the_end_of_a_long_text() -> None:
    assert [one.category_id for one in suggest([Hint("ve chai", 7)], STORY * 200 + " bán ve chai", limit=1)] == [7]
