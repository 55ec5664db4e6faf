"""Who is at work on the phones right now: the agents whose presence is alive, with their units and languages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, distinct, func, or_, select
from sqlalchemy.orm import Session

from tickets.people.roles import CITY_LEVEL
from tickets.schema import Presence, RoleAssignment, Staff, Unit
from tickets.states import PresenceState, Role

# How often a console says that it is open; three misses and nobody is taken to sit there.
HEARTBEAT_EVERY = timedelta(seconds=15)
HEARTBEAT_LOST = 3 * HEARTBEAT_EVERY
# Silence alone sends no caller away before the sweep has found a console lost, which knows whose silence it was: after
# an outage of ours all are silent. A sweep comes every few seconds; where none does for so long, nobody is there.
FOUND_LOST_WITHIN = timedelta(minutes=10)
AT_WORK = (
    PresenceState.AVAILABLE,
    PresenceState.OFFERED,
    PresenceState.ON_CALL,
    PresenceState.WRAP_UP,
    PresenceState.CALLING_BACK,
)
ANSWERING_ROLES = (Role.AGENT, Role.SUPERVISOR)
_IS_AT_WORK = (
    Presence.state.in_(AT_WORK),
    # Who talks is there, whatever the browser's timer does in a background tab.
    or_(Presence.heartbeat_at > bindparam("heard_since"), Presence.state == PresenceState.ON_CALL),
    or_(
        Presence.telephone_at.is_(None),
        Presence.telephone_at > bindparam("heard_since"),
        Presence.state == PresenceState.ON_CALL,
    ),
    Staff.disabled_at.is_(None),
    RoleAssignment.role.in_(ANSWERING_ROLES),
    RoleAssignment.valid_from <= bindparam("now"),
    or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > bindparam("now")),
)
_AT_WORK_NOW = (
    select(
        Presence.staff_id,
        Staff.name,
        Presence.state,
        Presence.idle_since,
        Presence.phone,
        Staff.languages,
        RoleAssignment.unit_id,
        Unit.kind,
    )
    .join(Staff, Staff.id == Presence.staff_id)
    .join(RoleAssignment, RoleAssignment.staff_id == Presence.staff_id)
    .join(Unit, Unit.id == RoleAssignment.unit_id)
    .where(*_IS_AT_WORK)
    .order_by(Presence.idle_since.asc().nulls_last(), Presence.staff_id)
)
STAFFED_NOW = (
    select(
        func.array_agg(distinct(RoleAssignment.unit_id)).label("staffed_unit_ids"),
        func.bool_or(Unit.kind.in_(CITY_LEVEL)).label("covers_city"),
        func.bool_or(Presence.state == PresenceState.AVAILABLE).label("has_free"),
    )
    .select_from(Presence)
    .join(Staff, Staff.id == Presence.staff_id)
    .join(RoleAssignment, RoleAssignment.staff_id == Presence.staff_id)
    .join(Unit, Unit.id == RoleAssignment.unit_id)
    .where(*_IS_AT_WORK)
)


@dataclass(frozen=True, slots=True)
class FloorAgent:
    """An agent who is signed on to the phones. `phone` is where it rings, as in `presence.phone`."""

    staff_id: int
    name: str
    state: PresenceState
    unit_ids: frozenset[int]
    covers_city: bool
    languages: frozenset[str]
    idle_since: datetime | None
    phone: str

    @property
    def is_free(self) -> bool:
        return self.state is PresenceState.AVAILABLE


@dataclass(frozen=True, slots=True)
class Staffing:
    """Where somebody is at work, and not who: all that the turn of a caller in the middle of the line has to know."""

    staffed_unit_ids: frozenset[int]
    covers_city: bool
    has_free: bool

    def can_answer(self, unit_id: int | None, near_unit_id: int | None) -> bool:
        """Whether anybody at work may take a call for this unit: its own people, the city's, or those of the place."""
        return self.covers_city or not self.staffed_unit_ids.isdisjoint((unit_id, near_unit_id))


@dataclass(frozen=True, slots=True)
class Floor:
    agents: Sequence[FloorAgent]

    def staffs(self, unit_id: int | None) -> bool:
        """Whether somebody of this very unit is at work."""
        return unit_id is not None and any(unit_id in agent.unit_ids for agent in self.agents)

    @property
    def staffed_unit_ids(self) -> frozenset[int]:
        return frozenset(unit_id for agent in self.agents for unit_id in agent.unit_ids)

    @property
    def staffing(self) -> Staffing:
        return Staffing(
            self.staffed_unit_ids,
            any(agent.covers_city for agent in self.agents),
            any(agent.is_free for agent in self.agents),
        )


def load_staffing(session: Session, *, now: datetime) -> Staffing:
    """One row, however many are at work: every waiting caller asks at every turn."""
    return staffing_in(session.execute(STAFFED_NOW, heard_lately(now)).one())


def may_be_answered(session: Session, unit_id: int | None, near_unit_id: int | None, *, now: datetime) -> bool:
    """Whether anybody who could answer is silent only, and not found to have left."""
    asked = {"now": now, "heard_since": now - FOUND_LOST_WITHIN}
    return staffing_in(session.execute(STAFFED_NOW, asked).one()).can_answer(unit_id, near_unit_id)


def heard_lately(now: datetime) -> dict[str, datetime]:
    """What `STAFFED_NOW` has to be given."""
    return {"now": now, "heard_since": now - HEARTBEAT_LOST}


def staffing_in(row: Row[Any]) -> Staffing:
    """Of a row of `STAFFED_NOW`, or of one that it is joined to."""
    return Staffing(frozenset(row.staffed_unit_ids or ()), bool(row.covers_city), bool(row.has_free))


def load_floor(session: Session, *, now: datetime) -> Floor:
    """Everybody at work, longest idle first. One statement."""
    rows = session.execute(_AT_WORK_NOW, heard_lately(now)).all()
    agents: dict[int, FloorAgent] = {}
    for staff_id, name, state, idle_since, phone, languages, unit_id, kind in rows:
        covers, known = kind in CITY_LEVEL, agents.get(staff_id)
        agents[staff_id] = FloorAgent(
            staff_id,
            name,
            state,
            (known.unit_ids if known else frozenset()) | {unit_id},
            covers or bool(known and known.covers_city),
            frozenset(str(language) for language in languages),
            idle_since,
            phone,
        )
    return Floor(tuple(agents.values()))
