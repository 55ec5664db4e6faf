"""Everything the page of one ticket shows, read in six statements whatever the length of its conversation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    CompoundSelect,
    DateTime,
    Exists,
    ScalarSelect,
    Select,
    Text,
    bindparam,
    cast,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    text,
    union,
    union_all,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session, aliased

from tickets import timeline
from tickets.errors import NotFound
from tickets.people.forms import KEPT, form_of, given, values_of
from tickets.people.roles import WORKING_ROLES, Viewer, visible_tickets
from tickets.queries.appeals import AppealState, FirstTicket, appeal_state, first_ticket
from tickets.queries.chain_steps import LevelOfTicket, chain_steps
from tickets.queries.duplicates import NO_GROUP, Group, group_of
from tickets.queries.similar import Similar, similar_open
from tickets.schema import (
    Appeal,
    Attachment,
    Call,
    Category,
    Citizen,
    Clock,
    Contact,
    Draft,
    ExternalReference,
    InboundSms,
    Procedure,
    Queue,
    RoleAssignment,
    Staff,
    Ticket,
    TicketViewer,
    Unit,
)
from tickets.states import UNFINISHED, DraftForm
from tickets.work.drafts import LOOKING_FOR, Looking

# A page says every ten seconds that it is open.
_SHOWN_OTHERS = 12


@dataclass(frozen=True, slots=True)
class Other:
    """Another ticket, or a call, of the same citizen."""

    kind: str
    reference: str
    subject: str
    state: str
    at: datetime
    answered_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True)
class WholeTicket:
    """One ticket with all that stands around it. `colleagues` work at its unit; `looking` have it open now."""

    ticket: Ticket
    unit: Unit
    queue: Queue
    category: Category | None
    procedure: Procedure | None
    place: Unit | None
    coordinating: Unit | None
    assignee: Staff | None
    citizen: Citizen | None
    drafts: Mapping[str, Mapping[str, str]]
    duplicate_count: int
    # Whether its result was appealed against, and whether it is an appeal itself.
    is_appealed: bool
    is_appeal: bool
    external: Sequence[dict[str, str]]
    files: Sequence[dict[str, Any]]
    # The sender as the provider named it, of the first that came without a number; None where there is none.
    unnumbered: str | None
    # Whether such a one read what was said at once.
    is_chat_told: bool
    entries: Sequence[dict[str, Any]] = ()
    clocks: Sequence[Clock] = ()
    steps: Sequence[LevelOfTicket] = ()
    colleagues: Sequence[tuple[int, str]] = ()
    looking: Sequence[Looking] = ()
    others: Sequence[Other] = ()
    group: Group = NO_GROUP
    appeal: AppealState | None = None
    first: FirstTicket | None = None

    @property
    def other_tickets(self) -> list[Other]:
        return [other for other in self.others if other.kind == "ticket"]

    @property
    def calls(self) -> list[Other]:
        return [other for other in self.others if other.kind == "call"]


def read_ticket(session: Session, viewer: Viewer, reference: str, *, now: datetime) -> WholeTicket:
    """The ticket as this person may see it; NotFound when it is out of scope, as when it does not exist."""
    head = _head(session, viewer, reference)
    ticket = head.ticket
    colleagues, looking = _people(session, ticket, besides=viewer.staff_id, now=now)
    return WholeTicket(
        **{name: getattr(head, name) for name in _HEAD},
        entries=timeline.entries(session, ticket.id),
        clocks=session.scalars(_CLOCKS, {"ticket_id": ticket.id}).all(),
        steps=chain_steps(session, ticket, now=now),
        colleagues=colleagues,
        looking=looking,
        others=_others(session, viewer, ticket),
        group=group_of(session, viewer, ticket) if ticket.master_id or head.duplicate_count else NO_GROUP,
        appeal=appeal_state(session, ticket.id) if head.is_appealed else None,
        first=first_ticket(session, viewer, ticket.id) if head.is_appeal else None,
    )


_HEAD = (
    "ticket", "unit", "queue", "category", "procedure", "place", "coordinating", "assignee", "citizen", "drafts",
    "duplicate_count", "is_appealed", "is_appeal", "external", "files", "unnumbered",
    "is_chat_told",
)  # fmt: skip


def _head(session: Session, viewer: Viewer, reference: str) -> WholeTicket:
    row = session.execute(
        _head_for(form_of(viewer)),
        values_of(viewer, reference=reference),
        execution_options={"populate_existing": True},
    ).one_or_none()
    if row is None:
        raise NotFound("ticket", reference)
    found: dict[str, Any] = dict(zip(_HEAD, row, strict=True))
    return WholeTicket(
        **{**found, "drafts": found["drafts"] or {}, **{k: found[k] or [] for k in ("external", "files")}}
    )


def _as_json(table: type[ExternalReference] | type[Attachment], *columns: str) -> ScalarSelect[Any]:
    """The rows of the ticket as one value, so that they need no statement of their own."""
    pairs = [part for name in columns for part in (literal(name), getattr(table, name))]
    built = func.json_agg(aggregate_order_by(func.json_build_object(*pairs), table.id))
    return select(built).where(table.ticket_id == Ticket.id).scalar_subquery()


def _unnumbered() -> ScalarSelect[Any]:
    """Looked for only where there is no number by which to answer."""
    return (
        select(func.min(Contact.phone_raw))
        .where(Contact.ticket_id == Ticket.id, Contact.phone.is_(None), Contact.phone_raw != "")
        .where(Ticket.reply_phone.is_(None))
        .scalar_subquery()
    )


def _is_chat_told() -> Exists:
    return exists().where(InboundSms.ticket_id == Ticket.id, InboundSms.phone.is_(None), InboundSms.answer != "")


def _drafts() -> ScalarSelect[Any]:
    """The reader's own unsent words about the ticket, by form."""
    built = func.json_object_agg(Draft.form, Draft.fields)
    own = (Draft.ticket_id == Ticket.id) & (Draft.staff_id == bindparam("viewer_id"))
    return select(built).where(own, Draft.form != DraftForm.INSTRUCTION).scalar_subquery()


