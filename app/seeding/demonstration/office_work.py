"""What the demonstration shows at the City Office's desk: units that confirmed, that wait, that got it back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.city import day_of, wall_clock
from tickets.directory import releases
from tickets.directory.catalogue_months import insert_month, shares_now
from tickets.directory.catalogue_steps import STAGES, enter_step
from tickets.directory.catalogue_years import YEARS_WITHOUT, insert_counts
from tickets.directory.confirmations import insert_confirmation, month_of
from tickets.directory.entries_now import entries_now
from tickets.directory.lines import published_lines
from tickets.directory.offices import correct_office, offices_of
from tickets.directory.procedures import correct_procedure
from tickets.directory.shifts import turns_at
from tickets.outbox.night_checks import insert_calls, set_consent
from tickets.people.actor import SYSTEM, staff_actor
from tickets.schema import Procedure, RoleAssignment, Staff, Unit
from tickets.states import NightResult, Role

# Since when the directory of the demonstration is public.
PUBLIC_SINCE = timedelta(days=75)
# Of each procedure on its way, how many days ago it came to its stages; the second is late with its publication.
_ON_THEIR_WAY = ((120, 112, 103, 90, 70, 61), (60, 52), (45, 40, 33, 20), (30, 24, 15), (4,))
_MONTHS_SHOWN = 6
_WEEKS_OF_NIGHTS, _NIGHTS_SEED = 9, 20261101
_ENDS_AT_NIGHT = (*[NightResult.ANSWERED] * 6, NightResult.RANG_OUT, NightResult.BUSY, NightResult.MACHINE)
_NEW_HOURS = "07:00–17:30"
_RETURNED = "Thiếu giờ làm việc của bộ phận một cửa: đề nghị bổ sung."


def show_office_work(session: Session, *, now: datetime) -> None:
    """Three units with people confirm as units do, the rest are late by themselves; the second asks for new hours."""
    units = _supervised(session)
    months = _months_before(month_of(day_of(now)))
    for number, (unit_id, staff_id) in enumerate(units[:3]):
        for month in months:
            _confirm(session, unit_id, staff_id, month, now=now)
        if number < 2:
            if number == 1:
                correct_office(session, offices_of(session, unit_id)[0].id, {"opening_hours": _NEW_HOURS})
            _confirm(session, unit_id, staff_id, month_of(day_of(now)), now=now)
    _give_back(session, units[2][0], now=now)
    _show_catalogue(session, now=now)
    _show_nights(session, units, now=now)


def _supervised(session: Session) -> list[tuple[int, int]]:
    """(unit, its first supervisor) of invented people, by the unit's code."""
    rows = session.execute(
        select(RoleAssignment.unit_id, RoleAssignment.staff_id)
        .join(Staff, Staff.id == RoleAssignment.staff_id)
        .join(Unit, Unit.id == RoleAssignment.unit_id)
        .where(Staff.is_demo, RoleAssignment.role == Role.SUPERVISOR)
        .order_by(Unit.code, RoleAssignment.id)
    )
    first: dict[int, int] = {}
    for unit_id, staff_id in rows:
        first.setdefault(unit_id, staff_id)
    return [(unit_id, staff_id) for unit_id, staff_id in first.items() if offices_of(session, unit_id)]


def _months_before(month: date) -> list[date]:
    last = month_of(month - timedelta(days=1))
    return [month_of(last - timedelta(days=1)), last]


def _confirm(session: Session, unit_id: int, staff_id: int, month: date, *, now: datetime) -> None:
    """On the third day of the month, or a moment ago where that is still to come."""
    at = min(now, now + (month.replace(day=3) - day_of(now)))
    entry = entries_now(session, [unit_id], on=day_of(now))[unit_id]
    insert_confirmation(session, unit_id, month=month, fingerprint=entry.fingerprint, staff_id=staff_id, now=at)


