"""The statements that copy rows of the demonstration: of tickets, and of the people and calls around them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import DateTime, Table

from tickets.schema import (
    Acknowledgement,
    AuditEntry,
    Base,
    Call,
    CallbackRequest,
    CallLeg,
    Citizen,
    CitizenPhone,
    Clock,
    ClockInterval,
    Contact,
    EscalationAttempt,
    Message,
    MovedSinceLevel,
    Offer,
    OutboundMessage,
    PlannedStep,
    PromiseBreach,
    QueueHop,
    StandingLevel,
    StandingReport,
    StepRecipient,
    Ticket,
    TicketAccess,
    TicketSearch,
    TimelineEntry,
)

# What a ticket brings along.
OF_TICKETS: tuple[type[Base], ...] = (
    Ticket, TicketSearch, TicketAccess, Contact, QueueHop, OutboundMessage, Message, TimelineEntry, Clock,
    PromiseBreach, ClockInterval, PlannedStep, StepRecipient, EscalationAttempt, Acknowledgement, StandingLevel,
    StandingReport, MovedSinceLevel, Call, CallLeg, Offer, CallbackRequest, AuditEntry,
)  # fmt: skip
# Who called and wrote, and calls that came to no ticket: once a round, however many tickets they stand at.
OF_ROUNDS: tuple[type[Base], ...] = (Citizen, CitizenPhone, Contact, Call, CallLeg, Offer, CallbackRequest)
COPIED: tuple[str, ...] = tuple(sorted({table.__tablename__ for table in (*OF_TICKETS, *OF_ROUNDS)}))
# Not copied, each for its reason: links between tickets are the originals'; recordings are files; provider events are
# forgotten after days; sessions, drafts and keys belong to somebody who is here now.
_LEFT_OUT = {"master_id", "continues_id"}
# Tables whose rows are named by others: a copy's id is the original's moved by a whole number of spans.
NAMED: tuple[type[Base], ...] = (
    Ticket, Message, Clock, PlannedStep, Contact, Citizen, Call, OutboundMessage, EscalationAttempt,
)  # fmt: skip
_REFERS = {
    "ticket_id": "ticket",
    "message_id": "message",
    "clock_id": "clock",
    "step_id": "planned_step",
    "contact_id": "contact",
    "citizen_id": "citizen",
    "call_id": "call",
    "outbound_id": "outbound_message",
    "gathered_into_id": "outbound_message",
}
_PHONES = {"phone", "phone_raw", "reply_phone"}
_DIGITS = 100_000_000
# The same number for the same citizen in the same round, wherever it stands.
_PHONE = (
    f"case when s.{{name}}_digits is null then s.{{name}} else '+849' || lpad(((s.{{name}}_digits + p.round * 104729)"
    f" % {_DIGITS})::text, 8, '0') end"
)
_OVER = "s.status = 'resolved' and s.reopen_until + p.by <= :now"
# The level it tells of is the copied ticket's own.
_MOVED_STEP = (
    "case when s.of_step is null then s.params"
    " else s.params || jsonb_build_object('step_id', s.of_step + p.round * {planned_step}) end"
)
# What an entry about a level or a promise tells of dates.
_DATES = ("due_at", "breached_at", "planned_at", "new_due_at")
# In braces, the span of a table's ids.
_SPECIAL = {
    ("ticket", "reference"): "p.reference",
    ("ticket", "pin_salt"): "p.salt",
    # An answer moved into last spring is closed by now.
    ("ticket", "status"): f"case when {_OVER} then 'closed' else s.status end",
    ("ticket", "closed_at"): f"case when {_OVER} then s.reopen_until + p.by else s.closed_at + p.by end",
    ("contact", "source_key"): "s.source_key || ':' || (s.id + p.round * {contact})",
    # One person must not be asked to tell two levels apart by one code.
    ("step_recipient", "reply_code"): "lpad(right((s.step_id + p.round * {planned_step})::text, 8), 5, '0')",
    ("standing_report", "due_on"): "((s.due_at + p.by) at time zone cast(:zone as text))::date",
    # Nothing is sent, rung or to be called back because it was copied, and nobody else is told for want of an answer.
    ("planned_step", "reach_by"): "null",
    ("outbound_message", "dedup_key"): "s.dedup_key || ':' || (s.id + p.round * {outbound_message})",
    ("outbound_message", "state"): "case when s.state in ('waiting', 'claimed') then 'sent' else s.state end",
    ("outbound_message", "params"): _MOVED_STEP,
    ("timeline_entry", "params"): _MOVED_STEP,
    ("outbound_message", "provider_sid"): "s.provider_sid || ':' || (s.id + p.round * {outbound_message})",
    ("outbound_message", "claimed_by"): "null",
    ("outbound_message", "lease_until"): "null",
    ("call", "call_sid"): "s.call_sid || ':' || (s.id + p.round * {call})",
    ("call", "state"): "'ended'",
    ("call_leg", "call_sid"): "s.call_sid || ':' || (s.call_id + p.round * {call})",
    ("offer", "outcome"): "coalesce(s.outcome, 'withdrawn')",
    ("callback_request", "once_key"): "s.once_key || ':' || (s.id + p.round * {call})",
    ("callback_request", "state"): "'closed'",
    # What the system noted after a ticket's last story would else lie in the future of a ticket moved forward.
    ("audit_entry", "at"): "least(s.at + p.by, :now)",
    ("escalation_attempt", "at"): "least(s.at + p.by, :now)",
    ("outbound_message", "created_at"): "least(s.created_at + p.by, :now)",
    ("outbound_message", "sent_at"): "least(coalesce(s.sent_at, s.created_at) + p.by, :now)",
    ("audit_entry", "subject_id"): (
        "case s.subject_kind when 'ticket' then s.subject_id + p.round * {ticket}"
        " when 'planned_step' then s.subject_id + p.round * {planned_step}"
        " when 'escalation_attempt' then s.subject_id + p.round * {escalation_attempt}"
        " when 'clock' then s.subject_id + p.round * {clock} else s.subject_id end"
    ),
    # What an entry says of a fact is what the copied fact says.
    ("audit_entry", "params"): (
        "case when s.has_dates then s.params || jsonb_strip_nulls(jsonb_build_object("
        + ", ".join(f"'{date}', s.said_{date} + p.by" for date in _DATES)
        + "))"
        # The dates with which a ticket began, by kind of promise.
        " when s.has_dues then s.params || jsonb_build_object('due', (select"
        " coalesce(jsonb_object_agg(d.key, to_jsonb((d.value #>> '{{}}')::timestamptz + p.by)), '{{}}')"
        " from jsonb_each(s.params -> 'due') d))"
        " when s.of_step is not null then s.params ||"
        " jsonb_build_object('step_id', s.of_step + p.round * {planned_step}) else s.params end"
    ),
    # A week that a copy was moved to may have a day off: what its promise then lacks is granted, its date stays.
    ("clock", "granted_seconds"): "s.granted_seconds + coalesce(g.seconds, 0)",
}


@dataclass(frozen=True, slots=True)
class Spans:
    """By how much the ids of each named table are moved in a round."""

    of: dict[str, int]

    def value(self, table: Table, column: Any) -> str:
        name = column.name
        special = _SPECIAL.get((table.name, name))
        if special is not None:
            return special.format(**self.of)
        moved = table.name if name == "id" else _REFERS.get(name)
        if moved is not None:
            return f"s.{name} + p.round * {self.of[moved]}"
        if _is_phone(table, name):
            return _PHONE.format(name=name)
        return f's."{name}" + p.by' if isinstance(column.type, DateTime) else f's."{name}"'


def put_originals_aside() -> Iterator[str]:
    """Those of the tickets in `copy_ticket`, the citizens in `copy_citizen` and the calls in `copy_call`.

    Each copy then reads the few hundred originals, however many copies stand beside them, and what can be told from an
    original alone is told once.
    """
    for tables, kind, source in ((OF_TICKETS, "ticket", _of_tickets), (OF_ROUNDS, "round", _of_rounds)):
        for table in (table.__table__ for table in tables):
            name = f"original_{table.name}_of_{kind}"
            told = "".join(f", {value} as {column}" for column, value in _told_once(table))
            yield f"drop table if exists {name}"
            found = f"select o.*{told} from (select {source(table)}) o"  # noqa: S608  (names of our own)
            yield f"create temp table {name} on commit drop as {found}"


def _told_once(table: Table) -> Iterator[tuple[str, str]]:
    phones = [column.name for column in table.columns if _is_phone(table, column.name)]
    for name in phones:
        yield f"{name}_digits", f"case when o.{name} ~ '^\\+84[0-9]{{9}}$' then right(o.{name}, 8)::bigint end"
    if table.name in ("audit_entry", "outbound_message", "timeline_entry"):
        # An entry's ticket, promise or person is told by its subject; of the attempt to tell somebody, the level too.
        is_told = "o.subject_kind = 'escalation_attempt'" if table.name == "audit_entry" else "o.params ? 'step_id'"
        yield "of_step", f"case when {is_told} then (o.params ->> 'step_id')::bigint end"
    if table.name == "audit_entry":
        dated = "o.subject_kind in ('planned_step', 'clock')"
        yield "has_dates", f"{dated} and o.params ?| array[{', '.join(map(repr, _DATES))}]"
        yield "has_dues", "o.subject_kind = 'ticket' and o.params ? 'due'"
        for date in _DATES:
            yield f"said_{date}", f"case when {dated} then (o.params ->> '{date}')::timestamptz end"


def _is_phone(table: Table, column: str) -> bool:
    return column in _PHONES or (table.name, column) == ("outbound_message", "address")


def copy_of_tickets(table: Table, spans: Spans) -> str:
    """Copies what belongs to the tickets in `copy_plan`. Takes :now and :zone, the city's."""
    source = f"original_{table.name}_of_ticket s join copy_plan p on p.original = s.copied_ticket"
    granted = " left join copy_grant g on g.clock = s.id and g.round = p.round" if table.name == "clock" else ""
    return _insert(table, spans, source + granted)


