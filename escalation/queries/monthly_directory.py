"""What units hear of their duty to publish: a month to be confirmed, that it is late, that something came back.

By their screen and by mail. On the first day of a month, the day after the last one, and then every Monday.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from escalation.queries.regular_word import post_words, post_words_of_the_day
from tickets import done_days
from tickets.city import day_of
from tickets.directory import releases
from tickets.directory.confirmations import CONFIRM_BY_DAY
from tickets.directory.standing import Person
from tickets.directory.standing_rows import city_office_people, supervisors_of
from tickets.each_alone import PutAside
from tickets.queries.directory_duty import UnitDuty, directory_duty

REMINDER_TEMPLATE, LATE_TEMPLATE, RETURNED_TEMPLATE = "directory_unconfirmed", "directory_late", "directory_returned"
_MOST_NAMED = 15
_MONDAY = 0


def remind_of_directory(session: Session, *, now: datetime, put_aside: PutAside | None = None) -> int:
    """What the hourly job does; returns how many people were told."""
    releases.begin(session, now=now)
    today = day_of(now)
    if not _is_told_on(today) or done_days.is_done(session, REMINDER_TEMPLATE, on_day=today):
        return 0
    if not done_days.take(session, REMINDER_TEMPLATE, on_day=today, now=now):
        return 0
    waiting = [one for one in directory_duty(session, now=now) if not one.is_confirmed and one.released is not None]
    words = _reminders(session, waiting, now=now)
    told = post_words_of_the_day(session, REMINDER_TEMPLATE, words, day=today, put_aside=put_aside, now=now)
    return told + _report(session, [one for one in waiting if one.is_late], put_aside=put_aside, now=now)


def tell_returned(session: Session, unit_ids: Collection[int], *, reason: str, now: datetime) -> int:
    """The supervisors of each unit read what to mend; returns how many people there are to read it."""
    units = {one.facts.unit_id: one for one in directory_duty(session, unit_ids=unit_ids, now=now)}
    told = supervisors_of(session, units, now=now)
    for unit_id, person in told:
        decided = units[unit_id].decided
        words = [(person, {"unit": _named(units[unit_id]), "reason": reason})]
        post_words(session, RETURNED_TEMPLATE, words, of=decided.number if decided else 0, now=now)
    return len(told)


def _is_told_on(today: date) -> bool:
    if today.day in (1, CONFIRM_BY_DAY + 1):
        return True
    return today.weekday() == _MONDAY and today.day > CONFIRM_BY_DAY


def _reminders(session: Session, waiting: Sequence[UnitDuty], *, now: datetime) -> list[tuple[Person, dict[str, Any]]]:
    by_unit = {one.facts.unit_id: one for one in waiting}
    told: dict[int, tuple[Person, list[UnitDuty]]] = {}
    for unit_id, person in supervisors_of(session, by_unit, now=now):
        told.setdefault(person.staff_id, (person, []))[1].append(by_unit[unit_id])
    return [
        (person, {"is_late": any(one.is_late for one in units), **_counted(units)}) for person, units in told.values()
    ]


def _report(session: Session, late: Sequence[UnitDuty], *, put_aside: PutAside | None, now: datetime) -> int:
    """The City Office reads who is late."""
    if not late:
        return 0
    words = [(person, _counted(late)) for person in city_office_people(session, now=now)]
    with done_days.unless_put_aside(session, REMINDER_TEMPLATE, put_aside, on_day=day_of(now)) as put:
        return post_words(session, LATE_TEMPLATE, words, of=day_of(now), put_aside=put, now=now)


def _counted(units: Sequence[UnitDuty]) -> dict[str, Any]:
    return {"count": len(units), "units": [_named(one) for one in units[:_MOST_NAMED]]}


def _named(one: UnitDuty) -> dict[str, str]:
    return {"vi": one.facts.name, "en": one.facts.name_en}
