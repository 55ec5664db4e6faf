"""Tables of promises and escalation: versioned calendars, policies, chains; clocks, intervals, planned steps."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, Id, Json, JsonList, coded, to
from tickets.states import Channel, ClockKind, ClockStatus, Level, Priority, StepKind, StepResult

# A warning that went to whoever leads the unit too (R11).
WARNED_LEAD = "kind = 'warning' and fired_at is not null and rank >= 75"
_BROKEN_OPEN = text("first_breach_at is not null and status in ('running', 'paused')")


class Calendar(Base):
    __tablename__ = "calendar"

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    name_en: Mapped[str]


class CalendarVersion(Base):
    """A calendar as it stood, holidays and swapped days included; never changed once written (R21)."""

    __tablename__ = "calendar_version"
    __table_args__ = (UniqueConstraint("calendar_id", "version"),)

    id: Mapped[Id]
    calendar_id: Mapped[int] = mapped_column(to("calendar"))
    version: Mapped[int]
    spec: Mapped[Json]
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(to("staff"))


class Holiday(Base):
    """A day off or a made-up working day, with the decree that says so; calendar versions are made from these."""

    __tablename__ = "holiday"
    __table_args__ = (CheckConstraint("kind in ('off', 'worked')", name="kind"),)

    id: Mapped[Id]
    day: Mapped[date] = mapped_column(unique=True)
    kind: Mapped[str]
    name: Mapped[str]
    name_en: Mapped[str]
    source: Mapped[str]


class Chain(Base):
    __tablename__ = "chain"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)


class ChainVersion(Base):
    __tablename__ = "chain_version"
    __table_args__ = (UniqueConstraint("chain_id", "version"),)

    id: Mapped[Id]
    chain_id: Mapped[int] = mapped_column(to("chain"))
    version: Mapped[int]
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(to("staff"))


class ChainStep(Base):
    """One level of a chain: whom to tell, how long after due (R12).

    Offsets are seconds or per cent of the target after due (negative: before), at least `least_seconds` after, or
    `after_level_seconds` of open time in `calendar_key` after the level before it. `post` may name several
    codes with '|', tried from the left for the one the unit has.
    """

    __tablename__ = "chain_step"
    __table_args__ = (UniqueConstraint("chain_version_id", "level"),)

    id: Mapped[Id]
    chain_version_id: Mapped[int] = mapped_column(to("chain_version"))
    level: Mapped[int]
    post: Mapped[str]
    spec: Mapped[Json]
    # The calendar it counts in, as it stood when the chain was written; versions are never removed.
    calendar_version_id: Mapped[int | None]


class Policy(Base):
    __tablename__ = "policy"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)


class PolicyVersion(Base):
    """Whom a policy applies to (null: everybody) from an instant on; the newest version of each policy is in force."""

    __tablename__ = "policy_version"
    __table_args__ = (UniqueConstraint("policy_id", "version"),)

    id: Mapped[Id]
    policy_id: Mapped[int] = mapped_column(to("policy"))
    version: Mapped[int]
    category_id: Mapped[int | None] = mapped_column(to("category"))
    level: Mapped[Level | None] = mapped_column(coded(Level))
    unit_id: Mapped[int | None] = mapped_column(to("unit"))
    channel: Mapped[Channel | None] = mapped_column(coded(Channel))
    legal_basis: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(to("staff"))
    retired_at: Mapped[datetime | None]


class PolicyRow(Base):
    """The promise for one priority and clock of a policy version."""

    __tablename__ = "policy_row"
    __table_args__ = (UniqueConstraint("policy_version_id", "priority", "clock"),)

    id: Mapped[Id]
    policy_version_id: Mapped[int] = mapped_column(to("policy_version"))
    priority: Mapped[Priority] = mapped_column(coded(Priority))
    clock: Mapped[ClockKind] = mapped_column(coded(ClockKind))
    target_seconds: Mapped[int]
    calendar_version_id: Mapped[int] = mapped_column(to("calendar_version"))
    chain_version_id: Mapped[int | None] = mapped_column(to("chain_version"))
    warn: Mapped[JsonList]
    pauses_for_third_party: Mapped[bool] = mapped_column(server_default=text("false"))
    # Total pause allowed, as a multiple of the target (R6).
    pause_cap_factor: Mapped[float] = mapped_column(server_default=text("2"))


class Clock(Base):
    """A running promise of one ticket. State changes come from `tickets/promises` alone."""

    __tablename__ = "clock"
    __table_args__ = (
        UniqueConstraint("ticket_id", "kind", "cycle"),
        Index("ix_clock_running_due", "due_at", postgresql_where=text("status = 'running'")),
        Index("ix_clock_stopped_at", "stopped_at", postgresql_where=text("stopped_at is not null")),
        # With what becomes of it in figures, so that a day is counted without looking at a clock.
        Index(
            "ix_clock_ended",
            "stopped_at",
            postgresql_where=text("stopped_at is not null"),
            postgresql_include=[
                "kind",
                "status",
                "due_at",
                "first_breach_at",
                "due_unit_id",
                "stopped_unit_id",
                "ticket_id",
            ],
        ),
        Index("ix_clock_cancelled", "started_at", postgresql_where=text("status = 'cancelled'")),
        Index(
            "ix_clock_cancelled_broken",
            "first_breach_at",
            postgresql_where=text("status = 'cancelled' and first_breach_at is not null"),
        ),
        # Few at a time: what the arbiter looks for.
        Index("ix_clock_dispute", "ticket_id", postgresql_where=text("kind = 'dispute' and status = 'running'")),
        # With what the board of running chains counts by, so that it is answered from the index alone.
        Index(
            "ix_clock_running",
            "ticket_id",
            "id",
            postgresql_where=text("status = 'running'"),
            postgresql_include=["due_at", "kind", "breach_cause"],
        ),
        # Late, and nobody has written down yet that it is.
        Index(
            "ix_clock_not_noted",
            "due_at",
            postgresql_where=text("first_breach_at is null and status in ('running', 'missed')"),
        ),
        Index("ix_clock_first_breach_at", "first_breach_at", postgresql_where=text("first_breach_at is not null")),
        Index(
            "ix_clock_broken_open",
            "first_breach_at",
            postgresql_where=_BROKEN_OPEN,
        ),
        # Few different keys, so that thousands of broken promises stand on a handful of pages to be counted.
        Index("ix_clock_broken_by_unit", "due_unit_id", "kind", postgresql_where=_BROKEN_OPEN),
        Index(
            "ix_clock_broken_since",
            "first_breach_at",
            postgresql_where=_BROKEN_OPEN,
            postgresql_include=["due_unit_id", "kind"],
        ),
    )

    id: Mapped[Id]
    ticket_id: Mapped[int] = mapped_column(to("ticket", cascade=True))
    kind: Mapped[ClockKind] = mapped_column(coded(ClockKind))
    cycle: Mapped[int]
    status: Mapped[ClockStatus] = mapped_column(coded(ClockStatus))
    policy_row_id: Mapped[int] = mapped_column(to("policy_row"))
    calendar_version_id: Mapped[int] = mapped_column(to("calendar_version"))
    chain_version_id: Mapped[int | None] = mapped_column(to("chain_version"))
    target_seconds: Mapped[int]
    consumed_seconds: Mapped[int] = mapped_column(server_default=text("0"))
    # Open seconds added by a reopening so that it never breaches at once (R9), or by a manual due date.
    granted_seconds: Mapped[int] = mapped_column(server_default=text("0"))
    started_at: Mapped[datetime]
    running_since: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    # When it was late against the date it has now; what can never be taken back is `PromiseBreach`.
    breached_at: Mapped[datetime | None]
    # As its `PromiseBreach` says, once there is one.
    first_breach_at: Mapped[datetime | None]
    # '' lateness, 'change' of rules or priority (nobody is blamed), 'downtime' credited by an administrator.
    breach_cause: Mapped[str] = mapped_column(server_default="")
    paused_since: Mapped[datetime | None]
    paused_seconds: Mapped[int] = mapped_column(server_default=text("0"))
    manual_due_reason: Mapped[str] = mapped_column(server_default="")
    cancel_reason: Mapped[str] = mapped_column(server_default="")
    was_reopened: Mapped[bool] = mapped_column(server_default=text("false"))
    # R23: who held the ticket when it was due, and who stopped the clock.
    due_unit_id: Mapped[int | None] = mapped_column(to("unit"))
    stopped_unit_id: Mapped[int | None] = mapped_column(to("unit"))
    # [{"at", "due_at", "cause", "staff_id"}]: dues it had before.
    history: Mapped[JsonList] = mapped_column(server_default=text("'[]'"))


class PromiseBreach(Base):
    """The first breach of a clock: a fact, written once by whatever sees it first and never changed (A1).

    `due_at` is the date as it had been promised; `unit_id` and `staff_id` are who held the ticket when it broke:
    nobody, where it waited in the queue or facts were not kept yet. `cause` is as in `Clock`.
    """

    __tablename__ = "promise_breach"

    clock_id: Mapped[int] = mapped_column(to("clock", cascade=True), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(to("ticket", cascade=True), index=True)
    kind: Mapped[ClockKind] = mapped_column(coded(ClockKind))
    cycle: Mapped[int]
    due_at: Mapped[datetime]
    breached_at: Mapped[datetime]
    noted_at: Mapped[datetime]
    unit_id: Mapped[int] = mapped_column(to("unit"))
    staff_id: Mapped[int | None] = mapped_column(to("staff"))
    cause: Mapped[str]


class ClockInterval(Base):
    """A stretch of time in which a clock ran; consumed time is always recomputed from these (R7)."""

    __tablename__ = "clock_interval"

    id: Mapped[Id]
    clock_id: Mapped[int] = mapped_column(to("clock", cascade=True), index=True)
    from_at: Mapped[datetime]
    to_at: Mapped[datetime | None]


# As in the partial indexes of levels.
FIRED_LEVEL = "kind = 'level' and fired_at is not null"


class PlannedStep(Base):
    """A warning or an escalation level with the instant it is planned for, and what came of it (R13–R16).

    `rank` orders the steps of a clock: a warning's share in per cent, a level's number.
    """

    __tablename__ = "planned_step"
    __table_args__ = (
        UniqueConstraint("clock_id", "kind", "rank", "plan"),
        Index("ix_planned_step_due", "planned_at", "ticket_id", postgresql_where=text("fired_at is null")),
        Index("ix_planned_step_ticket_id", "ticket_id"),
        Index(
            "ix_planned_step_warned",
            "due_at",
            postgresql_where=text("kind = 'warning' and fired_at is not null"),
            postgresql_include=["clock_id", "ticket_id", "rank"],
        ),
        # The same, of those at which a unit's lead was warned, by the unit at which they fired.
        Index(
            "ix_planned_step_unit_warned",
            "unit_id",
            "due_at",
            postgresql_where=text(WARNED_LEAD),
            postgresql_include=["clock_id", "ticket_id"],
        ),
        Index(
            "ix_planned_step_raised",
            "clock_id",
            "rank",
            postgresql_where=text("kind = 'level' and fired_at is not null and result <> 'void'"),
            postgresql_include=["due_at", "id"],
        ),
        Index("ix_planned_step_fired", "fired_at", postgresql_where=text("fired_at is not null")),
        # The newest levels of a unit, at which they fired, for lists of programs.
        Index("ix_planned_step_unit_newest", "unit_id", "id", postgresql_where=text(FIRED_LEVEL)),
        # The same in the order in which they fired, for the ledger of a unit.
        Index("ix_planned_step_unit_fired", "unit_id", "fired_at", "id", postgresql_where=text(FIRED_LEVEL)),
        # The newest that were answered, or were not, in the city and at a unit.
        Index("ix_planned_step_answered", "is_answered", "id", postgresql_where=text(FIRED_LEVEL)),
        Index("ix_planned_step_unit_answered", "unit_id", "is_answered", "id", postgresql_where=text(FIRED_LEVEL)),
        Index("ix_planned_step_reach_by", "reach_by", postgresql_where=text("reach_by is not null")),
    )

    id: Mapped[Id]
    ticket_id: Mapped[int] = mapped_column(to("ticket", cascade=True))
    clock_id: Mapped[int] = mapped_column(to("clock", cascade=True))
    kind: Mapped[StepKind] = mapped_column(coded(StepKind))
    rank: Mapped[int]
    # Raised when a reopened or re-dated clock climbs a level it had fired before; the old row stays as history.
    plan: Mapped[int] = mapped_column(server_default=text("1"))
    chain_step_id: Mapped[int | None] = mapped_column(to("chain_step"))
    planned_at: Mapped[datetime]
    # The due date the plan was made for: firing re-checks it (R15).
    due_at: Mapped[datetime]
    fired_at: Mapped[datetime | None]
    result: Mapped[StepResult | None] = mapped_column(coded(StepResult))
    # By when a message about this level should have been delivered; then the next person is told (A3).
    reach_by: Mapped[datetime | None]
    unit_id: Mapped[int | None] = mapped_column(to("unit"))
    detail: Mapped[Json] = mapped_column(server_default=text("'{}'"))
    # Whether there is an acknowledgement, as a trigger marks it: the few of either kind are found among the others.
    is_answered: Mapped[bool] = mapped_column(server_default=text("false"))


# Told as a member of the city's leadership, by a decision about a field or an area.
IS_RESPONSIBLE = "capacity = 'responsible'"


class StepRecipient(Base):
    """A person told of a fired level, for which post and in which capacity, and when they read it."""

    __tablename__ = "step_recipient"
    __table_args__ = (
        UniqueConstraint("step_id", "staff_id"),
        Index("ix_step_recipient_staff_id_reply_code", "staff_id", "reply_code"),
        Index("ix_step_recipient_staff_id_told_at", "staff_id", "told_at", "step_id"),
        # What a post, and the city's leadership, was told of last: whose it is today asks for it (A4).
        Index(
            "ix_step_recipient_post_id_told_at",
            "post_id",
            "told_at",
            "step_id",
            postgresql_where=text("post_id is not null"),
        ),
        Index("ix_step_recipient_responsible", "told_at", "step_id", postgresql_where=text(IS_RESPONSIBLE)),
    )

    id: Mapped[Id]
    step_id: Mapped[int] = mapped_column(to("planned_step", cascade=True))
    staff_id: Mapped[int] = mapped_column(to("staff"))
    post_id: Mapped[int | None] = mapped_column(to("post"))
    # holder, deputy, duty, shift, person
    capacity: Mapped[str]
    told_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    # Short code by which an SMS reply or a keypad acknowledges (R20); unique among the unacknowledged of a person.
    reply_code: Mapped[str]


class Acknowledgement(Base):
    """A leader's answer to a fired level: once per level, with an instruction or a new date (R20)."""

    __tablename__ = "acknowledgement"
    __table_args__ = (
        Index("ix_acknowledgement_staff_id_at", "staff_id", "at"),
        # What was answered since the last look of live updates, every second.
        Index("ix_acknowledgement_at", "at"),
    )

    step_id: Mapped[int] = mapped_column(to("planned_step", cascade=True), primary_key=True)
    ticket_id: Mapped[int] = mapped_column(to("ticket", cascade=True), index=True)
    staff_id: Mapped[int] = mapped_column(to("staff"))
    at: Mapped[datetime]
    via: Mapped[str]
    instruction: Mapped[str] = mapped_column(server_default="")
    new_due_at: Mapped[datetime | None]
    # The next level is held until then.
    holds_until: Mapped[datetime]
    # The level that came at once, because this one was passed up.
    passed_to_level: Mapped[int | None]
