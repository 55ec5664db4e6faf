"""What changed since the last look, read from the rows themselves: no writer has to remember to announce anything."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, TypedDict

from sqlalchemy import Boolean, ColumnElement, Select, exists, func, literal_column, or_, select
from sqlalchemy.orm import Session

from tickets.people.roles import SEEING, Viewer, named_now
from tickets.schema import (
    Acknowledgement,
    Call,
    Offer,
    OutboundMessage,
    PlannedStep,
    Presence,
    Ticket,
    TicketAccess,
    TimelineEntry,
)
from tickets.states import CallState, OutboundChannel

# Ids are drawn before commit, so a row may appear after a younger one: look a little behind the mark.
_OVERLAP = 200
# More agents than can be offered calls at the same time: an offer that ended now is among the youngest.
_YOUNGEST_OFFERS = 500
_MOST = 2000


@dataclass(frozen=True, slots=True)
class Reach:
    """How far we have looked in one table: the highest id, and which of those shortly before it we have seen."""

    newest: int
    seen: frozenset[int]


class Held(NamedTuple):
    """Of the callers on hold: nothing else tells that one was put there or taken back."""

    callers: int
    last_since: datetime | None


@dataclass(frozen=True, slots=True)
class Marks:
    """How far we have looked."""

    entries: Reach
    messages: Reach
    at: datetime
    held: Held


class Audience(TypedDict, total=False):
    """The people of these units and of the whole city, or these persons alone."""

    unit_ids: frozenset[int]
    staff_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class LiveChange:
    """Names of fragments to reload, and who may be told: people of the units, or the persons themselves."""

    names: tuple[str, ...]
    unit_ids: frozenset[int] = frozenset()
    staff_ids: frozenset[int] = frozenset()
    for_all: bool = False


def first_marks(session: Session, *, now: datetime) -> Marks:
    return Marks(_all_seen(session, TimelineEntry), _all_seen(session, OutboundMessage), now, _held(session))


def changes_since(session: Session, marks: Marks, *, now: datetime) -> tuple[list[LiveChange], Marks]:
    """Everything new, and the marks for the next look.

    A few small indexed queries whatever the number of browsers; when nothing is new they read some tens of pages.
    """
    since = marks.at - timedelta(seconds=2)
    fresh_entries, entries = _look(session, TimelineEntry, marks.entries)
    fresh_messages, messages = _look(session, OutboundMessage, marks.messages)
    held = _held(session)
    found = [
        *_ticket_changes(session, fresh_entries, now=now),
        *_call_changes(session, since, is_other_hold=held != marks.held),
        *_escalation_changes(session, since, now=now),
        *_notices(session, fresh_messages),
    ]
    return found, Marks(entries, messages, now, held)


def _all_seen(session: Session, table: type[TimelineEntry | OutboundMessage]) -> Reach:
    newest = session.scalar(select(func.max(table.id))) or 0
    return Reach(newest, frozenset(session.scalars(select(table.id).where(table.id > newest - _OVERLAP))))


def _look(session: Session, table: type[TimelineEntry | OutboundMessage], reach: Reach) -> tuple[frozenset[int], Reach]:
    """The ids that were not there at the last look, from the index alone, and how far we have looked now."""
    ids = session.scalars(
        select(table.id).where(table.id > reach.newest - _OVERLAP).order_by(table.id).limit(_MOST)
    ).all()
    newest = max(ids, default=reach.newest)
    near = frozenset(one for one in ids if one > newest - _OVERLAP)
    return frozenset(ids) - reach.seen, Reach(newest, near)


def _ticket_changes(session: Session, entry_ids: frozenset[int], *, now: datetime) -> list[LiveChange]:
    if not entry_ids:
        return []
    touched = select(TimelineEntry.ticket_id).where(TimelineEntry.id.in_(entry_ids))
    return [
        LiveChange(("queue", "shift", f"ticket-{reference}"), **whom)
        for reference, whom in _told_of(session, touched, now=now)
    ]


def _told_of(session: Session, ticket_ids: Select[int], *, now: datetime) -> list[tuple[str, Audience]]:
    """Who may hear that something of these tickets changed: of restricted ones only those named, as in every list."""
    rows = session.execute(
        select(Ticket.id, Ticket.reference, Ticket.unit_id, Ticket.coordinating_unit_id, Ticket.is_restricted).where(
            Ticket.id.in_(ticket_ids), Ticket.is_canary.is_(False)
        )
    ).all()
    restricted = [row.id for row in rows if row.is_restricted]
    named: dict[int, set[int]] = {}
    if restricted:
        for ticket_id, staff_id in session.execute(named_now(now).where(TicketAccess.ticket_id.in_(restricted))):
            named.setdefault(ticket_id, set()).add(staff_id)
    found: list[tuple[str, Audience]] = []
    for row in rows:
        if row.is_restricted:
            found.append((row.reference, {"staff_ids": frozenset(named.get(row.id, ()))}))
        else:
            units = frozenset({row.unit_id, row.coordinating_unit_id or row.unit_id})
            found.append((row.reference, {"unit_ids": units}))
    return found


def _held(session: Session) -> Held:
    on_hold = select(func.count(), func.max(Call.hold_since))
    # Written out as in the partial index of calls that are not over.
    is_live: ColumnElement[bool] = literal_column("call.state <> 'ended'", Boolean())
    found = session.execute(on_hold.where(is_live, Call.hold_since.is_not(None))).one()
    return Held(*found)


def _call_changes(session: Session, since: datetime, *, is_other_hold: bool) -> Iterable[LiveChange]:
    youngest = select(func.max(Offer.id) - _YOUNGEST_OFFERS).scalar_subquery()
    touched = session.scalars(
        select(Offer.staff_id)
        .where(Offer.id > youngest, or_(Offer.offered_at > since, Offer.ended_at > since))
        .distinct()
    )
    people = frozenset(touched) | frozenset(
        session.scalars(select(Presence.staff_id).where(Presence.since > since)).all()
    )
    if people:
        yield LiveChange(("calls",), staff_ids=people)
    moved = select(exists().where(Call.state != CallState.ENDED, Call.state_since > since))
    ended = select(exists().where(Call.ended_at > since))
    if people or is_other_hold or session.scalar(moved) or session.scalar(ended):
        yield LiveChange(("shift", "waiting"), for_all=True)


def _escalation_changes(session: Session, since: datetime, *, now: datetime) -> Iterable[LiveChange]:
    fired = select(PlannedStep.ticket_id).where(PlannedStep.fired_at > since).limit(_MOST)
    answered = select(Acknowledgement.ticket_id).where(Acknowledgement.at > since).limit(_MOST)
    ids = {*session.scalars(fired), *session.scalars(answered)}
    if ids:
        for _reference, whom in _told_of(session, select(Ticket.id).where(Ticket.id.in_(ids)), now=now):
            yield LiveChange(("escalations", "shift"), **whom)


def _notices(session: Session, message_ids: frozenset[int]) -> Iterable[LiveChange]:
    if not message_ids:
        return
    told = session.scalars(
        select(OutboundMessage.staff_id).where(
            OutboundMessage.channel == OutboundChannel.SCREEN, OutboundMessage.id.in_(message_ids)
        )
    )
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
