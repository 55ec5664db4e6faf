"""What came of an answer: who has worked on the ticket since, and how it ended."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CTE, Boolean, ColumnElement, exists, literal, literal_column, select, true, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from escalation.acknowledging.given_back import DECLINED_BY
from escalation.acknowledging.right import rights_to_answer
from tickets.people.roles import Viewer, visible_tickets
from tickets.schema import (
    Acknowledgement,
    Clock,
    PlannedStep,
    PostHolding,
    Responsibility,
    Staff,
    StepRecipient,
    Ticket,
    TimelineEntry,
    Unit,
)
from tickets.schema.promise import IS_RESPONSIBLE
from tickets.states import UNFINISHED, ClockKind, ClockStatus, TicketStatus, TimelineKind

# Of the latest answers, more than a page of the reader's own stands among.
_MOST_LOOKED_AT = 100
# Of the levels a post was told of last: weeks of them, by the five a day that a leader is to have at most.
_MOST_TOLD = 200
# In place of a post: what a decision gives a member of the city's leadership.
_LEADS = 0
# What people do about a matter; warnings, levels raised and answers to them are our own noise.
_WORK = (
    TimelineKind.MESSAGE_OUT, TimelineKind.NOTE, TimelineKind.CALL, TimelineKind.CLAIMED, TimelineKind.ASSIGNED,
    TimelineKind.TRANSFERRED, TimelineKind.RETURNED, TimelineKind.HELD, TimelineKind.RESOLVED, TimelineKind.REOPENED,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Work:
    """The last thing done about a ticket; `kind` is None when nobody has done anything yet."""

    status: TicketStatus
    kind: TimelineKind | None
    at: datetime | None
    by: str

    def since(self, at: datetime) -> bool:
        return self.at is not None and self.at >= at


@dataclass(frozen=True, slots=True)
class EndedInstruction:
    """An instruction of mine, or of whoever stood there before me, whose promise has ended meanwhile."""

    step_id: int
    reference: str
    subject: str
    is_restricted: bool
    unit: str
    unit_en: str
    clock: ClockKind
    ended: ClockStatus
    ended_at: datetime | None
    status: TicketStatus
    answered_at: datetime
    instruction: str
    by_id: int
    by: str


@dataclass(frozen=True, slots=True)
class FurtherAnswer:
    """What was said about a level after its first answer."""

    by: str
    at: datetime
    instruction: str
    new_due_at: datetime | None
    # The level that came at once, because this one was passed up.
    passed_to_level: int | None = None


def said_since(session: Session, steps: Mapping[int, int]) -> dict[int, list[FurtherAnswer]]:
    """By level, whatever was said after its first answer, oldest first; `steps` gives each level's ticket."""
    if not steps:
        return {}
    entry = TimelineEntry
    step_id, due = entry.params["step_id"].as_integer(), entry.params["new_due_at"].astext
    passed_to = entry.params["passed_to"].as_integer()
    rows = session.execute(
        select(step_id, Staff.name, entry.at, entry.body, due, passed_to)
        .join(Staff, Staff.id == entry.staff_id)
        .where(
            entry.ticket_id.in_(set(steps.values())),
            entry.kind == TimelineKind.ACKNOWLEDGED,
            step_id.in_(steps),
        )
        .order_by(entry.id)
    )
    said: dict[int, list[FurtherAnswer]] = {}
    for of_step, by, at, body, until, level in rows:
        answer = FurtherAnswer(by, at, body or "", datetime.fromisoformat(until) if until else None, level)
        said.setdefault(of_step, []).append(answer)
    return {of_step: answers[1:] for of_step, answers in said.items()}


def latest_work(session: Session, viewer: Viewer, ticket_ids: Collection[int]) -> dict[int, Work]:
    """The last work on each of these tickets that the viewer may see; the others are not in the answer."""
    if not ticket_ids:
        return {}
    last = (
        select(TimelineEntry.kind, TimelineEntry.at, TimelineEntry.staff_id)
        .where(
            TimelineEntry.ticket_id == Ticket.id,
            TimelineEntry.kind.in_(_WORK),
            # Whoever gives back what they were asked says why they do nothing about it.
            TimelineEntry.params[DECLINED_BY].astext.is_(None),
        )
        .order_by(TimelineEntry.id.desc())
        .limit(1)
        .lateral()
    )
    rows = session.execute(
        select(Ticket.id, Ticket.status, last.c.kind, last.c.at, Staff.name)
        .select_from(Ticket)
        .outerjoin(last, true())
        .outerjoin(Staff, Staff.id == last.c.staff_id)
        .where(Ticket.id.in_(ticket_ids), visible_tickets(viewer))
    )
    return {ticket_id: Work(status, kind, at, by or "") for ticket_id, status, kind, at, by in rows}


