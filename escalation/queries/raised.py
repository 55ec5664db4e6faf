"""Levels that were raised, with everything a screen says of them: who was told, delivered, read, acknowledged."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from escalation.queries.attempts import LevelAttempt, attempts_of
from tickets.queries.reached_levels import LEVEL_NOBODY_GOT, LEVEL_REACHED
from tickets.schema import (
    Acknowledgement,
    Category,
    Clock,
    PlannedStep,
    Post,
    PromiseBreach,
    Staff,
    StepRecipient,
    Ticket,
    TimelineEntry,
    Unit,
)
from tickets.states import (
    ClockKind,
    Priority,
    StepKind,
    StepResult,
    TicketStatus,
    TimelineKind,
)


@dataclass(frozen=True, slots=True)
class ToldPerson:
    """Somebody told of a level: for which post, in which capacity, and whether it reached them."""

    staff_id: int
    name: str
    post: str
    post_en: str
    capacity: str
    told_at: datetime
    read_at: datetime | None
    attempts: tuple[LevelAttempt, ...]

    @property
    def delivered_at(self) -> datetime | None:
        """When the first message that is known to have arrived did."""
        arrived = [one.delivered_at for one in self.attempts if one.delivered_at is not None]
        return min(arrived, default=None)


@dataclass(frozen=True, slots=True)
class Answered:
    """An acknowledgement with what was said in it."""

    by: str
    by_id: int
    at: datetime
    via: str
    instruction: str
    new_due_at: datetime | None
    # False for a date of the very unit that owes the promise: it stands beside the promise (A7).
    moves_promise: bool
    holds_until: datetime
    # The level that came at once, because they passed this one up.
    passed_to_level: int | None = None


@dataclass(frozen=True, slots=True)
class Raised:
    """A level of a clock of a ticket that has fired."""

    step_id: int
    ticket_id: int
    reference: str
    subject: str
    status: TicketStatus
    priority: Priority
    is_restricted: bool
    unit_id: int
    unit: str
    unit_en: str
    category: str
    category_en: str
    assignee: str | None
    clock_id: int
    clock: ClockKind
    # '' lateness, 'change' of rules or priority, 'downtime'.
    cause: str
    level: int
    due_at: datetime
    # When the promise was first broken, which no later date changes (A1).
    first_breach_at: datetime | None
    planned_at: datetime
    fired_at: datetime
    result: StepResult
    detail: Mapping[str, Any]
    told: tuple[ToldPerson, ...]
    answered: Answered | None
    # Somebody has it: an attempt was delivered, read or answered (A3).
    is_reached: bool = False
    # It fired, and every message about it failed for good.
    all_failed: bool = False
    # Whether the reader may open the ticket; an auditor reads what was done about its levels only.
    is_open: bool = True
    # Where it is, in the words of whoever told us.
    place: str = ""

    def is_broken_by(self, now: datetime) -> bool:
        return self.first_breach_at is not None or self.due_at < now

    @property
    def fired_late_seconds(self) -> int:
        """Between when it should have fired and when it did: what downtime cost."""
        return int((self.fired_at - self.planned_at).total_seconds())


def without_words(raised: Raised) -> Raised:
    """For whoever may not open the ticket; of a restricted one its number and a leader's words go as well."""
    if not raised.is_restricted:
        return replace(raised, subject="", place="", is_open=False)
    answered = replace(raised.answered, instruction="") if raised.answered is not None else None
    return replace(raised, reference="", subject="", place="", answered=answered, is_open=False)