def copy_of_rounds(table: Table, spans: Spans) -> str:
    """Copies what belongs to no ticket, for each round in `copy_round`. Takes :now."""
    return _insert(table, spans, f"original_{table.name}_of_round s cross join copy_round p")


def _insert(table: Table, spans: Spans, source: str) -> str:
    columns = [c for c in table.columns if c.name not in _LEFT_OUT and not _is_drawn(table, c.name)]
    names = ", ".join(f'"{column.name}"' for column in columns)
    values = ", ".join(spans.value(table, column) for column in columns)
    # As a city fills its tables: what came together lies together, and drawn ids tell a story in its order. One number
    # is sorted by in two thirds of the time that two take.
    first = "id" if "id" in table.c else next(iter(table.primary_key.columns)).name
    in_order = f" order by (p.round << 40) + s.{first}"
    # Names of our own tables and columns, nothing anybody typed.
    return f"insert into {table.name} ({names}) select {values} from {source}{in_order}"  # noqa: S608


def _is_drawn(table: Table, column: str) -> bool:
    """Ids that nobody refers to come from their sequence."""
    return column == "id" and table.name not in {named.__tablename__ for named in NAMED}


def _of_tickets(table: Table) -> str:
    if table.name == "ticket":
        return "s.*, s.id as copied_ticket from ticket s join copy_ticket t on t.id = s.id"
    if "ticket_id" in table.c:
        return f"s.*, t.id as copied_ticket from {table.name} s join copy_ticket t on t.id = s.ticket_id"
    key, owner = next((k, o) for k, o in _OWNERS if k in table.c)
    owned = f"{table.name} s join {owner} o on o.id = s.{key}"
    return f"s.*, t.id as copied_ticket from {owned} join copy_ticket t on t.id = o.ticket_id"


_OWNERS = (("clock_id", "clock"), ("step_id", "planned_step"), ("call_id", "call"))


def _of_rounds(table: Table) -> str:
    if table.name == "citizen":
        return "s.* from citizen s join copy_citizen o on o.id = s.id"
    if table.name == "citizen_phone":
        return "s.* from citizen_phone s join copy_citizen o on o.id = s.citizen_id"
    if table.name == "contact":
        calls = "join call c on c.contact_id = s.id join copy_call o on o.id = c.id"
        return f"s.* from contact s {calls} where s.ticket_id is null"
    key = "id" if table.name == "call" else "call_id"
    without_ticket = " where s.ticket_id is null" if "ticket_id" in table.c else ""
    return f"s.* from {table.name} s join copy_call o on o.id = s.{key}{without_ticket}"