def _heads() -> Select[*tuple[Any, ...]]:
    """Tickets with what stands in a row beside each; `viewer_id` is whose draft it is."""
    place, coordinating, duplicate = aliased(Unit), aliased(Unit), aliased(Ticket)
    duplicates = select(func.count()).where(duplicate.master_id == Ticket.id).scalar_subquery()
    external = _as_json(ExternalReference, "system", "code", "state")
    files = _as_json(Attachment, "public_id", "file_name", "media_type", "size_bytes")
    return (
        select(
            Ticket, Unit, Queue, Category, Procedure, place, coordinating, Staff, Citizen, _drafts(),
            duplicates, exists().where(Appeal.ticket_id == Ticket.id), exists().where(Appeal.case_id == Ticket.id),
            external, files, _unnumbered(), _is_chat_told(),
        )
        .join(Unit, Unit.id == Ticket.unit_id)
        .join(Queue, Queue.id == Ticket.queue_id)
        .outerjoin(Category, Category.id == Ticket.category_id)
        .outerjoin(Procedure, Procedure.id == Ticket.procedure_id)
        .outerjoin(place, place.id == Ticket.place_unit_id)
        .outerjoin(coordinating, coordinating.id == Ticket.coordinating_unit_id)
        .outerjoin(Staff, Staff.id == Ticket.assignee_id)
        .outerjoin(Citizen, Citizen.id == Ticket.citizen_id)
    )  # fmt: skip


@lru_cache(KEPT)
def _head_for(viewer: Viewer) -> Select[*tuple[Any, ...]]:
    return _heads().where(Ticket.reference == bindparam("reference"), visible_tickets(viewer))


_CLOCKS = select(Clock).where(Clock.ticket_id == bindparam("ticket_id")).order_by(Clock.id)


