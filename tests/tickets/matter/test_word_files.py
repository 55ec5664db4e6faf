"""Words as files: what is taken, what is refused with its row and column, and one import that is taken back whole."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from app.seeding.imports import FileRefused, bring_in, take_out
from tests.factories import staff
from tickets.matter import read_matter
from tickets.matter.kept import newest_version, rows_of, words_in_force
from tickets.matter.lists import shipped_rows
from tickets.people.actor import staff_actor

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SAID = "Xóm tôi bị cuồng lũ"


def bring(session: Session, kind: str, text: str) -> None:
    bring_in(session, kind, text, actor=staff_actor(staff(session).id), now=NOW)


def refused(session: Session, kind: str, text: str) -> list[tuple[int | None, str, str]]:
    with pytest.raises(FileRefused) as caught:
        bring(session, kind, text)
    return [(one.row, one.column, one.code) for one in caught.value.errors]


def test_a_pattern_from_a_file_is_read_with_the_next_text(session: Session) -> None:
    bring(session, "emergency-words", "Mẫu;Nói về;Trọng số\ncuồng lũ;drowning;2\n")

    assert read_matter(SAID, words_in_force(session)).is_danger
    assert newest_version(session) == 2


def test_what_is_taken_out_and_brought_in_again_changes_nothing(session: Session) -> None:
    for kind in ("emergency-words", "matter-words"):
        bring(session, kind, take_out(session, kind, now=NOW))

    assert newest_version(session) == 1


def test_bad_patterns_are_refused_with_their_row_and_column(session: Session) -> None:
    told = refused(
        session,
        "emergency-words",
        "pattern,tells_of,weight\n"
        "cháy nhà,no such thing,2\n"
        "cháy ~90 nhà,fire,2\n"
        "@nobody & cháy,fire,2\n"
        "cháy | | nhà,fire,2\n"
        "!!!,fire,2\n"
        "cháy nhà,fire,99\n",
    )

    assert told == [
        (2, "tells_of", "no_such_code"),
        (3, "pattern", "gap_too_wide"),
        (4, "pattern", "no_such_class"),
        (5, "pattern", "bad_phrase"),
        (6, "pattern", "bad_phrase"),
        (7, "weight", "bad_number"),
    ]
    assert newest_version(session) == 1


def test_a_class_that_patterns_ask_for_is_not_taken_out(session: Session) -> None:
    words = next(row.words for row in shipped_rows() if row.says == "building")

    told = refused(session, "matter-words", f"list,says,words,retired\ndanger_words,building,{words},yes\n")

    assert told == [(2, "retired", "class_in_use")]


def test_a_file_cannot_make_examples_of_danger_unread(session: Session) -> None:
    """What speaks of the past takes danger back: with these words every second cry for help would be a memory."""
    told = refused(session, "matter-words", "list,says,words\ndanger_words,past,cháy|cứu|đang|nhà|người\n")

    assert [code for _row, _column, code in told] == ["danger_lost"]
    assert newest_version(session) == 1


def test_a_short_form_is_written_out_from_the_next_text_on(session: Session) -> None:
    assert not read_matter("chny ben canh", words_in_force(session)).is_danger

    bring(session, "matter-words", "list,says,words\nshorthand,chny,cháy nhà\n")

    assert read_matter("chny ben canh", words_in_force(session)).is_danger


def test_rows_keep_their_place_when_a_file_changes_them(session: Session) -> None:
    shorthand = next(one for one in rows_of(session, 1) if one.row.list == "shorthand")

    bring(session, "matter-words", f"list,says,words\nshorthand,{shorthand.row.says},bây chừ\n")

    changed = next(one for one in rows_of(session, 2) if one.position == shorthand.position)
    assert changed.row.words == "bây chừ"
