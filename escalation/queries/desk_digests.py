"""A morning and an evening list for each person: what waits on their desk, by a way that is open to them then.

It repeats nothing: whoever was told of a level within the last hours is not told again, and where nothing waits nothing
is sent. On days off it tells of emergencies alone; the next working day tells of the rest. What waits for the Chair has
a list of its own (`digests.py`).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from escalation.acknowledging.right import rights_to_answer
from escalation.acknowledging.waiting import STANDS
from escalation.firing.items_met import MORNING_LIST_AT, MOST_BEFORE_EVENING, MOST_ITEMS, met_on
from escalation.firing.telling import duty_calendar
from escalation.queries.list_lines import MOST_LINES, WaitingLine, params_of
from tickets import done_days
from tickets.city import wall_clock
from tickets.directory.contact_hours import Hours
from tickets.directory.contact_methods import methods_of
from tickets.each_alone import PutAside
from tickets.outbox import posting
from tickets.outbox.gathering import DAILY_LIST_TEMPLATE
from tickets.outbox.posting import Outgoing
from tickets.people.roles import load_viewer
from tickets.promises.calendar import windows_on
from tickets.promises.loading import load_rulebook
from tickets.promises.next_list import IN_NEXT_LIST
from tickets.promises.plan import CITY_LEADER_LEVEL
from tickets.schema import (
    Category,
    Clock,
    EscalationAttempt,
    PlannedStep,
    Staff,
    StandingReport,
    StepRecipient,
    Ticket,
    Unit,
)
from tickets.states import OutboundChannel, Priority, Role


@dataclass(frozen=True, slots=True)
class Round:
    """A time of the city's day at which the lists are sent, and until when it is worth sending them late.

    `most`: how many items a leader has met with on this day when it has come.
    """

    name: str
    at: time
    until: time
    most: int


ROUNDS = (
    Round("morning", MORNING_LIST_AT, time(11, 30), MOST_BEFORE_EVENING),
    Round("evening", time(16, 30), time(20, 0), MOST_ITEMS),
)
# Told so lately, the message about it is hardly read.
TOLD_LATELY = timedelta(hours=3)


def post_desk_digests(session: Session, *, now: datetime, put_aside: PutAside | None = None) -> int:
    """Post the lists of the round that is on, once a day each. Returns to how many people."""
    local = wall_clock(now)
    on = next((one for one in ROUNDS if one.at <= local.time() < one.until), None)
    if on is None:
        return 0
    work = f"digest_{on.name}"
    if done_days.is_done(session, work, on_day=local.date()):
        return 0
    if not done_days.take(session, work, on_day=local.date(), now=now):
        return 0
    is_day_off = not windows_on(duty_calendar(load_rulebook(session)), local.date())
    which = [Ticket.priority == Priority.EMERGENCY] if is_day_off else []
    key = f"{work}:{local.date().isoformat()}"
    # A later round is for those alone to whom it was refused.
    left = done_days.left(session, work, on_day=local.date())
    desks = [
        one
        for one in _by_person(session, which, now=now)
        if one.lines and (not left or _name(key, one.person, OutboundChannel.SCREEN) in left)
    ]
    ways = ways_of_writing(session, [one.person for one in desks], hour=local.hour)
    met = met_on(session, {one.person.id for one in desks if one.is_leaders}, local.date(), now=now)
    messages = [
        message
        for one in desks
        for message in _messages(
            one.lines, ways[one.person.id], _within_the_day(one.lines, met.get(one.person.id), on), key=key
        )
    ]
    with done_days.unless_put_aside(session, work, put_aside, on_day=local.date()) as put:
        posting.post_to_each(session, messages, put_aside=put, now=now)
    return len(desks)


@dataclass(frozen=True, slots=True)
class _Desk:
    """What waits for one person; `is_leaders` where they lead something, or the city's leadership is told of a line."""

    person: Staff
    lines: list[WaitingLine]
    is_leaders: bool


def _by_person(session: Session, which: Sequence[ColumnElement[bool]], *, now: datetime) -> Iterable[_Desk]:
    """Of each person, what waits and is theirs to answer today, in the order of their desk."""
    waiting: dict[int, list[WaitingLine]] = {}
    for line in waiting_lines(session, _is_news(since=now - TOLD_LATELY), *which):
        waiting.setdefault(line.person.id, []).append(line)
    for staff_id, lines in waiting.items():
        viewer = load_viewer(session, staff_id, now=now)
        ids = [line.step.id for line in lines]
        mine = rights_to_answer(session, ids, viewer=viewer, now=now) if viewer is not None else {}
        theirs = [line for line in lines if line.step.id in mine]
        leads = viewer is not None and viewer.holds(Role.LEADER)
        yield _Desk(lines[0].person, theirs, leads or any(line.step.rank >= CITY_LEADER_LEVEL for line in theirs))


