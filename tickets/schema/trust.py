"""Tables of what leaves us and what proves us: the outbox, the audit trail and its seals, process heartbeats."""

from datetime import date, datetime

from sqlalchemy import Index
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, Id, Json, coded, to
from tickets.states import ActorKind, OutboundChannel, OutboundState

# Held by a budget, or not sent because of its number: what people look at and release.
_OF_MONEY = (
    "error_code in ('over_budget_number', 'over_budget_range', 'over_budget_prefix', 'over_budget_all', "
    "'number_premium', 'number_refused')"
)


# Since when a waiting message should have left. A retry that is planned for later waits all the same; what is to leave
# only in the morning does not wait yet. Nor does what a budget holds before its hour is over, which has its own alarm,
# nor what the limit of its reader holds: it leaves in time, as a line of a list.
# Set as PostgreSQL sets it, by which the schema that stands is compared.
WAITS_SINCE = """
CASE
    WHEN "left"(error_code, 5) = 'over_'::text THEN not_before
    ELSE COALESCE(due_at,
    CASE
        WHEN attempts = 0 THEN not_before
        ELSE created_at
    END)
END"""


class OutboundMessage(Base):
    """An SMS, mail, call or on-screen notice we must send; at least once, once per `dedup_key`."""

    __tablename__ = "outbound_message"
    __table_args__ = (
        Index("ix_outbound_message_due", "not_before", "id", postgresql_where=sql("state in ('waiting', 'claimed')")),
        Index(
            "ix_outbound_message_since",
            "is_urgent",
            sql(f"({WAITS_SINCE})"),
            postgresql_where=sql("state in ('waiting', 'claimed')"),
        ),
        Index("ix_outbound_message_turn", "address", "id", postgresql_where=sql("state in ('waiting', 'claimed')")),
        Index("ix_outbound_message_screen", "staff_id", "id", postgresql_where=sql("channel = 'screen'")),
        Index(
            "ix_outbound_message_unread",
            "staff_id",
            "id",
            postgresql_where=sql("channel = 'screen' and read_at is null"),
        ),
        Index("ix_outbound_message_failed", "id", postgresql_where=sql("state in ('failed', 'uncertain')")),
        Index(
            "ix_outbound_message_daily_list", "staff_id", "created_at", postgresql_where=sql("template = 'daily_list'")
        ),
        Index("ix_outbound_message_gathered", "gathered_into_id", postgresql_where=sql("gathered_into_id is not null")),
        Index("ix_outbound_message_sent_at", "sent_at", postgresql_where=sql("sent_at is not null")),
        # With what its parts are counted by, so that those of a day are told without looking at a row.
        Index(
            "ix_outbound_message_parts",
            "sent_at",
            postgresql_where=sql("segments is not null"),
            postgresql_include=["provider_account", "segments"],
        ),
        # How many stand in a way that is watched, counted from the beginning of a stretch.
        Index(
            "ix_outbound_message_unsettled",
            "state",
            "channel",
            postgresql_where=sql("state in ('waiting', 'claimed', 'failed', 'uncertain')"),
        ),
        Index(
            "ix_outbound_message_held",
            "error_code",
            postgresql_where=sql(
                "state = 'waiting' and error_code in "
                "('over_budget_number', 'over_budget_range', 'over_budget_prefix', 'over_budget_all')"
            ),
        ),
        Index("ix_outbound_message_kept_back", "id", postgresql_where=sql(_OF_MONEY)),
        Index("uq_outbound_message_sid", "provider_account", "provider_sid", unique=True),
    )

    id: Mapped[Id]
    dedup_key: Mapped[str] = mapped_column(unique=True)
    channel: Mapped[OutboundChannel] = mapped_column(coded(OutboundChannel))
    address: Mapped[str]
    staff_id: Mapped[int | None] = mapped_column(to("staff"))
    citizen_id: Mapped[int | None] = mapped_column(to("citizen"))
    ticket_id: Mapped[int | None] = mapped_column(to("ticket", cascade=True), index=True)
    template: Mapped[str]
    params: Mapped[Json]
    locale: Mapped[str]
    is_urgent: Mapped[bool] = mapped_column(server_default=sql("false"))
    # Rendered at the first claim and kept, so that a retry and the timeline show the same words.
    subject: Mapped[str | None]
    text: Mapped[str | None]
    state: Mapped[OutboundState] = mapped_column(coded(OutboundState))
    created_at: Mapped[datetime]
    not_before: Mapped[datetime]
    # Since when it should have left: `not_before` moves with every retry, and how long people wait for it does not.
    due_at: Mapped[datetime | None]
    # Since when it may have left without our knowing: the carrier is asked before it is sent again.
    doubtful_since: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default=sql("0"))
    claimed_by: Mapped[str | None]
    lease_until: Mapped[datetime | None]
    provider_account: Mapped[str | None]
    provider_sid: Mapped[str | None]
    provider_status: Mapped[str] = mapped_column(server_default="")
    status_rank: Mapped[int] = mapped_column(server_default=sql("-1"))
    segments: Mapped[int | None]
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    # When it was last given up, withheld or withdrawn.
    settled_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    error_code: Mapped[str] = mapped_column(server_default="")
    error: Mapped[str] = mapped_column(server_default="")
    # Where several waiting messages to one person were gathered, the one that carries them all (R16).
    gathered_into_id: Mapped[int | None] = mapped_column(to("outbound_message"))


