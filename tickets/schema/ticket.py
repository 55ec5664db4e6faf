"""Tables of tickets with everything that happens to them."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, Id, Json, JsonList, coded, to
from tickets.states import (
    UNFINISHED,
    ActorKind,
    Channel,
    Disposition,
    Level,
    PlaceOutcome,
    Priority,
    TicketStatus,
    TimelineKind,
)

# Written out wherever it is asked: PostgreSQL takes a partial index only for the words of its condition.
IS_UNFINISHED = f"status in ({', '.join(repr(status.value) for status in UNFINISHED)})"
_UNFINISHED = text(IS_UNFINISHED)
_UNTAKEN = text(f"assignee_id is null and {_UNFINISHED}")
# Nobody has taken it, and it cannot wait: looked for on every page of an agent.
_EMERGENCY = text(f"priority = 'emergency' and assignee_id is null and {IS_UNFINISHED}")
# Its words may tell of danger, and nobody has looked at it yet.
_DOUBTED = text(f"is_doubted and assignee_id is null and {IS_UNFINISHED}")
# What decides who may see a ticket, beside its unit.
_SCOPE = ("is_restricted", "is_canary", "coordinating_unit_id")
# What everybody sees who sees the unit, so that it is counted without looking at a ticket.
_OPEN_TO_ALL_THERE = f"{IS_UNFINISHED} and not is_restricted and not is_canary"
# Routed to the city's desk because its body was not live (`routing/receiving.py`): few, and none where all are.
SAYS_NOT_LIVE = """@> '[{"code": "unit_not_live"}]'::jsonb"""
# What corrections taught was told of it (`routing/decision.py`): few, and none where nothing is taught.
SAYS_LEARNED = """@> '[{"code": "category_learned"}]'::jsonb"""
_FINISHED = text("status in ('resolved', 'closed')")


class Ticket(Base):
    """What was asked or reported, until it is answered. Only `work/ticket.py` and `intake/opening.py` write it."""

    __tablename__ = "ticket"
    __table_args__ = (
        # With what a shift's numbers and the first lines of a list are made of, so that counting reads no ticket. The
        # planner, who takes every unit for an average one, then goes along them in order at the fullest unit too.
        Index(
            "ix_ticket_unit_waiting",
            "unit_id",
            "next_due_at",
            "id",
            postgresql_where=_UNFINISHED,
            postgresql_include=["assignee_id", "opened_at", *_SCOPE, "master_id"],
        ),
        Index(
            "ix_ticket_queue_waiting",
            "queue_id",
            "next_due_at",
            "id",
            postgresql_where=_UNFINISHED,
            postgresql_include=["unit_id", *_SCOPE, "master_id"],
        ),
        Index("ix_ticket_assignee_unfinished", "assignee_id", "next_due_at", "id", postgresql_where=_UNFINISHED),
        # Few different keys, so that thousands of tickets stand on a handful of pages to be counted.
        Index("ix_ticket_open_by_unit", "unit_id", postgresql_where=text(_OPEN_TO_ALL_THERE)),
        Index(
            "ix_ticket_untaken_by_unit",
            "unit_id",
            postgresql_where=text(f"assignee_id is null and {_OPEN_TO_ALL_THERE}"),
        ),
        Index("ix_ticket_open_due", "next_due_at", "unit_id", postgresql_where=text(_OPEN_TO_ALL_THERE)),
        Index("ix_ticket_open_since", "unit_id", "opened_at", postgresql_where=text(_OPEN_TO_ALL_THERE)),
        # The few of a unit that only named people see, with what is counted of them.
        Index(
            "ix_ticket_unit_restricted",
            "unit_id",
            "id",
            postgresql_where=text(f"is_restricted and {IS_UNFINISHED}"),
            postgresql_include=["next_due_at", "assignee_id", "opened_at", "is_canary", "coordinating_unit_id"],
        ),
        Index("ix_ticket_unit_emergency", "unit_id", "next_due_at", "id", postgresql_where=_EMERGENCY),
        Index(
            "ix_ticket_coordinating_emergency", "coordinating_unit_id", "next_due_at", "id", postgresql_where=_EMERGENCY
        ),
        Index(
            "ix_ticket_coordinating_untaken",
            "coordinating_unit_id",
            "next_due_at",
            "id",
            postgresql_where=text(f"coordinating_unit_id is not null and assignee_id is null and {IS_UNFINISHED}"),
        ),
        Index("ix_ticket_untaken_due", "next_due_at", "id", postgresql_where=_UNTAKEN),
        Index(
            "ix_ticket_untaken_open_due",
            "next_due_at",
            "id",
            postgresql_where=text(f"assignee_id is null and {_OPEN_TO_ALL_THERE}"),
        ),
        Index("ix_ticket_doubted", "next_due_at", "id", postgresql_where=_DOUBTED),
        Index("ix_ticket_unit_doubted", "unit_id", "next_due_at", "id", postgresql_where=_DOUBTED),
        Index("ix_ticket_coordinating_doubted", "coordinating_unit_id", "next_due_at", "id", postgresql_where=_DOUBTED),
        Index(
            "ix_ticket_unit_waiting_untaken",
            "unit_id",
            "next_due_at",
            "id",
            postgresql_where=_UNTAKEN,
            postgresql_include=[*_SCOPE, "master_id"],
        ),
        Index(
            "ix_ticket_praise",
            "unit_id",
            "next_due_at",
            "id",
            postgresql_where=text(f"is_praise and {IS_UNFINISHED}"),
        ),
        Index(
            "ix_ticket_coordinating_unfinished",
            "coordinating_unit_id",
            "next_due_at",
            "id",
            postgresql_where=text(f"coordinating_unit_id is not null and {_UNFINISHED}"),
        ),
        Index("ix_ticket_status_unfinished", "status", "next_due_at", "id", postgresql_where=_UNFINISHED),
        Index("ix_ticket_next_due", "next_due_at", "id", postgresql_where=_UNFINISHED),
        Index(
            "ix_ticket_escalated",
            "escalation_level",
            "unit_id",
            postgresql_where=text(
                "escalation_level > 0 and status in ('new', 'open', 'pending_citizen', 'pending_third_party')"
            ),
            postgresql_include=["id", *_SCOPE],
        ),
        Index(
            "ix_ticket_left_at_desk",
            "opened_at",
            "id",
            postgresql_where=text(f"{IS_UNFINISHED} and routing_reasons {SAYS_NOT_LIVE}"),
        ),
        Index("ix_ticket_learned", "opened_at", postgresql_where=text(f"routing_reasons {SAYS_LEARNED}")),
        Index("ix_ticket_wake", "wake_at", postgresql_where=text("wake_at is not null")),
        Index("ix_ticket_close", "reopen_until", postgresql_where=text("status = 'resolved'")),
        Index("ix_ticket_canary", "id", postgresql_where=text("is_canary")),
        Index("ix_ticket_restricted", "id", postgresql_where=text("is_restricted")),
        Index("ix_ticket_unit_opened", "unit_id", "opened_at"),
        # The newest of a unit, and of what it coordinates, for lists of programs.
        Index("ix_ticket_unit_newest", "unit_id", "id"),
        # The same of those in one state, which may be few among many.
        Index("ix_ticket_status_newest", "status", "id"),
        Index("ix_ticket_unit_status_newest", "unit_id", "status", "id"),
        Index(
            "ix_ticket_coordinating_newest",
            "coordinating_unit_id",
            "id",
            postgresql_where=text("coordinating_unit_id is not null"),
        ),
        # The newest of a unit and kind, among which a ticket like this one is looked for.
        Index("ix_ticket_open_alike", "unit_id", "category_id", "opened_at", postgresql_where=text(_OPEN_TO_ALL_THERE)),
        Index("ix_ticket_finished", "opened_at", "id", postgresql_where=_FINISHED),
        Index("ix_ticket_unit_finished", "unit_id", "opened_at", "id", postgresql_where=_FINISHED),
        Index(
            "ix_ticket_coordinating_finished",
            "coordinating_unit_id",
            "opened_at",
            "id",
            postgresql_where=text(f"coordinating_unit_id is not null and {_FINISHED}"),
        ),
        Index("ix_ticket_queue_finished", "queue_id", "opened_at", "id", postgresql_where=_FINISHED),
        Index("ix_ticket_assignee_finished", "assignee_id", "opened_at", "id", postgresql_where=_FINISHED),
    )

    id: Mapped[Id]
    reference: Mapped[str] = mapped_column(unique=True)
    # Random salt from which the PIN is derived; the PIN itself is never stored.
    pin_salt: Mapped[bytes] = mapped_column(LargeBinary)
    subject: Mapped[str]
    body: Mapped[str]
    locale: Mapped[str] = mapped_column(server_default="vi")
    status: Mapped[TicketStatus] = mapped_column(coded(TicketStatus))
    disposition: Mapped[Disposition | None] = mapped_column(coded(Disposition))
    priority: Mapped[Priority] = mapped_column(coded(Priority))
    level: Mapped[Level] = mapped_column(coded(Level))
    channel: Mapped[Channel] = mapped_column(coded(Channel))
    # The unit responsible: it must answer, wherever the queue is staffed from.
    unit_id: Mapped[int] = mapped_column(to("unit"))
    queue_id: Mapped[int] = mapped_column(to("queue"))
    first_queue_id: Mapped[int] = mapped_column(to("queue"))
    # City operations for an emergency, the City Office once it coordinates: sees and works the ticket too.
    coordinating_unit_id: Mapped[int | None] = mapped_column(to("unit"))
    assignee_id: Mapped[int | None] = mapped_column(to("staff"))
    citizen_id: Mapped[int | None] = mapped_column(to("citizen"), index=True)
    # How this ticket's citizen asked to be answered; copied, so that erasing a phone elsewhere changes no history.
    reply_phone: Mapped[str | None] = mapped_column(index=True)
    reply_email: Mapped[str | None]
    category_id: Mapped[int | None] = mapped_column(to("category"))
    procedure_id: Mapped[int | None] = mapped_column(to("procedure"))
    place_text: Mapped[str] = mapped_column(server_default="")
    place_unit_id: Mapped[int | None] = mapped_column(to("unit"))
    place_outcome: Mapped[PlaceOutcome] = mapped_column(coded(PlaceOutcome), server_default="none")
    # {"candidates": [...], "question": ..., "generation": ...,
    #  "by": "resolver" | "hint" | "citizen" | "line" | staff id}
    place_detail: Mapped[Json] = mapped_column(server_default=text("'{}'"))
    residence: Mapped[str] = mapped_column(server_default="")
    dossier_number: Mapped[str | None] = mapped_column(index=True)
    dossier_due_on: Mapped[date | None]
    # [{"code": ..., "params": {...}}]: why it stands where it stands, told in words on every screen.
    routing_reasons: Mapped[JsonList] = mapped_column(server_default=text("'[]'"))
    # Which version of the rules for words read it; '' before versions were kept.
    read_by: Mapped[str] = mapped_column(server_default="")
    # Its words may mean danger, and nobody has said yet whether they do.
    is_doubted: Mapped[bool] = mapped_column(server_default=text("false"))
    # Thanks for whoever served somebody: nothing is promised, and the unit and its lead read it.
    is_praise: Mapped[bool] = mapped_column(server_default=text("false"))
    is_restricted: Mapped[bool] = mapped_column(server_default=text("false"))
    about_unit_id: Mapped[int | None] = mapped_column(to("unit"))
    is_canary: Mapped[bool] = mapped_column(server_default=text("false"))
    is_simulated: Mapped[bool] = mapped_column(server_default=text("false"))
    opened_at: Mapped[datetime] = mapped_column(index=True)
    updated_at: Mapped[datetime]
    first_answered_at: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    reopen_until: Mapped[datetime | None]
    wake_at: Mapped[datetime | None]
    # What an interim answer told the citizen to expect; the promise itself and its first date stay (R24).
    expected_at: Mapped[datetime | None]
    # The earliest due of its running clocks: what lists are sorted by. Kept by `tickets/promises/ledger`.
    next_due_at: Mapped[datetime | None]
    next_due_kind: Mapped[str | None]
    escalation_level: Mapped[int] = mapped_column(server_default=text("0"))
    hop_count: Mapped[int] = mapped_column(server_default=text("1"))
    reopen_count: Mapped[int] = mapped_column(server_default=text("0"))
    rating: Mapped[int | None]
    master_id: Mapped[int | None] = mapped_column(to("ticket"), index=True)
    # Set when a citizen comes back after the reopening window: a new ticket, linked to the old one.
    continues_id: Mapped[int | None] = mapped_column(to("ticket"), index=True)


class TicketSearch(Base):
    """The folded words of a ticket (subject, body, names, dossier, messages) for search without accents."""

    __tablename__ = "ticket_search"
    __table_args__ = (Index("ix_ticket_search_words", "words", postgresql_using="gin"),)

    ticket_id: Mapped[int] = mapped_column(to("ticket", cascade=True), primary_key=True)
    words: Mapped[str] = mapped_column(TSVECTOR)


class TicketAccess(Base):
    """That a named person may see a restricted ticket."""

    __tablename__ = "ticket_access"
    __table_args__ = (
        # With when they were named, so that all of a person's, or one of them, is told without looking at a row.
        Index("ix_ticket_access_of_person", "staff_id", "ticket_id", postgresql_include=["created_at"]),
    )

    ticket_id: Mapped[int] = mapped_column(to("ticket", cascade=True), primary_key=True)
    staff_id: Mapped[int] = mapped_column(to("staff"), primary_key=True)
    reason: Mapped[str]
    created_at: Mapped[datetime]


class QueueHop(Base):
    """A ticket's stay in a queue: where it came in, how long, and why it left."""

    __tablename__ = "queue_hop"
    __table_args__ = (UniqueConstraint("ticket_id", "number"),)

    id: Mapped[Id]
    ticket_id: Mapped[int] = mapped_column(to("ticket", cascade=True))
    number: Mapped[int]
    queue_id: Mapped[int] = mapped_column(to("queue"), index=True)
    entered_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    # intake, transfer, return, misroute: a misroute counts against routing, not against the unit.
    cause: Mapped[str]


