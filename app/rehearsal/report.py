"""Rehearsed days in words and tables, in the language that was asked for."""

from collections.abc import Iterator, Sequence

from flask_babel import gettext as _

from app.rehearsal.figures import Rehearsed
from app.wording.codes import clock_word, priority_word
from tickets.states import StepResult


def report(found: Rehearsed, *, locale: str) -> str:
    """Tables as in the README: promises, levels, people, and the days on which a leader met with too much."""
    return "\n".join(line for part in (_head, _promises, _levels, _people, _leaders) for line in part(found, locale))


def _head(found: Rehearsed, _locale: str) -> Iterator[str]:
    yield _(
        "%(days)s days from %(day)s, %(a_day)s tickets a day (%(count)s in all), seed %(seed)s.",
        days=found.days, day=found.begins_at[:10], a_day=found.tickets_a_day, count=found.tickets, seed=found.seed,
    )  # fmt: skip
    yield _(
        "Matters, people and how promptly they answer are those of the demonstration, in every unit of the city; every "
        "message arrives. Deadlines, levels, delivery hours, limits and gathering are the product’s own."
    )


def _promises(found: Rehearsed, _locale: str) -> Iterator[str]:
    yield from _table(
        [_("Promise"), _("kept"), _("broken"), _("taken back"), _("share")],
        [
            [clock_word(one.kind), one.kept, one.broken, one.cancelled, _share(one.kept, one.kept + one.broken)]
            for one in found.promises
            if one.kept + one.broken + one.cancelled
        ],
    )


def _levels(found: Rehearsed, _locale: str) -> Iterator[str]:
    results = {
        StepResult.NOTIFIED: _("told"), StepResult.SUPERSEDED: _("a higher one told"), StepResult.MERGED: _("merged"),
        StepResult.NOBODY: _("nobody there"), StepResult.VOID: _("no longer due"),
    }  # fmt: skip
    yield from _table(
        [_("Level"), *results.values()],
        [[f"L{one.level}", *(one.results.get(result.value, 0) for result in results)] for one in found.levels],
    )


def _people(found: Rehearsed, locale: str) -> Iterator[str]:
    yield from _table(
        [
            _("Post"), _("people"), _("items a day"), _("most on a day"),
            _("days above %(limit)s", limit=found.limit), _("messages a day"), _("most on a day"),
        ],
        [
            [
                (one.post_en if locale == "en" else one.post) or _("no post: told of warnings"),
                one.people, one.items_a_day, one.most_items, one.days_above, one.messages_a_day, one.most_messages,
            ]
            for one in found.posts
        ],
    )  # fmt: skip


def _leaders(found: Rehearsed, locale: str) -> Iterator[str]:
    yield ""
    yield _(
        "An item is a level that somebody is told of, or a line of a list. At most %(limit)s a day are meant for "
        "whoever leads something, but for emergencies, which never wait.",
        limit=found.limit,
    )
    yield from _table(
        [
            _("Leaders"), _("people"), _("items a day"), _("most on a day"), _("days"),
            _("days above %(limit)s", limit=found.limit), _("of these by emergencies alone"),
            _("matters a day, those that a line gathers one by one"), _("most on a day"),
            _("people with more than %(limit)s levels a day", limit=found.limit),
        ],
        [
            [
                _("of the city") if one.of_city else _("of wards, departments and other bodies"),
                one.people, one.items_a_day, one.most_items, one.days, one.days_above, one.by_emergencies,
                one.matters_a_day, one.most_matters, one.too_much_for,
            ]
            for one in found.leaders
        ],
    )  # fmt: skip
    if found.busiest:
        yield ""
        yield _("The busiest days of leaders, and what they were about:")
    for one in found.busiest:
        of = ", ".join(
            _(
                "%(count)s × level %(level)s, %(clock)s, %(priority)s",
                count=part.count, level=part.level, clock=clock_word(part.clock),
                priority=priority_word(part.priority),
            )
            for part in one.of
        )  # fmt: skip
        yield f"- {one.day}, {one.post_en if locale == 'en' else one.post} #{one.person}: {one.items} ({of})"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else ""


def _table(headings: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    yield ""
    yield f"| {' | '.join(headings)} |"
    yield "|" + " --- |" * len(headings)
    for row in rows:
        yield f"| {' | '.join(map(str, row))} |"