class SendingTrouble(Base):
    """Why nothing leaves on a channel now: our account there is refused, or its carrier asked us to wait."""

    __tablename__ = "sending_trouble"

    channel: Mapped[OutboundChannel] = mapped_column(coded(OutboundChannel), primary_key=True)
    is_of_account: Mapped[bool]
    account: Mapped[str]
    code: Mapped[str]
    error: Mapped[str]
    since_at: Mapped[datetime]
    last_at: Mapped[datetime]
    next_try_at: Mapped[datetime]
    refusals: Mapped[int]


class MessageLimit(Base):
    """How many messages one person is sent on a channel within so many seconds; what is more waits, or is gathered."""

    __tablename__ = "message_limit"

    channel: Mapped[OutboundChannel] = mapped_column(coded(OutboundChannel), primary_key=True)
    seconds: Mapped[int] = mapped_column(primary_key=True)
    most: Mapped[int]


class AuditEntry(Base):
    """Who did what, written in the transaction that did it; the application may insert and read, never change."""

    __tablename__ = "audit_entry"

    id: Mapped[Id]
    at: Mapped[datetime] = mapped_column(index=True)
    actor_kind: Mapped[ActorKind] = mapped_column(coded(ActorKind))
    staff_id: Mapped[int | None]
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[int | None]
    ticket_id: Mapped[int | None] = mapped_column(index=True)
    request_id: Mapped[str] = mapped_column(server_default="")
    params: Mapped[Json] = mapped_column(server_default=sql("'{}'"))


class AuditSeal(Base):
    """The link of the hash chain over one audit entry, added in order by a job within a minute."""

    __tablename__ = "audit_seal"

    entry_id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    previous_hash: Mapped[str]
    hash: Mapped[str]
    sealed_at: Mapped[datetime]


class AuditSealMark(Base):
    """Up to which entry everything is sealed, and up to which it will be once the transactions of then have ended.

    One row. A mark saves time and proves nothing: once a day the whole trail is looked through without it.
    """

    __tablename__ = "audit_seal_mark"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry_id: Mapped[int]
    settling_id: Mapped[int]
    # The next transaction's number when `settling_id` was read: once all before it have ended, no lower id can appear.
    settling_xid: Mapped[int]
    whole_at: Mapped[datetime]


