"""Days off and made-up working days: kept with their decree, and brought into the calendars they change (R1)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.audit.entries import record
from tickets.errors import InvalidInput, NotFound
from tickets.people.actor import Actor
from tickets.promises import calendar_files
from tickets.promises.calendar import windows_on
from tickets.promises.calendar_files import CalendarEntry, calendar_from, with_holidays
from tickets.promises.policies import adopt_newest, newest_calendar_versions, save_calendar
from tickets.schema import Holiday


def import_calendars(
    session: Session, entries: Sequence[CalendarEntry], *, actor: Actor, now: datetime
) -> tuple[str, ...]:
    """Write calendars with the holidays known so far; the keys of those that got a new version."""
    days = known_days(session)
    changed = []
    for entry in entries:
        calendar = with_holidays(entry.calendar, days) if entry.keeps_holidays else entry.calendar
        is_new = save_calendar(
            session,
            calendar,
            name=entry.name,
            name_en=entry.name_en,
            keeps_holidays=entry.keeps_holidays,
            actor=actor,
            now=now,
        )
        if is_new:
            changed.append(calendar.key)
    if changed:
        adopt_newest(session, actor=actor, now=now)
    return tuple(changed)


def import_holidays(
    session: Session, days: Sequence[calendar_files.HolidayEntry], *, actor: Actor, now: datetime
) -> tuple[str, ...]:
    """Keep the days, version every calendar they change, and let the policies in force use the new versions.

    Tickets opened from now on count with them; those that run keep their calendar (R21). Returns the calendars' keys.
    """
    for day in days:
        values = {"day": day.day, "kind": day.kind, "name": day.name, "name_en": day.name_en, "source": day.source}
        session.execute(insert(Holiday).values(values).on_conflict_do_update(index_elements=["day"], set_=values))
    return _lay_anew(session, actor=actor, now=now)


def keep_days(
    session: Session, days: Sequence[calendar_files.HolidayEntry], *, actor: Actor, now: datetime
) -> tuple[str, ...]:
    """`import_holidays`, by hand: the days themselves stand in the audit trail."""
    changed = import_holidays(session, days, actor=actor, now=now)
    told = [{"day": one.day.isoformat(), "kind": one.kind, "name": one.name, "source": one.source} for one in days]
    _audit(session, "holidays.kept", {"days": told, "calendars": list(changed)}, actor=actor, now=now)
    return changed


def take_day_back(session: Session, day: date, *, reason: str, actor: Actor, now: datetime) -> tuple[str, ...]:
    """A day that was kept by mistake is an ordinary day again, in further versions of the calendars it changed.

    Raises NotFound when it is no such day, InvalidInput without a reason.
    """
    if not reason.strip():
        raise InvalidInput("reason", "required")
    kept = session.scalars(select(Holiday).where(Holiday.day == day)).first()
    if kept is None:
        raise NotFound("holiday", day.isoformat())
    told = {"day": day.isoformat(), "kind": kept.kind, "name": kept.name, "reason": reason.strip()}
    session.delete(kept)
    session.flush()
    changed = _lay_anew(session, actor=actor, now=now)
    _audit(session, "holidays.taken_back", told | {"calendars": list(changed)}, actor=actor, now=now)
    return changed


def known_days(session: Session) -> list[calendar_files.HolidayEntry]:
    """Every day off and every worked weekend day, in order."""
    return [
        calendar_files.HolidayEntry(day.day, day.kind, day.name, day.name_en, day.source)
        for day in session.scalars(select(Holiday).order_by(Holiday.day))
    ]


def worked_anyway(session: Session, days: Sequence[calendar_files.HolidayEntry]) -> list[date]:
    """Days to be made up on which every calendar that keeps days off is open already: nothing would come of them."""
    newest = [(stored, version) for stored, version in newest_calendar_versions(session)]
    kept = [calendar_from(stored.key, one.spec) for stored, one in newest if one.spec.get("keeps_holidays")]
    made_up = [one.day for one in days if one.kind == calendar_files.WORKED]
    return [day for day in made_up if kept and all(windows_on(calendar, day) for calendar in kept)]


def _lay_anew(session: Session, *, actor: Actor, now: datetime) -> tuple[str, ...]:
    """A further version of every calendar that keeps holidays and differs with those known now."""
    entries = []
    for stored, version in newest_calendar_versions(session):
        if version.spec.get("keeps_holidays"):
            bare = replace(calendar_from(stored.key, version.spec), holidays=frozenset(), swapped={})
            entries.append(CalendarEntry(bare, stored.name, stored.name_en, True))
    return import_calendars(session, entries, actor=actor, now=now)


def _audit(session: Session, action: str, params: dict[str, Any], *, actor: Actor, now: datetime) -> None:
    record(session, actor=actor, action=action, subject_kind="holidays", subject_id=None, params=params, now=now)
