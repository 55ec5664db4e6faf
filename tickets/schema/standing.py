"""Tables kept so that pages do not grow with history: what stands open of escalation, the promises and texts of a day.

Nothing here is a truth of its own: `tickets/promises/standing_levels.py` and `day_totals.py` write it from clocks,
steps and answers, `tickets/outbox/text_parts.py` from messages, and a nightly job proves it. What of a line changes
with its ticket or clock, triggers change.
"""

from datetime import date, datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, Id, coded, to
from tickets.schema.ticket import IS_UNFINISHED
from tickets.states import ClockKind

_OF_THE_RIGHT = ("unit_id", "procedure_id", "category_id", "chain_version_id", "capacity", "stands")


class StandingLevel(Base):
    """The highest level that a running clock has raised for its present due date: a line of the supervisors' board."""

    __tablename__ = "standing_level"
    __table_args__ = (
        # The board's order, with what it is counted and narrowed by.
        Index(
            "ix_standing_level_order",
            text("level desc"),
            "due_at",
            "step_id",
            postgresql_include=["ticket_id", "clock_kind", "breach_cause", "is_answered"],
        ),
        # The same order, unit by unit.
        Index("ix_standing_level_unit", "unit_id", text("level desc"), "due_at", "step_id"),
        # Few different keys, so that thousands of chains stand on a handful of pages to be counted; the few that only
        # named people know of, with what is counted of them; and what the release before wrote.
        Index(
            "ix_standing_level_counted",
            "unit_id",
            "level",
            "clock_kind",
            "is_answered",
            postgresql_where=text("stands and not is_restricted"),
        ),
        Index(
            "ix_standing_level_named",
            "ticket_id",
            postgresql_where=text("stands and is_restricted"),
            postgresql_include=["unit_id", "level", "clock_kind", "is_answered"],
        ),
        Index("ix_standing_level_unknown", "ticket_id", postgresql_where=text("stands is null")),
    )

    clock_id: Mapped[int] = mapped_column(to("clock", cascade=True), primary_key=True, autoincrement=False)
    # A clock goes with its ticket: that it is there needs no looking up.
    ticket_id: Mapped[int] = mapped_column(index=True)
    step_id: Mapped[int]
    level: Mapped[int]
    due_at: Mapped[datetime]
    clock_kind: Mapped[ClockKind] = mapped_column(coded(ClockKind))
    breach_cause: Mapped[str]
    is_answered: Mapped[bool]
    # Where the ticket is, whether only named people know of it, and whether there is anything to count; None in rows
    # that the release before wrote.
    unit_id: Mapped[int | None]
    is_restricted: Mapped[bool | None]
    stands: Mapped[bool | None]


class StandingReport(Base):
    """The highest level of a running clock that a person was told of: a line of the leader's list."""

    __tablename__ = "standing_report"
    __table_args__ = (
        # With all that a line is counted and judged by, so that hundreds are told from some dozen pages.
        Index(
            "ix_standing_report_desk",
            "staff_id",
            "is_answered",
            text("(-harm)"),
            "due_on",
            text("(-people)"),
            "due_at",
            "step_id",
            postgresql_include=["ticket_id", "clock_id", "level", "harm", "people", *_OF_THE_RIGHT],
        ),
    )

    clock_id: Mapped[int] = mapped_column(to("clock", cascade=True), primary_key=True, autoincrement=False)
    # Whoever was told, and the ticket of the clock: both are there, and need no looking up.
    staff_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    ticket_id: Mapped[int] = mapped_column(index=True)
    step_id: Mapped[int]
    level: Mapped[int]
    due_at: Mapped[datetime]
    is_answered: Mapped[bool]
    # The level, and EMERGENCY_HARM more in an emergency.
    harm: Mapped[int] = mapped_column(server_default="0")
    # The day of the city on which it was due.
    due_on: Mapped[date] = mapped_column(server_default="1970-01-01")
    # The citizen whose ticket it is, and everybody whose duplicate waits for the same answer.
    people: Mapped[int] = mapped_column(server_default="1")
    # What the right to answer depends on, beside the level and the harm: of the ticket, of its chain, and how this
    # person was told. None in rows that the release before wrote.
    unit_id: Mapped[int | None]
    procedure_id: Mapped[int | None]
    category_id: Mapped[int | None]
    chain_version_id: Mapped[int | None]
    capacity: Mapped[str | None]
    # Whether there is anything to answer; None: written by the release before, which did not tell.
    stands: Mapped[bool | None]


class PromiseDay(Base):
    """How many promises of a unit and kind ended on a day of the city, or of today so far, by what became of them."""

    __tablename__ = "promise_day"

    on_day: Mapped[date] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(to("unit"), primary_key=True, autoincrement=False)
    kind: Mapped[ClockKind] = mapped_column(coded(ClockKind), primary_key=True)
    met: Mapped[int]
    missed: Mapped[int]
    cancelled: Mapped[int]