def _is_news(*, since: datetime) -> ColumnElement[bool]:
    """Told before that; or since then on their desk alone: as of the next list, or because they came to stand there.

    Not where a list of what came to them, or a colleague who asked, has written to them since then.
    """
    attempt, told = EscalationAttempt, StepRecipient
    was_written = exists().where(
        attempt.step_id == told.step_id,
        attempt.staff_id == told.staff_id,
        attempt.outbound_id.is_not(None),
        attempt.method != OutboundChannel.SCREEN,
        attempt.at >= since,
    )
    only_on_the_desk = or_(PlannedStep.detail["in"].astext == IN_NEXT_LIST, told.told_at > PlannedStep.fired_at)
    return or_(told.told_at < since, and_(only_on_the_desk, told.capacity != "delegate", ~was_written))


def _within_the_day(lines: Sequence[WaitingLine], met: Collection[int] | None, on: Round) -> dict[str, Any]:
    """What the list says: to a leader, no more than their day has room for (R12)."""
    if met is None:
        return params_of(lines)
    return params_of(lines, met=met, room=min(MOST_LINES, max(1, on.most - len(met))))


def waiting_lines(session: Session, *those: ColumnElement[bool]) -> Sequence[WaitingLine]:
    """What waits on desks, in their order, as far as these conditions on reports and recipients say; no daily list."""
    owing = aliased(Unit)
    rows = session.execute(
        select(Staff, PlannedStep, Ticket, Unit, Clock, Category, owing)
        .select_from(StandingReport)
        .join(Staff, Staff.id == StandingReport.staff_id)
        .join(PlannedStep, PlannedStep.id == StandingReport.step_id)
        .join(
            StepRecipient,
            (StepRecipient.step_id == StandingReport.step_id) & (StepRecipient.staff_id == StandingReport.staff_id),
        )
        .join(Ticket, Ticket.id == StandingReport.ticket_id)
        .join(Unit, Unit.id == Ticket.unit_id)
        .join(Clock, Clock.id == StandingReport.clock_id)
        .outerjoin(Category, Category.id == Ticket.category_id)
        .outerjoin(owing, owing.id == Clock.due_unit_id)
        .where(
            StandingReport.is_answered.is_(False),
            PlannedStep.detail["in"].astext.is_distinct_from("daily_list"),
            *those,
            Staff.disabled_at.is_(None),
            *STANDS,
        )
        .order_by(
            StandingReport.harm.desc(),
            StandingReport.due_on,
            StandingReport.people.desc(),
            StandingReport.due_at,
            StandingReport.step_id,
        )
    )
    return [WaitingLine(*row) for row in rows]


def ways_of_writing(
    session: Session, people: Sequence[Staff], *, hour: int
) -> dict[int, list[tuple[OutboundChannel, str]]]:
    """By person, their screen and the first of their ways of writing that is open at this hour, if one is."""
    named = methods_of(session, [one.id for one in people])
    ways: dict[int, list[tuple[OutboundChannel, str]]] = {}
    for person in people:
        own = [
            (one.kind, one.address)
            for one in named.get(person.id, ())
            if one.verified_at is not None
            and one.kind is not OutboundChannel.VOICE
            and Hours(one.from_hour, one.to_hour).hold_at(hour)
        ]
        if person.id not in named:
            own = [(OutboundChannel.SMS, person.phone)] if person.phone else [(OutboundChannel.EMAIL, person.email)]
        ways[person.id] = [(OutboundChannel.SCREEN, ""), *own[:1]]
    return ways


def inherited_list(
    lines: Sequence[WaitingLine], ways: Sequence[tuple[OutboundChannel, str]], *, key: str
) -> list[Outgoing]:
    """The list of one person to whom these lines came from somebody else."""
    inherited = [replace(line, is_inherited=True) for line in lines]
    return _messages(inherited, ways, params_of(inherited), key=key)


def _messages(
    lines: Sequence[WaitingLine], ways: Sequence[tuple[OutboundChannel, str]], params: dict[str, Any], *, key: str
) -> list[Outgoing]:
    person = lines[0].person
    return [
        Outgoing(
            channel=channel,
            address=address,
            template=DAILY_LIST_TEMPLATE,
            params=params,
            locale=person.locale,
            dedup_key=_name(key, person, channel),
            staff_id=person.id,
        )
        for channel, address in ways
    ]


def _name(key: str, person: Staff, channel: OutboundChannel) -> str:
    return f"{key}:{person.id}:{channel}"
