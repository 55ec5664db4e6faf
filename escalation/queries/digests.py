"""The 07:00 list: what has reached the Chair and nobody has answered for, at most ten lines, once a day (R12, L5).

On days off it tells of emergencies alone; the next working day tells of the rest.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from escalation.acknowledging.right import rights_to_answer, stands_there_now
from escalation.firing.telling import duty_calendar
from escalation.queries.heirs import write_down_heirs
from tickets import done_days
from tickets.city import wall_clock
from tickets.outbox import posting
from tickets.outbox.judged_lists import DAILY_LIST_TEMPLATE, INHERITED_STEPS, STEPS
from tickets.outbox.posting import Outgoing
from tickets.people.roles import load_viewer
from tickets.promises.calendar import WorkingCalendar, windows_on
from tickets.promises.loading import load_rulebook
from tickets.promises.plan import DAILY_LIST_AT
from tickets.schema import Acknowledgement, Category, Clock, PlannedStep, Staff, StepRecipient, Ticket, Unit
from tickets.states import ClockStatus, OutboundChannel, Priority, StepKind


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """One level waiting for a person's answer."""

    person: Staff
    step: PlannedStep
    ticket: Ticket
    unit: Unit
    clock: Clock
    category: Category | None
    # Where the ticket was when the promise broke: they are late, and not whoever has been given it since (R23).
    owing: Unit | None
    # Nobody had told them: they stand this morning where whoever was told stood.
    is_inherited: bool = False

    def came_since(self, at: datetime) -> bool:
        return self.step.fired_at is not None and self.step.fired_at >= at


MOST_LINES = 10
_LONGEST_HOLIDAY_DAYS = 21
DIGEST_TEMPLATE = DAILY_LIST_TEMPLATE


def post_daily_lists(session: Session, *, now: datetime) -> int:
    """Post this morning's lists, once it is 07:00 and once a day. Returns to how many people."""
    seven = _this_morning(now)
    day = seven.date()
    if now < seven or done_days.is_done(session, DIGEST_TEMPLATE, on_day=day):
        return 0
    if not done_days.take(session, DIGEST_TEMPLATE, on_day=day, now=now):
        return 0
    open_days = _Mornings(duty_calendar(load_rulebook(session)))
    waiting = _unanswered(session, before=seven)
    if open_days.is_off(seven):
        waiting = [line for line in waiting if line.ticket.priority is Priority.EMERGENCY]
    lists: dict[int, list[WaitingLine]] = {}
    for line in _answerable(session, waiting, now=now):
        lists.setdefault(line.person.id, []).append(line)
    since = open_days.before(seven)
    messages = [message for lines in lists.values() for message in _messages(lines, since=since, day=seven)]
    posting.post_all(session, messages, now=now)
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
    """Levels that nobody has answered, of promises that are late and have been given no further date by anybody."""
    owing, answered, dated = aliased(Unit), aliased(PlannedStep), aliased(Acknowledgement)
    has_a_date = (
        select(dated.step_id)
        .join(answered, answered.id == dated.step_id)
        .where(answered.clock_id == PlannedStep.clock_id, dated.new_due_at > before)
        .exists()
    )
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
            ~has_a_date,
            Acknowledgement.step_id.is_(None),
            Staff.disabled_at.is_(None),
        )
        .order_by(PlannedStep.due_at)
    )
    return [WaitingLine(*row) for row in rows]


def _answerable(session: Session, lines: Sequence[WaitingLine], *, now: datetime) -> list[WaitingLine]:
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
    write_down_heirs(session, list(heirs.items()), now=now)
    left = [line for line in lines if (line.person.id, line.step.id) in kept]
    people = {heir.person.staff_id for heir in heirs.values()}
    staff = {one.id: one for one in session.scalars(select(Staff).where(Staff.id.in_(people)))} if people else {}
    return left + [
        replace(orphaned[step_id], person=staff[heir.person.staff_id], is_inherited=True)
        for step_id, heir in heirs.items()
    ]


def _mine(session: Session, staff_id: int, step_ids: Sequence[int], *, now: datetime) -> Collection[int]:
    viewer = load_viewer(session, staff_id, now=now)
    return rights_to_answer(session, step_ids, viewer=viewer, now=now) if viewer is not None else ()


def _messages(lines: Sequence[WaitingLine], *, since: datetime, day: datetime) -> list[Outgoing]:
    """What came since the last list first, then what has waited longest."""
    ordered = sorted(lines, key=lambda line: (not line.came_since(since), line.step.due_at))
    person = lines[0].person
    params = {
        "count": len(lines),
        "inherited": sum(line.is_inherited for line in lines),
        "items": [item_of(line) for line in ordered[:MOST_LINES]],
        STEPS: [line.step.id for line in ordered],
        INHERITED_STEPS: [line.step.id for line in ordered if line.is_inherited],
    }
    channels = [OutboundChannel.EMAIL, OutboundChannel.SCREEN, *([OutboundChannel.SMS] if person.phone else [])]
    addresses = {OutboundChannel.EMAIL: person.email, OutboundChannel.SCREEN: ""}
    return [
        Outgoing(
            channel=channel,
            address=addresses.get(channel, person.phone or ""),
            template=DIGEST_TEMPLATE,
            params=params,
            locale=person.locale,
            dedup_key=f"daily-list:{day.date().isoformat()}:{person.id}:{channel}",
            staff_id=person.id,
        )
        for channel in channels
    ]


def item_of(line: WaitingLine) -> dict[str, object]:
    """What is late, and why it is this person's: when it was reported to them, or that they stand there now."""
    told_at = line.step.fired_at if not line.is_inherited else None
    return {
        "step_id": line.step.id,
        "reference": line.ticket.reference,
        "unit": _names(line.owing or line.unit),
        "now_at": _names(line.unit) if line.owing is not None and line.owing.id != line.unit.id else None,
        # Without a word of the citizen's: mail is read on other people's screens.
        "matter": _names(line.category) if line.category is not None and not line.ticket.is_restricted else None,
        "is_restricted": line.ticket.is_restricted,
        "level": line.step.rank,
        "clock": line.clock.kind.value,
        "due_at": line.step.due_at.isoformat(),
        "told_at": told_at.isoformat() if told_at else None,
    }


def _names(named: Unit | Category) -> dict[str, str]:
    return {"vi": named.name, "en": named.name_en}


def _this_morning(now: datetime) -> datetime:
    local = wall_clock(now)
    return datetime.combine(local.date(), time(DAILY_LIST_AT.hour, DAILY_LIST_AT.minute), tzinfo=local.tzinfo)
