"""What the unit concerned may not do alone: end, pause, ease, send away or rename a complaint (A7).

Of a matter that accuses it, never; of what it owes, once a warning or a level is out.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, exists, not_, or_, select, true
from sqlalchemy.orm import Session

from tickets.errors import AboutItself, OwingUnitAlone
from tickets.people.actor import Actor
from tickets.people.roles import Viewer, load_viewer
from tickets.promises.recompute import UNENDED
from tickets.schema import Clock, PlannedStep, Ticket
from tickets.states import ActorKind, ClockKind, ClockStatus, Role, StepKind, StepResult

# Who may do for another unit what that unit may not do alone; everybody's reason stands in timeline and audit.
DECIDING = (Role.SUPERVISOR, Role.CITY_OFFICE, Role.LEADER)
_NOBODYS_UNIT = (ActorKind.CITIZEN, ActorKind.SYSTEM)


# A promise counted anew may differ by the second it is rounded to; that eases nothing.
_SLACK = timedelta(minutes=1)


def is_out(session: Session, ticket_id: int, *, now: datetime) -> bool:
    """A warning or a level of the ticket has fired, or its time has come and no tick has seen it yet."""
    return _is_out(session, ticket_id, true(), now=now)


def is_out_beyond_accepting(session: Session, ticket_id: int, *, now: datetime) -> bool:
    """The same, but for warnings of the time to accept: within it a unit sends on what is not its own."""
    of_accepting = PlannedStep.clock_id.in_(
        select(Clock.id).where(Clock.ticket_id == ticket_id, Clock.kind == ClockKind.ACCEPT)
    )
    return _is_out(session, ticket_id, not_(and_(of_accepting, PlannedStep.kind == StepKind.WARNING)), now=now)


def _is_out(session: Session, ticket_id: int, counted: ColumnElement[bool], *, now: datetime) -> bool:
    step = exists().where(
        PlannedStep.ticket_id == ticket_id,
        counted,
        or_(PlannedStep.result.is_(None), PlannedStep.result != StepResult.VOID),
        or_(PlannedStep.fired_at.is_not(None), PlannedStep.planned_at <= now),
    )
    overdue = exists().where(
        Clock.ticket_id == ticket_id,
        or_(Clock.breached_at.is_not(None), (Clock.status == ClockStatus.RUNNING) & (Clock.due_at <= now)),
    )
    return bool(session.scalar(select(or_(step, overdue))))


def decides_for_others(viewer: Viewer, ticket: Ticket) -> bool:
    """A supervisor or the office of the city, and not of the very unit that owes the promise."""
    return any(h.covers_city and h.role in DECIDING and h.unit_id != ticket.unit_id for h in viewer.held)


def is_accused(viewer: Viewer, ticket: Ticket) -> bool:
    """Whether a restricted matter is about a body where the person holds a role: its place's, if none is named."""
    about = ticket.about_unit_id or ticket.place_unit_id
    return ticket.is_restricted and any(held.unit_id == about for held in viewer.held)


def acts_alone(session: Session, ticket: Ticket, *, actor: Actor, now: datetime) -> bool:
    """Whether this is the unit concerned acting for itself; programs decide for nobody."""
    if actor.kind in _NOBODYS_UNIT:
        return False
    viewer = _viewer(session, actor, now=now)
    if viewer is not None and is_accused(viewer, ticket):
        return True
    return is_out(session, ticket.id, now=now) and (viewer is None or not decides_for_others(viewer, ticket))


def require_another(session: Session, ticket: Ticket, *, what: str, actor: Actor, now: datetime) -> None:
    """Raise AboutItself or OwingUnitAlone when it is for somebody else to do this now."""
    require_not_accused(session, ticket, what=what, actor=actor, now=now)
    if acts_alone(session, ticket, actor=actor, now=now):
        raise OwingUnitAlone(ticket.reference, what)


def require_not_accused(session: Session, ticket: Ticket, *, what: str, actor: Actor, now: datetime) -> None:
    """Raise AboutItself when the matter accuses a body of whoever does this."""
    if actor.kind in _NOBODYS_UNIT or not ticket.is_restricted:
        return
    viewer = _viewer(session, actor, now=now)
    if viewer is None or is_accused(viewer, ticket):
        raise AboutItself(ticket.reference, what)


def require_free_to_move(session: Session, ticket: Ticket, *, what: str, actor: Actor, now: datetime) -> None:
    """Raise when sending it elsewhere, or calling it something else, is not for the unit concerned any more."""
    require_not_accused(session, ticket, what=what, actor=actor, now=now)
    if actor.kind in _NOBODYS_UNIT or not is_out_beyond_accepting(session, ticket.id, now=now):
        return
    viewer = _viewer(session, actor, now=now)
    if viewer is None or (is_of_owing_unit(viewer, ticket) and not decides_for_others(viewer, ticket)):
        raise OwingUnitAlone(ticket.reference, what)


def is_of_owing_unit(viewer: Viewer, ticket: Ticket) -> bool:
    return any(held.unit_id == ticket.unit_id for held in viewer.held)


def _viewer(session: Session, actor: Actor, *, now: datetime) -> Viewer | None:
    return load_viewer(session, actor.staff_id, now=now) if actor.staff_id is not None else None


@contextmanager
def not_eased(session: Session, ticket: Ticket, *, what: str, actor: Actor, now: datetime) -> Iterator[None]:
    """Raise OwingUnitAlone when what is done within leaves a promise ended, later, or with fewer or later levels."""
    alone = acts_alone(session, ticket, actor=actor, now=now)
    before = _promised(session, ticket.id) if alone else {}
    yield
    if alone:
        session.flush()
        after = _promised(session, ticket.id)
        if any(_is_eased(promise, after.get(clock_id)) for clock_id, promise in before.items()):
            raise OwingUnitAlone(ticket.reference, what)


@dataclass(frozen=True, slots=True)
class _Promise:
    """A live clock: `due_at` while it runs, the seconds left while it stands still; its levels to come."""

    kind: ClockKind
    due_at: datetime | None
    seconds_left: int
    levels: Mapping[int, datetime]


def _promised(session: Session, ticket_id: int) -> dict[int, _Promise]:
    clocks = session.execute(
        select(
            Clock.id,
            Clock.kind,
            Clock.due_at,
            Clock.target_seconds + Clock.granted_seconds - Clock.consumed_seconds,
        ).where(Clock.ticket_id == ticket_id, Clock.status.in_(UNENDED))
    ).all()
    levels: dict[int, dict[int, datetime]] = {clock.id: {} for clock in clocks}
    for clock_id, rank, planned_at in session.execute(
        select(PlannedStep.clock_id, PlannedStep.rank, PlannedStep.planned_at).where(
            PlannedStep.clock_id.in_(levels), PlannedStep.kind == StepKind.LEVEL, PlannedStep.fired_at.is_(None)
        )
    ):
        levels[clock_id][rank] = planned_at
    return {clock_id: _Promise(kind, due_at, left, levels[clock_id]) for clock_id, kind, due_at, left in clocks}


def _is_eased(before: _Promise, after: _Promise | None) -> bool:
    if after is None:
        # A transfer ends the giver's time to accept; everything else goes on (R8).
        return before.kind is not ClockKind.ACCEPT
    if before.due_at is not None:
        if after.due_at is None or after.due_at > before.due_at + _SLACK:
            return True
    elif after.due_at is None and after.seconds_left > before.seconds_left:
        return True
    return any(rank not in after.levels or after.levels[rank] > at + _SLACK for rank, at in before.levels.items())
