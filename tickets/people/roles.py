"""Rights: who a signed-in person is, and the one query-level scope function that decides which tickets they see.

Lists, search, counts, exports, live updates, notifications, attachments and recordings all use `visible_tickets`;
what is out of scope looks exactly like what does not exist.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Row,
    Select,
    SQLColumnExpression,
    and_,
    bindparam,
    exists,
    false,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    text,
    true,
)
from sqlalchemy.orm import Session, aliased

from tickets.errors import NotAllowed, NotFound
from tickets.schema import (
    Draft,
    OutboundMessage,
    ProblemTicket,
    RoleAssignment,
    Staff,
    StandingReport,
    Ticket,
    TicketAccess,
    Unit,
)
from tickets.states import Role, UnitKind

# Units of these kinds are the city's own level: a role held there covers all units.
CITY_LEVEL = (UnitKind.CITY, UnitKind.OFFICE)
# In the order of an index: asked only whether there is one, PostgreSQL reads all reports to find that there is none.
_FIRST_REPORT = (
    select(StandingReport.step_id)
    .where(StandingReport.staff_id == Staff.id)
    .order_by(StandingReport.is_answered, -StandingReport.harm, StandingReport.due_on)
    .limit(1)
    .scalar_subquery()
)
_FIRST_UNREAD = (
    select(OutboundMessage.id)
    .where(
        OutboundMessage.staff_id == Staff.id,
        text("outbound_message.channel = 'screen' and outbound_message.read_at is null"),
    )
    .limit(1)
    .scalar_subquery()
)
_FIRST_DRAFT = select(Draft.form).where(Draft.staff_id == Staff.id).limit(1).scalar_subquery()
# Enabled accounts, a row for each role held at `:now` and one for who holds none; `viewer_of` reads them.
PEOPLE_WITH_ROLES = (
    select(
        Staff.id, Staff.name, Staff.email, Staff.locale, Staff.theme, Staff.is_demo,
        RoleAssignment.role, RoleAssignment.unit_id, Unit.kind,
        _FIRST_REPORT.is_not(None).label("was_told"),
        _FIRST_UNREAD.is_not(None).label("has_notices"),
        _FIRST_DRAFT.is_not(None).label("has_drafts"),
    )
    .select_from(Staff)
    .outerjoin(
        RoleAssignment,
        and_(
            RoleAssignment.staff_id == Staff.id,
            RoleAssignment.valid_from <= bindparam("now"),
            or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > bindparam("now")),
        ),
    )
    .outerjoin(Unit, Unit.id == RoleAssignment.unit_id)
    .where(Staff.disabled_at.is_(None))
    .order_by(RoleAssignment.id)
)  # fmt: skip


class Right(StrEnum):
    """What a person may do with a ticket they can see."""

    WORK = "work"
    REASSIGN = "reassign"


@dataclass(frozen=True, slots=True)
class CurrentRole:
    """A role as it is held now: at a unit, or over the whole city."""

    role: Role
    unit_id: int
    covers_city: bool


@dataclass(frozen=True, slots=True)
class Viewer:
    """A signed-in person with everything rights are decided from."""

    staff_id: int
    name: str
    email: str
    locale: str
    theme: str
    is_demo: bool
    held: tuple[CurrentRole, ...]
    # A level of a promise that still runs was reported to them.
    was_told: bool = False
    # Something stands unread on their screens; whether they may still know of it, `queries.notices` says.
    has_notices: bool = False
    # Something they typed was not sent; what of it they may still see, `work.drafts` says.
    has_drafts: bool = False

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(h.role for h in self.held)

    def holds(self, *roles: Role) -> bool:
        return any(h.role in roles for h in self.held)

    def covers_city(self, *roles: Role) -> bool:
        return any(h.covers_city and h.role in roles for h in self.held)

    def unit_ids(self, *roles: Role) -> tuple[int, ...]:
        return tuple(sorted({h.unit_id for h in self.held if h.role in roles}))


def load_viewer(session: Session, staff_id: int, *, now: datetime) -> Viewer | None:
    """The person with the roles they hold at `now`; None if the account is disabled or gone. One statement."""
    return viewer_of(session.execute(PEOPLE_WITH_ROLES.where(Staff.id == staff_id), {"now": now}).all())


def viewer_of(rows: Sequence[Row[*tuple[Any, ...]]]) -> Viewer | None:
    """One person out of their rows; None when there are none."""
    if not rows:
        return None
    held = tuple(CurrentRole(row.role, row.unit_id, row.kind in CITY_LEVEL) for row in rows if row.role is not None)
    first = rows[0]
    return Viewer(
        first.id,
        first.name,
        first.email,
        first.locale,
        first.theme,
        first.is_demo,
        held,
        first.was_told,
        first.has_notices,
        first.has_drafts,
    )


# Who sees the tickets of the units where they hold the role, and who works on them.
SEEING = (Role.AGENT, Role.SUPERVISOR, Role.LEADER, Role.CITY_OFFICE)
WORKING_ROLES = (Role.AGENT, Role.SUPERVISOR, Role.CITY_OFFICE)


def visible_tickets(viewer: Viewer, *, row_by_row: bool = False) -> ColumnElement[bool]:
    """The condition on `Ticket` that holds for exactly the tickets this person may know of.

    Restricted tickets (about a unit or its staff, denunciations) are seen by named people only, whatever the role, and
    by them for as long as they hold a role that they held when they were named; the canary never appears.
    Administrators and auditors as such see no tickets. `row_by_row`: who stops after a few lines has each restricted
    ticket looked up by itself; everything that was ever named to a person is thousands at the City Office.
    """
    open_part: ColumnElement[bool]
    if viewer.covers_city(*SEEING):
        open_part = true()
    else:
        units = viewer.unit_ids(*SEEING)
        open_part = or_(Ticket.unit_id.in_(units), Ticket.coordinating_unit_id.in_(units)) if units else false()
    to_me = (
        TicketAccess.ticket_id == Ticket.id,
        TicketAccess.staff_id == viewer.staff_id,
        _still_stands_there(viewer),
    )
    # The planner reads the whole of an "exists" beforehand if that looks cheaper; a value it asks for each time.
    value = select(true()).where(*to_me).correlate(Ticket).scalar_subquery()
    named = func.coalesce(value, false()) if row_by_row else exists().where(*to_me)
    return and_(Ticket.is_canary.is_(False), or_(and_(Ticket.is_restricted.is_(False), open_part), named))


def tickets_named_to(viewer: Viewer) -> Select[int]:
    """All that was named to this person and is theirs to know of today, for whoever puts it together with many."""
    here = TicketAccess.staff_id == viewer.staff_id
    return select(TicketAccess.ticket_id).where(here, _still_stands_there(viewer))


def shared_tickets(viewer: Viewer | None) -> ColumnElement[bool]:
    """The condition on `Ticket` for what may be counted, shown as evidence and answered together with others.

    Nothing restricted, whoever looks: a number that is one higher for those who are named would tell the others. None:
    what everybody may read a number of.
    """
    scope = true() if viewer is None else visible_tickets(viewer)
    return and_(Ticket.is_restricted.is_(False), Ticket.is_canary.is_(False), scope)


def shared_evidence(viewer: Viewer | None) -> list[ColumnElement[bool]]:
    """As `shared_tickets`, told from what `ProblemTicket` keeps of its ticket, which triggers keep true.

    Stretches of which no two hold one row: of the city, or of their units, coordinated by those, and named to them.
    """
    counts: ColumnElement[bool] = literal_column("problem_ticket.counts", Boolean())
    if viewer is None or viewer.covers_city(*SEEING):
        return [counts]
    units, row = viewer.unit_ids(*SEEING), ProblemTicket
    elsewhere, coordinated = row.unit_id.not_in(units), row.coordinating_unit_id.in_(units)
    named = row.ticket_id.in_(tickets_named_to(viewer))
    return [
        and_(counts, row.unit_id.in_(units)),
        and_(counts, elsewhere, row.coordinating_unit_id.is_not(None), coordinated),
        and_(counts, elsewhere, not_(func.coalesce(coordinated, false())), named),
    ]


def visible_levels(viewer: Viewer) -> ColumnElement[bool]:
    """The condition on `Ticket` for the ledger: whose levels this person may read.

    An auditor reads those of every ticket of the units they audit, restricted ones too, and not a word of the ticket.
    """
    if viewer.covers_city(Role.AUDITOR):
        audited: ColumnElement[bool] = true()
    else:
        units = viewer.unit_ids(Role.AUDITOR)
        audited = Ticket.unit_id.in_(units) if units else false()
    return and_(Ticket.is_canary.is_(False), or_(audited, visible_tickets(viewer, row_by_row=True)))


def _still_stands_there(viewer: Viewer) -> ColumnElement[bool]:
    """Whoever was named and has moved since keeps nothing of it: a name follows the role in which it was given."""
    held = [and_(RoleAssignment.role == h.role, RoleAssignment.unit_id == h.unit_id) for h in viewer.held]
    then = and_(
        RoleAssignment.valid_from <= TicketAccess.created_at,
        or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > TicketAccess.created_at),
    )
    return exists().where(RoleAssignment.staff_id == TicketAccess.staff_id, then, or_(false(), *held))


def named_now(now: datetime) -> Select[int, int]:
    """Restricted tickets and the people who may see them at `now`, by the rule of `visible_tickets`; to be narrowed."""
    then, today = aliased(RoleAssignment), aliased(RoleAssignment)
    still = exists().where(
        then.staff_id == TicketAccess.staff_id,
        _held_at(then, TicketAccess.created_at),
        today.staff_id == TicketAccess.staff_id,
        today.role == then.role,
        today.unit_id == then.unit_id,
        _held_at(today, literal(now)),
    )
    return select(TicketAccess.ticket_id, TicketAccess.staff_id).where(still)


def _held_at(held: Any, at: SQLColumnExpression[datetime]) -> ColumnElement[bool]:
    return and_(held.valid_from <= at, or_(held.valid_to.is_(None), held.valid_to > at))


def visible_ticket(session: Session, viewer: Viewer, reference: str) -> Ticket:
    """The ticket with this reference if the viewer may know of it; NotFound otherwise."""
    ticket = session.scalars(select(Ticket).where(Ticket.reference == reference, visible_tickets(viewer))).one_or_none()
    if ticket is None:
        raise NotFound("ticket", reference)
    return ticket


def may(viewer: Viewer, right: Right, ticket: Ticket) -> bool:
    """Whether a person who sees this ticket may also do this with it (table "Rights" of the design)."""
    at = {ticket.unit_id, ticket.coordinating_unit_id}

    def there(*roles: Role) -> bool:
        return any(h.role in roles and (h.unit_id in at or h.covers_city) for h in viewer.held)

    if right is Right.WORK:
        return there(*WORKING_ROLES)
    return there(Role.SUPERVISOR, Role.CITY_OFFICE)


def require(viewer: Viewer, right: Right, ticket: Ticket) -> None:
    """Raise NotAllowed unless `may`."""
    if not may(viewer, right, ticket):
        raise NotAllowed(right.value)
