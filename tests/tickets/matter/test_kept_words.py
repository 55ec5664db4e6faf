"""Words of the city in its database: every version stays what it was, and a release takes nothing of the city's."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from tests.factories import staff
from tickets.matter import read_matter
from tickets.matter.kept import (
    WordEdit,
    edits_back_to,
    load_shipped,
    newest_version,
    publish_words,
    rows_of,
    words_in_force,
)
from tickets.matter.lists import WordList, WordRow, shipped_rows
from tickets.people.actor import staff_actor
from tickets.routing.rules import load_rules, version_now

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
SAID = "Xóm tôi bị cuồng lũ"
NEW = WordRow(WordList.DANGER, "drowning", 2, "cuồng lũ")


def publish(session: Session, *edits: WordEdit, at: datetime = NOW) -> int | None:
    actor = staff_actor(staff(session).id)
    return publish_words(session, edits, reason="a word of the river", actor=actor, now=at)


def test_an_installed_city_has_the_words_of_the_release(session: Session) -> None:
    assert newest_version(session) == 1
    assert [one.row for one in rows_of(session, 1)] == list(shipped_rows())
    assert load_shipped(session, now=NOW) is None


def test_a_published_word_is_read_and_the_version_before_stays_what_it_was(session: Session) -> None:
    before, moved = rows_of(session, 1), version_now(session)
    assert not read_matter(SAID, words_in_force(session)).may_be_danger

    number = publish(session, WordEdit(None, NEW))

    words = words_in_force(session)
    assert (number, words.version) == (2, "2")
    assert read_matter(SAID, words).is_danger
    assert rows_of(session, 1) == before
    # Whoever keeps rules in memory, the phone too, reads them anew with the next contact.
    assert version_now(session) != moved
    assert load_rules(session, on=NOW.date()).routing.words is words


def test_going_back_says_again_what_an_earlier_version_said_without_taking_one_away(session: Session) -> None:
    old = rows_of(session, 1)[0]
    publish(session, WordEdit(None, NEW), WordEdit(old, WordRow(old.row.list, old.row.says, 1, "cháy nhà")))

    number = publish(session, *edits_back_to(session, 1))

    assert number == 3
    assert [one.row for one in rows_of(session, 3)] == [one.row for one in rows_of(session, 1)]
    assert NEW in [one.row for one in rows_of(session, 2)]
    assert not read_matter(SAID, words_in_force(session)).may_be_danger


def test_publishing_what_stands_is_no_new_version(session: Session) -> None:
    old = rows_of(session, 1)[5]

    assert publish(session, WordEdit(old, old.row)) is None
    assert newest_version(session) == 1


def test_a_newer_release_brings_its_words_and_leaves_what_the_city_made_of_others(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed, dropped, taken_out = rows_of(session, 1)[:3]
    ours = WordRow(changed.row.list, changed.row.says, 1, "cháy lan rồi")
    publish(session, WordEdit(changed, ours), WordEdit(taken_out, None), WordEdit(None, NEW))
    brought = WordRow(WordList.DANGER, "tree", 2, "cây đè")
    release = [*shipped_rows(), brought]
    release.remove(dropped.row)
    monkeypatch.setattr("tickets.matter.kept.shipped_rows", lambda: tuple(release))

    number = load_shipped(session, now=NOW + timedelta(days=1))

    rows = [one.row for one in rows_of(session, number or 0)]
    assert {ours, NEW, brought} <= set(rows)
    assert not {changed.row, dropped.row, taken_out.row} & set(rows)
    assert load_shipped(session, now=NOW + timedelta(days=2)) is None