def load_raised(session: Session, step_ids: Sequence[int]) -> list[Raised]:
    """These fired levels in the given order; the caller has decided that they may be seen."""
    if not step_ids:
        return []
    assignee = aliased(Staff)
    rows = session.execute(
        select(
            PlannedStep,
            Clock,
            Ticket,
            Unit,
            Category,
            assignee.name,
            PromiseBreach.breached_at,
            LEVEL_REACHED,
            LEVEL_NOBODY_GOT,
        )
        .join(Clock, Clock.id == PlannedStep.clock_id)
        .join(Ticket, Ticket.id == PlannedStep.ticket_id)
        .join(Unit, Unit.id == func.coalesce(PlannedStep.unit_id, Ticket.unit_id))
        .outerjoin(Category, Category.id == Ticket.category_id)
        .outerjoin(assignee, assignee.id == Ticket.assignee_id)
        .outerjoin(PromiseBreach, PromiseBreach.clock_id == Clock.id)
        .where(PlannedStep.id.in_(step_ids))
        .execution_options(populate_existing=True)
    ).all()
    told, answers = _told(session, step_ids), _answers(session, step_ids)
    found = {
        step.id: replace(
            _raised(
                step,
                clock,
                ticket,
                unit,
                category,
                name,
                told=tuple(told.get(step.id, ())),
                answered=answers.get(step.id),
            ),
            first_breach_at=broken_at,
            is_reached=bool(is_reached),
            all_failed=bool(all_failed),
        )
        for step, clock, ticket, unit, category, name, broken_at, is_reached, all_failed in rows
    }
    return [found[step_id] for step_id in step_ids if step_id in found]


def _raised(
    step: PlannedStep,
    clock: Clock,
    ticket: Ticket,
    unit: Unit,
    category: Category | None,
    assignee: str | None,
    *,
    told: tuple[ToldPerson, ...],
    answered: Answered | None,
) -> Raised:
    return Raised(
        step_id=step.id,
        ticket_id=ticket.id,
        reference=ticket.reference,
        subject=ticket.subject,
        status=ticket.status,
        priority=ticket.priority,
        is_restricted=ticket.is_restricted,
        unit_id=unit.id,
        unit=unit.name,
        unit_en=unit.name_en,
        category=category.name if category else "",
        category_en=category.name_en if category else "",
        assignee=assignee,
        clock_id=clock.id,
        clock=clock.kind,
        cause=clock.breach_cause,
        level=step.rank,
        due_at=step.due_at,
        first_breach_at=clock.first_breach_at,
        planned_at=step.planned_at,
        fired_at=step.fired_at or step.planned_at,
        result=step.result or StepResult.VOID,
        detail=step.detail,
        told=told,
        answered=answered,
        place=ticket.place_text,
    )


def _told(session: Session, step_ids: Collection[int]) -> dict[int, list[ToldPerson]]:
    attempts = attempts_of(session, step_ids)
    rows = session.execute(
        select(StepRecipient, Staff.name, Post.name, Post.name_en)
        .join(Staff, Staff.id == StepRecipient.staff_id)
        .outerjoin(Post, Post.id == StepRecipient.post_id)
        .where(StepRecipient.step_id.in_(step_ids))
        .order_by(StepRecipient.id)
        .execution_options(populate_existing=True)
    )
    people = defaultdict[int, list[ToldPerson]](list)
    for recipient, name, post, post_en in rows:
        people[recipient.step_id].append(
            ToldPerson(
                staff_id=recipient.staff_id,
                name=name,
                post=post or "",
                post_en=post_en or "",
                capacity=recipient.capacity,
                told_at=recipient.told_at,
                read_at=recipient.read_at,
                attempts=tuple(attempts.get((recipient.step_id, recipient.staff_id), ())),
            )
        )
    return people


def _answers(session: Session, step_ids: Collection[int]) -> dict[int, Answered]:
    moved = exists().where(
        TimelineEntry.ticket_id == Acknowledgement.ticket_id,
        TimelineEntry.kind == TimelineKind.DUE_CHANGED,
        TimelineEntry.at == Acknowledgement.at,
    )
    rows = session.execute(
        select(Acknowledgement, Staff.name, moved)
        .join(Staff, Staff.id == Acknowledgement.staff_id)
        .where(Acknowledgement.step_id.in_(step_ids))
    )
    return {
        answer.step_id: Answered(
            by=name,
            by_id=answer.staff_id,
            at=answer.at,
            via=answer.via,
            instruction=answer.instruction,
            new_due_at=answer.new_due_at,
            moves_promise=answer.new_due_at is not None and moves,
            holds_until=answer.holds_until,
            passed_to_level=answer.passed_to_level,
        )
        for answer, name, moves in rows
    }


def fired_levels() -> Any:
    """The condition for a level that was raised: void ones were not."""
    return (
        (PlannedStep.kind == StepKind.LEVEL)
        & PlannedStep.fired_at.is_not(None)
        & (PlannedStep.result != StepResult.VOID)
    )