class AuditVerification(Base):
    """A proof of the whole trail that was asked for; a worker computes it part by part, and a page says how far."""

    __tablename__ = "audit_verification"
    __table_args__ = (Index("ix_audit_verification_waiting", "id", postgresql_where=sql("ended_at is null")),)

    id: Mapped[Id]
    staff_id: Mapped[int] = mapped_column(to("staff"))
    request_id: Mapped[str] = mapped_column(server_default="")
    asked_at: Mapped[datetime]
    # Until when the worker that computes may say nothing; then it is gone, and another begins anew.
    quiet_until: Mapped[datetime | None]
    # Of so many sealed entries.
    checked: Mapped[int] = mapped_column(server_default=sql("0"))
    entries: Mapped[int] = mapped_column(server_default=sql("0"))
    # The first entry that was changed or is missing.
    broken_entry_id: Mapped[int | None]
    # How many facts are not what was written with their entry; None: they have not been looked at.
    changed_facts: Mapped[int | None]
    # too_slow, failed
    fault: Mapped[str] = mapped_column(server_default="")
    ended_at: Mapped[datetime | None]


class DoneDay(Base):
    """That a work of once a day is done for this day (the city's): asked by its key, instead of doing it again."""

    __tablename__ = "done_day"

    work: Mapped[str] = mapped_column(primary_key=True)
    on_day: Mapped[date] = mapped_column(primary_key=True)
    done_at: Mapped[datetime]


class ProcessBeat(Base):
    """That a process lives: health, metrics and 'the scheduler was away' are read from here."""

    __tablename__ = "process_beat"

    name: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    beat_at: Mapped[datetime]
    detail: Mapped[Json] = mapped_column(server_default=sql("'{}'"))


class LeaderLease(Base):
    """Who leads the schedulers and until when: one row. Every taking has a number of its own, its epoch.

    `taken_at`: since when it is held or, where `holder` is empty, free.

    A leader's transaction locks the row `for key share`, which a renewal does not disturb; a taking, which changes the
    unique `epoch`, waits for it. So nothing of an older epoch is ever committed after a newer one began.
    """

    __tablename__ = "leader_lease"

    name: Mapped[str] = mapped_column(primary_key=True)
    epoch: Mapped[int] = mapped_column(unique=True)
    holder: Mapped[str]
    taken_at: Mapped[datetime]
    renewed_at: Mapped[datetime]


class LeaderJob(Base):
    """A job that only the leader does, and when it last succeeded; both written by whoever leads."""

    __tablename__ = "leader_job"

    name: Mapped[str] = mapped_column(primary_key=True)
    every_seconds: Mapped[int]
    # Since when it should have been done, where it never has been.
    announced_at: Mapped[datetime]
    succeeded_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    failure: Mapped[str] = mapped_column(server_default="")


class ClockDecision(Base):
    """An administrator's word that the database's clock is right, which ends a hold of schedulers (G11)."""

    __tablename__ = "clock_decision"

    id: Mapped[Id]
    # What that clock showed: the word is about this time and no other.
    database_at: Mapped[datetime]
    staff_id: Mapped[int | None] = mapped_column(to("staff"))
    reason: Mapped[str]


class ClientFault(Base):
    """How often browsers told of a trouble of this kind on this day (UTC): a number, and nothing of whose it was."""

    __tablename__ = "client_fault"

    kind: Mapped[str] = mapped_column(primary_key=True)
    on_day: Mapped[date] = mapped_column(primary_key=True)
    times: Mapped[int]
    last_at: Mapped[datetime]


class JobFault(Base):
    """How often work that runs by itself failed on this day (UTC), whichever process did it."""

    __tablename__ = "job_fault"

    job: Mapped[str] = mapped_column(primary_key=True)
    on_day: Mapped[date] = mapped_column(primary_key=True)
    times: Mapped[int]
    last_at: Mapped[datetime]


class Outage(Base):
    """No scheduler ticked in this stretch: promises count through it, supervisors and administrators see it (R16)."""

    __tablename__ = "outage"

    id: Mapped[Id]
    from_at: Mapped[datetime]
    to_at: Mapped[datetime]