def _concerned() -> Select[*tuple[Any, ...]]:
    """Who works at `unit_ids` or has looked at `ticket_id` since `since`."""
    now: BindParameter[Any] = bindparam("now")
    unit_ids: BindParameter[Any] = bindparam("unit_ids", expanding=True)
    working = select(RoleAssignment.staff_id).where(
        RoleAssignment.unit_id.in_(unit_ids),
        RoleAssignment.role.in_(WORKING_ROLES),
        RoleAssignment.valid_from <= now,
        or_(RoleAssignment.valid_to.is_(None), RoleAssignment.valid_to > now),
    )
    open_now = (TicketViewer.ticket_id == bindparam("ticket_id")) & (TicketViewer.seen_at > bindparam("since"))
    concerned = union(working, select(TicketViewer.staff_id).where(open_now))
    works_here = Staff.id.in_(working).label("works_here")
    return (
        select(Staff.id, Staff.name, works_here, TicketViewer.seen_at, TicketViewer.typing_at)
        .outerjoin(TicketViewer, (TicketViewer.staff_id == Staff.id) & open_now)
        .where(Staff.disabled_at.is_(None), Staff.id.in_(concerned))
        .order_by(Staff.sort_key, Staff.id)
    )


_PEOPLE = _concerned()


def _people(
    session: Session, ticket: Ticket, *, besides: int, now: datetime
) -> tuple[list[tuple[int, str]], list[Looking]]:
    """Who works at the unit, and who has this ticket open: one statement for both."""
    since = now - LOOKING_FOR
    units = {ticket.unit_id, ticket.coordinating_unit_id or ticket.unit_id}
    rows = session.execute(_PEOPLE, {"ticket_id": ticket.id, "unit_ids": units, "since": since, "now": now}).all()
    looking = [
        Looking(row.id, row.name, row.typing_at is not None and row.typing_at > since)
        for row in rows
        if row.seen_at is not None and row.id != besides
    ]
    return [(row.id, row.name) for row in rows if row.works_here], looking


def _others(session: Session, viewer: Viewer, ticket: Ticket) -> list[Other]:
    """What else this citizen brought, newest first; only what the viewer may know of, calls through their tickets."""
    if ticket.citizen_id is None:
        return []
    asked = values_of(viewer, citizen_id=ticket.citizen_id, ticket_id=ticket.id)
    return [Other(*row) for row in session.execute(_others_for(form_of(viewer)), asked)]


@lru_cache(KEPT)
def _others_for(viewer: Viewer) -> CompoundSelect[*tuple[Any, ...]]:
    citizen_id, ticket_id = given("citizen_id"), given("ticket_id")
    tickets = (
        select(
            literal("ticket").label("kind"), Ticket.reference, Ticket.subject, cast(Ticket.status, Text).label("state"),
            Ticket.opened_at.label("at"), cast(null(), DateTime(timezone=True)).label("answered_at"),
            Ticket.closed_at.label("ended_at"),
        )
        .where(Ticket.citizen_id == citizen_id, Ticket.id != ticket_id, visible_tickets(viewer))
        .order_by(Ticket.opened_at.desc())
        .limit(_SHOWN_OTHERS)
    )  # fmt: skip
    calls = (
        select(
            literal("call").label("kind"), Ticket.reference, Ticket.subject, cast(Call.state, Text).label("state"),
            Call.arrived_at.label("at"), Call.answered_at, Call.ended_at,
        )
        .join(Ticket, Ticket.id == Call.ticket_id)
        .where(Call.citizen_id == citizen_id, visible_tickets(viewer))
        .order_by(Call.arrived_at.desc())
        .limit(_SHOWN_OTHERS)
    )  # fmt: skip
    return union_all(tickets, calls).order_by(text("at desc"))


def similar_to(
    session: Session, viewer: Viewer, ticket: Ticket, *, taught: frozenset[str], now: datetime
) -> Sequence[Similar]:
    """Other open tickets at the same unit that this person sees, in much the same words."""
    if ticket.status not in UNFINISHED:
        return ()
    return similar_open(
        session,
        unit_id=ticket.unit_id,
        category_id=ticket.category_id,
        said=f"{ticket.subject} {ticket.body}",
        but_not=ticket.id,
        viewer=viewer,
        taught=taught,
        now=now,
    )