class Message(Base):
    """What citizen and agent said to each other; notes are timeline entries, never messages."""

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint("direction in ('in', 'out')", name="direction"),
        Index("ix_message_ticket_id_id", "ticket_id", "id"),
    )

    id: Mapped[Id]
    ticket_id: Mapped[int] = mapped_column(to("ticket", cascade=True))
    direction: Mapped[str]
    channel: Mapped[Channel] = mapped_column(coded(Channel))
    body: Mapped[str]
    at: Mapped[datetime]
    staff_id: Mapped[int | None] = mapped_column(to("staff"))
    contact_id: Mapped[int | None] = mapped_column(to("contact"))
    outbound_id: Mapped[int | None] = mapped_column(to("outbound_message"))


class TimelineEntry(Base):
    """Append-only record of everything that happened to a ticket."""

    __tablename__ = "timeline_entry"
    __table_args__ = (Index("ix_timeline_entry_ticket_id_id", "ticket_id", "id"),)

    id: Mapped[Id]
    ticket_id: Mapped[int] = mapped_column(to("ticket", cascade=True))
    at: Mapped[datetime]
    kind: Mapped[TimelineKind] = mapped_column(coded(TimelineKind))
    actor_kind: Mapped[ActorKind] = mapped_column(coded(ActorKind))
    staff_id: Mapped[int | None] = mapped_column(to("staff"))
    # Shown to the citizen on the follow page.
    is_public: Mapped[bool]
    body: Mapped[str] = mapped_column(server_default="")
    params: Mapped[Json] = mapped_column(server_default=text("'{}'"))
    message_id: Mapped[int | None] = mapped_column(to("message"))