def _give_back(session: Session, unit_id: int, *, now: datetime) -> None:
    person = session.scalars(
        select(Staff)
        .join(RoleAssignment, RoleAssignment.staff_id == Staff.id)
        .where(Staff.is_demo, RoleAssignment.role == Role.CITY_OFFICE)
        .order_by(Staff.id)
        .limit(1)
    ).one()
    office = offices_of(session, unit_id)[0]
    correct_office(session, office.id, {"opening_hours": ""})
    entry = entries_now(session, [unit_id], on=day_of(now))[unit_id]
    releases.give_back(session, {unit_id: entry.fingerprint}, reason=_RETURNED, actor=staff_actor(person.id), now=now)


def _show_catalogue(session: Session, *, now: datetime) -> None:
    """Five procedures on their way (one late), shares that have grown, and three that nobody asked for."""
    rows = session.scalars(select(Procedure).where(Procedure.department_id.is_not(None)).order_by(Procedure.id)).all()
    for number, procedure in enumerate(rows[: len(_ON_THEIR_WAY)]):
        for position, days_ago in enumerate(_ON_THEIR_WAY[number]):
            enter_step(
                session, procedure.id, STAGES[position], on_day=day_of(now) - timedelta(days=days_ago),
                document_no=f"{120 + 10 * number + position}/QĐ-UBND", actor=SYSTEM, now=now,
            )  # fmt: skip
    for number, procedure in enumerate(rows):
        columns = {"online_level": ("full", "partial", "none")[number % 3], "for_business": number % 4 == 0}
        correct_procedure(session, procedure.id, {**columns, "boundary_free": number % 5 != 0})
    _show_months(session, now=now)
    last = day_of(now).year - 1
    years = [(row.id, last - back, 0) for row in rows[-3:] for back in range(YEARS_WITHOUT)]
    insert_counts(session, [*years, *((row.id, last, 40 + row.id) for row in rows[:-3])])


def _show_months(session: Session, *, now: datetime) -> None:
    month = month_of(day_of(now))
    found = shares_now(session)
    for back in range(_MONTHS_SHOWN):
        for unit_id, shares in found.items():
            less = min(back, shares.boundary_free), min(back, shares.online), min(back, shares.of_business_online)
            before = replace(
                shares, boundary_free=shares.boundary_free - less[0], online=shares.online - less[1],
                of_business_online=shares.of_business_online - less[2],
            )  # fmt: skip
            insert_month(session, month, unit_id, before, now=now)
        month = month_of(month - timedelta(days=1))


def _show_nights(session: Session, units: Sequence[tuple[int, int]], *, now: datetime) -> None:
    """All of them consent but the last; a night a week, and not every call is answered."""
    rng = Random(_NIGHTS_SEED)  # noqa: S311  (no secret is made of it)
    calls: list[dict[str, object]] = []
    for unit_id, staff_id in units[:-1]:
        set_consent(session, unit_id, is_given=True, actor=staff_actor(staff_id), now=now)
        for week in range(1, _WEEKS_OF_NIGHTS):
            begins = wall_clock(now).replace(hour=22, minute=5) - timedelta(days=7 * week)
            at, night = begins + timedelta(minutes=rng.randrange(420)), begins.date()
            on_duty = {turn.person for turn in turns_at(session, unit_id, from_at=at, to_at=at + timedelta(seconds=1))}
            result = rng.choice(_ENDS_AT_NIGHT)
            seconds = rng.randrange(8, 40) if result is NightResult.ANSWERED else None
            calls += [
                {"line_id": line.id, "unit_id": unit_id, "night": night, "call_at": at, "result": result.value,
                 "seconds": seconds, "judged_at": at + timedelta(minutes=2), "dedup_key": f"shown:{line.id}:{night}",
                 "on_duty": ", ".join(sorted(on_duty)),
                 "pressed": "1" if seconds else "",
                 "pressed_at": at + timedelta(seconds=seconds) if seconds else None}
                for line in published_lines(session, unit_id=unit_id, on=day_of(now))
            ]  # fmt: skip
    insert_calls(session, calls)