class TextPartDay(Base):
    """How many parts of texts left on a day of the city that is over, by the provider's account that carried them."""

    __tablename__ = "text_part_day"

    on_day: Mapped[date] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(primary_key=True)
    parts: Mapped[int]


class EarlierSending(Base):
    """A sending of a text before its last one, of which alone the message tells: it was paid for as well."""

    __tablename__ = "earlier_sending"

    id: Mapped[Id]
    outbound_id: Mapped[int] = mapped_column(to("outbound_message", cascade=True), index=True)
    account: Mapped[str]
    parts: Mapped[int]
    sent_at: Mapped[datetime] = mapped_column(index=True)


class MovedSinceLevel(Base):
    """A ticket that went to another unit after a level of it had fired, or its lead was warned, and where it is now.

    Either names the unit at which it fired, and so those of a unit are a stretch of an index, but for these.
    """

    __tablename__ = "moved_since_level"

    ticket_id: Mapped[int] = mapped_column(to("ticket", cascade=True), primary_key=True, autoincrement=False)
    unit_id: Mapped[int] = mapped_column(index=True)


class PublishedPromise(Base):
    """How a body kept its promises of a kind over the days that were published last."""

    __tablename__ = "published_promise"

    unit_id: Mapped[int] = mapped_column(to("unit"), primary_key=True, autoincrement=False)
    kind: Mapped[ClockKind] = mapped_column(coded(ClockKind), primary_key=True)
    met: Mapped[int]
    missed: Mapped[int]
    overdue: Mapped[int]


_OF_TICKET = f"""
begin
    update standing_report r
    set unit_id = new.unit_id, procedure_id = new.procedure_id, category_id = new.category_id,
        stands = new.escalation_level > 0 and not new.is_canary
            and new.{IS_UNFINISHED}
            and exists (select from clock where id = r.clock_id and status = 'running')
    where r.ticket_id = new.id and r.stands is not null;
    update standing_level l
    set unit_id = new.unit_id, is_restricted = new.is_restricted,
        stands = new.escalation_level > 0 and not new.is_canary
            and new.{IS_UNFINISHED}
            and exists (select from clock where id = l.clock_id and status = 'running')
    where l.ticket_id = new.id and l.stands is not null;
    return null;
end
"""  # noqa: S608  (our own names)
_OF_CLOCK = f"""
begin
    update standing_report r
    set stands = new.status = 'running' and t.escalation_level > 0 and not t.is_canary
        and t.{IS_UNFINISHED}
    from ticket t
    where r.clock_id = new.id and t.id = new.ticket_id and r.stands is not null;
    update standing_level l
    set stands = new.status = 'running' and t.escalation_level > 0 and not t.is_canary
        and t.{IS_UNFINISHED}
    from ticket t
    where l.clock_id = new.id and t.id = new.ticket_id and l.stands is not null;
    return null;
end
"""  # noqa: S608  (our own names)
_OF_MOVE = """
begin
    if new.escalation_level > 0 or exists (
        select from planned_step where ticket_id = new.id and kind = 'warning' and fired_at is not null and rank >= 75
    ) then
        insert into moved_since_level (ticket_id, unit_id) values (new.id, new.unit_id)
        on conflict (ticket_id) do update set unit_id = excluded.unit_id;
    end if;
    return null;
end
"""
_OF_ANSWER = """
begin
    update planned_step set is_answered = true where id = new.step_id and not is_answered;
    return null;
end
"""
# By the trigger's name, which its function has too: what the function does, on which table it stands and when.
KEEPS_WHAT_STANDS = {
    "what_stands_of_ticket": (
        _OF_TICKET,
        "ticket",
        # A level rises only where the lines of its clock are written next.
        "after update on ticket for each row when (((old.unit_id, old.procedure_id, old.category_id, old.status,"
        " old.is_restricted, old.is_canary) is distinct from (new.unit_id, new.procedure_id, new.category_id,"
        " new.status, new.is_restricted, new.is_canary)) or (old.escalation_level > 0 and new.escalation_level <= 0))",
    ),
    "moved_since_level": (
        _OF_MOVE,
        "ticket",
        "after update on ticket for each row when (old.unit_id <> new.unit_id)",
    ),
    "level_answered": (_OF_ANSWER, "acknowledgement", "after insert on acknowledgement for each row"),
    "what_stands_of_clock": (
        _OF_CLOCK,
        "clock",
        "after update on clock for each row when ((old.status = 'running') <> (new.status = 'running'))",
    ),
}