class Attachment(Base):
    """A file given with a ticket; served only through our own rights check, always as a download or a safe image."""

    __tablename__ = "attachment"

    id: Mapped[Id]
    public_id: Mapped[UUID] = mapped_column(unique=True)
    ticket_id: Mapped[int] = mapped_column(to("ticket", cascade=True), index=True)
    message_id: Mapped[int | None] = mapped_column(to("message"))
    staff_id: Mapped[int | None] = mapped_column(to("staff"))
    file_name: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    sha256: Mapped[str]
    storage_key: Mapped[str] = mapped_column(index=True)
    created_at: Mapped[datetime]


class ExternalReference(Base):
    """The same matter in another system (the city's 1022, the national feedback system)."""

    __tablename__ = "external_reference"
    __table_args__ = (UniqueConstraint("system", "code"),)

    id: Mapped[Id]
    ticket_id: Mapped[int] = mapped_column(to("ticket", cascade=True), index=True)
    system: Mapped[str]
    code: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="")


class Misroute(Base):
    """An agent's correction of where routing had put a ticket, with its cause."""

    __tablename__ = "misroute"

    id: Mapped[Id]
    ticket_id: Mapped[int] = mapped_column(to("ticket", cascade=True), index=True)
    from_queue_id: Mapped[int] = mapped_column(to("queue"))
    to_queue_id: Mapped[int] = mapped_column(to("queue"))
    cause: Mapped[str]
    staff_id: Mapped[int | None] = mapped_column(to("staff"))
    at: Mapped[datetime]


class PinGuard(Base):
    """Failed PINs of one reference, whether it exists or not, or failed reply codes of one phone ("code:+84…").

    Five lock it for fifteen minutes. PINs are counted for each asker ("2600421733 9f86…") and from everywhere together.
    """

    __tablename__ = "pin_guard"

    reference: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    first_failure_at: Mapped[datetime]
    locked_until: Mapped[datetime | None]


class IdempotencyKey(Base):
    """A request that was answered, so that its repetition gets the same answer and changes nothing."""

    __tablename__ = "idempotency_key"

    scope: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    ticket_id: Mapped[int | None] = mapped_column(to("ticket"))
    created_at: Mapped[datetime] = mapped_column(index=True)
