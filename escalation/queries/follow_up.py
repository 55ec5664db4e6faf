"""What came of an answer: who has worked on the ticket since, and how it ended."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, true
from sqlalchemy.orm import Session

from tickets.people.roles import Viewer, visible_tickets
from tickets.schema import Acknowledgement, Clock, PlannedStep, Staff, Ticket, TimelineEntry, Unit
from tickets.states import UNFINISHED, ClockKind, ClockStatus, TicketStatus, TimelineKind

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
    """An instruction of mine whose promise has ended meanwhile."""

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


@dataclass(frozen=True, slots=True)
class FurtherAnswer:
    """What was said about a level after its first answer."""

    by: str
    at: datetime
    instruction: str
    new_due_at: datetime | None


def said_since(session: Session, steps: Mapping[int, int]) -> dict[int, list[FurtherAnswer]]:
    """By level, whatever was said after its first answer, oldest first; `steps` gives each level's ticket."""
    if not steps:
        return {}
    entry = TimelineEntry
    step_id, due = entry.params["step_id"].as_integer(), entry.params["new_due_at"].astext
    rows = session.execute(
        select(step_id, Staff.name, entry.at, entry.body, due)
        .join(Staff, Staff.id == entry.staff_id)
        .where(
            entry.ticket_id.in_(set(steps.values())),
            entry.kind == TimelineKind.ACKNOWLEDGED,
            step_id.in_(steps),
        )
        .order_by(entry.id)
    )
    said: dict[int, list[FurtherAnswer]] = {}
    for of_step, by, at, body, until in rows:
        answer = FurtherAnswer(by, at, body or "", datetime.fromisoformat(until) if until else None)
        said.setdefault(of_step, []).append(answer)
    return {of_step: answers[1:] for of_step, answers in said.items()}


def latest_work(session: Session, viewer: Viewer, ticket_ids: Collection[int]) -> dict[int, Work]:
    """The last work on each of these tickets that the viewer may see; the others are not in the answer."""
    if not ticket_ids:
        return {}
    last = (
        select(TimelineEntry.kind, TimelineEntry.at, TimelineEntry.staff_id)
        .where(TimelineEntry.ticket_id == Ticket.id, TimelineEntry.kind.in_(_WORK))
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


def ended_since(session: Session, staff_id: int, *, since: datetime, limit: int = 20) -> list[EndedInstruction]:
    """What this person answered for since then and what has ended meanwhile, the last answer first."""
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
        )
        .select_from(Acknowledgement)
        .join(PlannedStep, PlannedStep.id == Acknowledgement.step_id)
        .join(Clock, Clock.id == PlannedStep.clock_id)
        .join(Ticket, Ticket.id == Acknowledgement.ticket_id)
        .join(Unit, Unit.id == Ticket.unit_id)
        .where(
            Acknowledgement.staff_id == staff_id,
            Acknowledgement.at >= since,
            (Clock.status != ClockStatus.RUNNING) | Ticket.status.not_in(UNFINISHED),
        )
        .order_by(Acknowledgement.at.desc(), PlannedStep.id)
        .limit(limit)
    )
    return [EndedInstruction(*tuple(row)) for row in rows]
