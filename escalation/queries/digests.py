"""The 07:00 list: what has reached the Chair and nobody has answered for, in a few lines, once a day (R12, L5).

On days off it tells of emergencies alone; the next working day tells of the rest.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from sqlalchemy import Exists, and_, or_, select
from sqlalchemy.orm import Session, aliased

from escalation.acknowledging.right import rights_to_answer, stands_there_now
from escalation.firing.telling import duty_calendar
from escalation.queries.heirs import write_down_heirs
from escalation.queries.list_lines import WaitingLine, params_of
from tickets import done_days
from tickets.city import wall_clock
from tickets.directory.standing import Reachable
from tickets.each_alone import PutAside, all_or_each
from tickets.outbox import posting
from tickets.outbox.gathering import DAILY_LIST_TEMPLATE
from tickets.outbox.posting import Outgoing
from tickets.people.roles import load_viewer
from tickets.promises.calendar import WorkingCalendar, windows_on
from tickets.promises.loading import load_rulebook
from tickets.promises.plan import DAILY_LIST_AT
from tickets.schema import (
    Acknowledgement,
    Category,
    Clock,
    Instruction,
    PlannedStep,
    Staff,
    StepRecipient,
    Ticket,
    Unit,
)
from tickets.states import ClockStatus, OutboundChannel, Priority, StepKind

_LONGEST_HOLIDAY_DAYS = 21
DIGEST_TEMPLATE = DAILY_LIST_TEMPLATE
# A list that was refused is one of the morning no more: the next morning's tells of the same.
_NOT_AGAIN_FROM = time(11, 30)


def post_daily_lists(session: Session, *, now: datetime, put_aside: PutAside | None = None) -> int:
    """Post this morning's lists, once it is 07:00 and once a day. Returns to how many people.

    Whose list is refused, and nobody else, gets it with a later round of the morning; nobody gets one twice.
    """
    seven = _this_morning(now)
    day = seven.date()
    if now < seven or done_days.is_done(session, DIGEST_TEMPLATE, on_day=day):
        return 0
    if not done_days.take(session, DIGEST_TEMPLATE, on_day=day, now=now):
        return 0
    left = done_days.left(session, DIGEST_TEMPLATE, on_day=day)
    if left and wall_clock(now).time() >= _NOT_AGAIN_FROM:
        done_days.forget_left(session, DIGEST_TEMPLATE, on_day=day)
        return 0
    open_days = _Mornings(duty_calendar(load_rulebook(session)))
    waiting = _unanswered(session, before=seven)
    if open_days.is_off(seven):
        waiting = [line for line in waiting if line.ticket.priority is Priority.EMERGENCY]
    if left:
        waiting = [line for line in waiting if not left.isdisjoint((_names(line.person, seven)[0], str(line.step.id)))]
    lists: dict[int, list[WaitingLine]] = {}
    with done_days.unless_put_aside(session, DIGEST_TEMPLATE, put_aside, on_day=day) as put:
        for line in _answerable(session, waiting, put_aside=put, now=now):
            lists.setdefault(line.person.id, []).append(line)
        since = open_days.before(seven)
        messages = [message for lines in lists.values() for message in _messages(lines, since=since, day=seven)]
        posting.post_to_each(session, messages, put_aside=put, now=now)
    return len(lists)


@dataclass(frozen=True, slots=True)
class _Mornings:
    """Which mornings are working ones."""

    calendar: WorkingCalendar

    def is_off(self, morning: datetime) -> bool:
        return not windows_on(self.calendar, morning.date())

    def before(self, morning: datetime) -> datetime:
        """The last morning that had a full list."""
        earlier = (morning - timedelta(days=days) for days in range(1, _LONGEST_HOLIDAY_DAYS))
        return next((one for one in earlier if not self.is_off(one)), morning - timedelta(days=1))


def _unanswered(session: Session, *, before: datetime) -> Sequence[WaitingLine]:
    """Levels that nobody has answered, of late promises that wait neither for a further date nor for an instruction."""
    owing = aliased(Unit)
    rows = session.execute(
        select(Staff, PlannedStep, Ticket, Unit, Clock, Category, owing)
        .join(StepRecipient, StepRecipient.staff_id == Staff.id)
        .join(PlannedStep, PlannedStep.id == StepRecipient.step_id)
        .join(Clock, Clock.id == PlannedStep.clock_id)
        .join(Ticket, Ticket.id == PlannedStep.ticket_id)
        .join(Unit, Unit.id == Ticket.unit_id)
        .outerjoin(Category, Category.id == Ticket.category_id)
        .outerjoin(owing, owing.id == Clock.due_unit_id)
        .outerjoin(Acknowledgement, Acknowledgement.step_id == PlannedStep.id)
        .where(
            PlannedStep.kind == StepKind.LEVEL,
            PlannedStep.detail["in"].astext == "daily_list",
            PlannedStep.fired_at < before,
            Clock.status == ClockStatus.RUNNING,
            Clock.due_at < before,
            ~_has_a_date(before),
            ~_is_instructed(before),
            Acknowledgement.step_id.is_(None),
            Staff.disabled_at.is_(None),
        )
        .order_by(PlannedStep.due_at)
    )
    return [WaitingLine(*row) for row in rows]


def _has_a_date(then: datetime) -> Exists:
    """Somebody has given the promise a date that is not over: with the first answer to a level, or a later one."""
    answered, first = aliased(PlannedStep), aliased(Acknowledgement)
    # What holds the next level as well was told by when it should be done.
    later = and_(Instruction.holds_until.is_not(None), Instruction.due_at > then)
    return (
        select(answered.id)
        .outerjoin(first, first.step_id == answered.id)
        .outerjoin(Instruction, Instruction.step_id == answered.id)
        .where(answered.clock_id == PlannedStep.clock_id, or_(first.new_due_at > then, later))
        .exists()
    )


def _is_instructed(then: datetime) -> Exists:
    """Whoever stands right below has told the unit what to do, and its time for that runs (A5)."""
    below = aliased(PlannedStep)
    runs = and_(
        Instruction.due_at > then,
        Instruction.answered_at.is_(None),
        Instruction.broken_at.is_(None),
        Instruction.ended_at.is_(None),
    )
    return (
        select(Instruction.id)
        .join(below, below.id == Instruction.step_id)
        .where(below.clock_id == PlannedStep.clock_id, below.rank >= PlannedStep.rank - 1, runs)
        .exists()
    )


def _answerable(
    session: Session, lines: Sequence[WaitingLine], *, put_aside: PutAside | None, now: datetime
) -> list[WaitingLine]:
    """To whoever was told and may still answer; where that has ended, to whoever stands there this morning.

    The successor is written down as told, so that the level stands on their page too.
    """
    by_person: dict[int, list[int]] = {}
    for line in lines:
        by_person.setdefault(line.person.id, []).append(line.step.id)
    kept = {
        (staff_id, step_id) for staff_id, ids in by_person.items() for step_id in _mine(session, staff_id, ids, now=now)
    }
    answered_for = {step_id for _, step_id in kept}
    orphaned = {line.step.id: line for line in lines if line.step.id not in answered_for}
    heirs = stands_there_now(session, orphaned, now=now) if orphaned else {}
    written: list[tuple[int, Reachable]] = []

    def write(some: Sequence[tuple[int, Reachable]]) -> None:
        write_down_heirs(session, some, now=now)
        written.extend(some)

    all_or_each(session, list(heirs.items()), write, named=lambda heir: heir[0], put_aside=put_aside)
    left = [line for line in lines if (line.person.id, line.step.id) in kept]
    people = {heir.person.staff_id for _, heir in written}
    staff = {one.id: one for one in session.scalars(select(Staff).where(Staff.id.in_(people)))} if people else {}
    return left + [
        replace(orphaned[step_id], person=staff[heir.person.staff_id], is_inherited=True) for step_id, heir in written
    ]


def _mine(session: Session, staff_id: int, step_ids: Sequence[int], *, now: datetime) -> Collection[int]:
    viewer = load_viewer(session, staff_id, now=now)
    return rights_to_answer(session, step_ids, viewer=viewer, now=now) if viewer is not None else ()


def _messages(lines: Sequence[WaitingLine], *, since: datetime, day: datetime) -> list[Outgoing]:
    """Emergencies first, then what came since the last list, then what has waited longest."""
    ordered = sorted(
        lines,
        key=lambda line: (line.ticket.priority is not Priority.EMERGENCY, not line.came_since(since), line.step.due_at),
    )
    person, params = lines[0].person, params_of(ordered)
    addresses = {OutboundChannel.EMAIL: person.email, OutboundChannel.SCREEN: ""}
    return [
        Outgoing(
            channel=channel,
            address=addresses.get(channel, person.phone or ""),
            template=DIGEST_TEMPLATE,
            params=params,
            locale=person.locale,
            dedup_key=name,
            staff_id=person.id,
        )
        for channel, name in zip(_channels(person), _names(person, day), strict=True)
    ]


def _channels(person: Staff) -> list[OutboundChannel]:
    return [OutboundChannel.EMAIL, OutboundChannel.SCREEN, *([OutboundChannel.SMS] if person.phone else [])]


def _names(person: Staff, day: datetime) -> list[str]:
    """What the messages of their list are called; by the first it is put aside."""
    return [f"daily-list:{day.date().isoformat()}:{person.id}:{channel}" for channel in _channels(person)]


def _this_morning(now: datetime) -> datetime:
    local = wall_clock(now)
    return datetime.combine(local.date(), time(DAILY_LIST_AT.hour, DAILY_LIST_AT.minute), tzinfo=local.tzinfo)