def ended_since(
    session: Session, viewer: Viewer, *, since: datetime, limit: int = 20, now: datetime
) -> list[EndedInstruction]:
    """What was answered since then for a level that is this person's today, and has ended; the last answer first.

    Asked of the responsibility (A4): whoever moved on reads nothing more of it, whoever came after them reads it.
    """
    last = _last_answered(session, viewer.staff_id, since=since, now=now)
    answered = session.scalars(
        select(last.c.step_id)
        .join(PlannedStep, PlannedStep.id == last.c.step_id)
        .join(Clock, Clock.id == PlannedStep.clock_id)
        .join(Ticket, Ticket.id == last.c.ticket_id)
        .where((Clock.status != ClockStatus.RUNNING) | Ticket.status.not_in(UNFINISHED))
        .order_by(last.c.at.desc(), last.c.step_id)
        .limit(_MOST_LOOKED_AT)
    ).all()
    if not answered:
        return []
    mine = rights_to_answer(session, answered, viewer=viewer, now=now)
    return _ended(session, [step_id for step_id in answered if step_id in mine][:limit])


def said_by_or_where(
    session: Session,
    staff_id: int,
    *,
    by: InstrumentedAttribute[int],
    step_id: InstrumentedAttribute[int],
    now: datetime,
) -> ColumnElement[bool]:
    """What this person said, or was said about levels told to a post they hold now or to a leader's responsibility."""
    posts = _posts_of(session, staff_id, now=now)
    if not posts:
        return by == staff_id
    of_leaders = (StepRecipient.capacity == "responsible") & literal(_LEADS in posts)
    there = StepRecipient.post_id.in_(posts) | of_leaders
    return (by == staff_id) | exists().where(StepRecipient.step_id == step_id, there)


def _last_answered(session: Session, staff_id: int, *, since: datetime, now: datetime) -> CTE:
    """Answers: this person's last, and those to the levels told last to a post or a responsibility of theirs.

    As many of each as anybody looks back upon: how many levels a post was ever told of does not matter. Put together
    before steps and tickets are looked up: most of what was told was not answered.
    """
    mine = select(Acknowledgement.step_id).where(Acknowledgement.staff_id == staff_id, Acknowledgement.at >= since)
    parts = [mine.order_by(Acknowledgement.at.desc()).limit(_MOST_LOOKED_AT)]
    told = select(StepRecipient.step_id).order_by(StepRecipient.told_at.desc()).limit(_MOST_TOLD)
    for post_id in _posts_of(session, staff_id, now=now):
        is_told: ColumnElement[bool] = StepRecipient.post_id == post_id
        parts.append(
            told.where(literal_column(f"step_recipient.{IS_RESPONSIBLE}", Boolean()) if post_id == _LEADS else is_told)
        )
    levels = union_all(*(select(part.subquery()) for part in parts)).subquery()
    columns = (Acknowledgement.step_id, Acknowledgement.ticket_id, Acknowledgement.at)
    found = select(*columns).where(Acknowledgement.step_id.in_(select(levels)), Acknowledgement.at >= since)
    return found.cte("last_answered").prefix_with("materialized", dialect="postgresql")


def _posts_of(session: Session, staff_id: int, *, now: datetime) -> Sequence[int]:
    in_force = PostHolding.valid_from <= now, PostHolding.valid_to.is_(None) | (PostHolding.valid_to > now)
    held = select(PostHolding.post_id).where(PostHolding.staff_id == staff_id, *in_force)
    leads = select(literal(_LEADS)).where(exists().where(Responsibility.staff_id == staff_id))
    return session.scalars(held.union(leads)).all()


def _ended(session: Session, step_ids: Collection[int]) -> list[EndedInstruction]:
    rows = session.execute(
        select(
            PlannedStep.id,
            Ticket.reference,
            Ticket.subject,
            Ticket.is_restricted,
            Unit.name,
            Unit.name_en,
            Clock.kind,
            Clock.status,
            Clock.stopped_at,
            Ticket.status,
            Acknowledgement.at,
            Acknowledgement.instruction,
            Staff.id,
            Staff.name,
        )
        .select_from(Acknowledgement)
        .join(PlannedStep, PlannedStep.id == Acknowledgement.step_id)
        .join(Clock, Clock.id == PlannedStep.clock_id)
        .join(Ticket, Ticket.id == Acknowledgement.ticket_id)
        .join(Unit, Unit.id == Ticket.unit_id)
        .join(Staff, Staff.id == Acknowledgement.staff_id)
        .where(Acknowledgement.step_id.in_(step_ids))
        .order_by(Acknowledgement.at.desc(), PlannedStep.id)
    )
    return [EndedInstruction(*tuple(row)) for row in rows]
