"""What changed since the last look, read from the rows themselves: no writer has to remember to announce anything."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from tickets.people.roles import SEEING, Viewer
from tickets.schema import Acknowledgement, Call, Offer, OutboundMessage, PlannedStep, Presence, Ticket, TimelineEntry
from tickets.states import OutboundChannel

# Ids are drawn before commit, so an entry may appear after a younger one: look a little behind the mark.
_OVERLAP = 200


@dataclass(frozen=True, slots=True)
class Marks:
    """How far we have looked."""

    entry_id: int
    seen: frozenset[int]
    at: datetime


@dataclass(frozen=True, slots=True)
class LiveChange:
    """Names of fragments to reload, and who may be told: people of the units, or the persons themselves."""

    names: tuple[str, ...]
    unit_ids: frozenset[int] = frozenset()
    staff_ids: frozenset[int] = frozenset()
    for_all: bool = False


def first_marks(session: Session, *, now: datetime) -> Marks:
    newest = session.scalar(select(func.max(TimelineEntry.id))) or 0
    return Marks(newest, frozenset(), now)


def changes_since(session: Session, marks: Marks, *, now: datetime) -> tuple[list[LiveChange], Marks]:
    """Everything new, and the marks for the next look. Five small indexed queries whatever the number of browsers."""
    tickets, marks = _ticket_changes(session, marks)
    since = marks.at - timedelta(seconds=2)
    found = [*tickets, *_call_changes(session, since), *_escalation_changes(session, since), *_notices(session, since)]
    return found, replace(marks, at=now)


def _ticket_changes(session: Session, marks: Marks) -> tuple[list[LiveChange], Marks]:
    rows = session.execute(
        select(TimelineEntry.id, Ticket.reference, Ticket.unit_id, Ticket.coordinating_unit_id, Ticket.is_restricted)
        .join(Ticket, Ticket.id == TimelineEntry.ticket_id)
        .where(TimelineEntry.id > marks.entry_id - _OVERLAP, Ticket.is_canary.is_(False))
        .order_by(TimelineEntry.id)
        .limit(2000)
    ).all()
    changes = [
        LiveChange(("queue", "shift", f"ticket-{reference}"), frozenset({unit_id, coordinating or unit_id}))
        for entry_id, reference, unit_id, coordinating, restricted in rows
        if entry_id not in marks.seen and not restricted
    ]
    if not marks.seen and not marks.entry_id:
        changes = []
    newest = max((row.id for row in rows), default=marks.entry_id)
    seen = frozenset(row.id for row in rows if row.id > newest - _OVERLAP)
    return changes, Marks(newest, seen, marks.at)


def _call_changes(session: Session, since: datetime) -> Iterable[LiveChange]:
    touched = session.execute(
        select(Offer.staff_id).where(or_(Offer.offered_at > since, Offer.ended_at > since)).distinct()
    ).scalars()
    people = frozenset(touched) | frozenset(
        session.scalars(select(Presence.staff_id).where(Presence.since > since)).all()
    )
    if people:
        yield LiveChange(("calls",), staff_ids=people)
    moved = session.scalar(select(func.count()).select_from(Call).where(Call.state_since > since))
    if people or moved:
        yield LiveChange(("shift", "waiting"), for_all=True)


def _escalation_changes(session: Session, since: datetime) -> Iterable[LiveChange]:
    fired = session.scalar(select(func.count()).select_from(PlannedStep).where(PlannedStep.fired_at > since))
    answered = session.scalar(select(func.count()).select_from(Acknowledgement).where(Acknowledgement.at > since))
    if fired or answered:
        yield LiveChange(("escalations", "shift"), for_all=True)


def _notices(session: Session, since: datetime) -> Iterable[LiveChange]:
    told = session.scalars(
        select(OutboundMessage.staff_id).where(
            OutboundMessage.channel == OutboundChannel.SCREEN, OutboundMessage.created_at > since
        )
    ).all()
    people = frozenset(person for person in told if person is not None)
    if people:
        yield LiveChange(("notices",), staff_ids=people)


def concerns(change: LiveChange, viewer: Viewer) -> bool:
    """Whether this person may be told that something changed; what it is, the page asks again by its own rights."""
    if change.for_all or viewer.staff_id in change.staff_ids:
        return True
    if viewer.covers_city(*SEEING):
        return bool(change.unit_ids)
    return bool(change.unit_ids.intersection(viewer.unit_ids(*SEEING)))
