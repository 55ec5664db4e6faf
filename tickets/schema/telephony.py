"""Tables of the phone: provider accounts, webhook events, calls and legs, offers, presence, recordings, callbacks."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, Id, Json, JsonList, coded, to
from tickets.states import (
    CallbackReason,
    CallbackState,
    CallState,
    OfferOutcome,
    OfferPurpose,
    PlaceOutcome,
    PresenceState,
    RecordingKind,
    RecordingState,
    TelephoneKind,
)

_TO_CALL_BACK = text("state in ('open', 'claimed', 'dialling')")


class WebhookEvent(Base):
    """A provider's request as it came, and the answer it got: the same one again gets the same answer."""

    __tablename__ = "webhook_event"
    __table_args__ = (
        UniqueConstraint("account", "event_key"),
        Index("ix_webhook_event_replayed_at", "replayed_at", postgresql_where=text("replayed_at is not null")),
    )

    id: Mapped[Id]
    account: Mapped[str]
    kind: Mapped[str]
    event_key: Mapped[str]
    received_at: Mapped[datetime] = mapped_column(index=True)
    form: Mapped[Json]
    answer_status: Mapped[int | None]
    answer_body: Mapped[str | None]
    # Set when it came out of the spool after an outage.
    replayed_at: Mapped[datetime | None]


class WebhookRefusal(Base):
    """A request we refused, with the reason, for the administrator's log; kept without its content."""

    __tablename__ = "webhook_refusal"

    id: Mapped[Id]
    at: Mapped[datetime] = mapped_column(index=True)
    account: Mapped[str]
    path: Mapped[str]
    reason: Mapped[str]


class Call(Base):
    """A phone call with the caller's leg; its state is left only by a conditional update."""

    __tablename__ = "call"
    __table_args__ = (
        UniqueConstraint("account", "call_sid"),
        Index("ix_call_waiting", "queued_at", "id", postgresql_where=text("state in ('queued', 'offered')")),
        Index("ix_call_live", "state_until", postgresql_where=text("state <> 'ended'")),
        # Whose end nobody has told us yet, of which few are far back.
        Index("ix_call_open", "id", postgresql_where=text("ended_at is null")),
        # What ended since the last look of live updates, every second; written once in a call's life.
        Index("ix_call_ended", "ended_at", postgresql_where=text("ended_at is not null")),
        # When somebody answered on a line last, however many calls came by it.
        Index(
            "ix_call_line_answered",
            "line_id",
            "answered_at",
            postgresql_where=text("line_id is not null and answered_at is not null"),
        ),
        # The calls of a shift, for its figures.
        Index("ix_call_queued_at", "queued_at", postgresql_where=text("queued_at is not null")),
        # With what the figures count, so that they look at no call.
        Index(
            "ix_call_counted",
            "queued_at",
            postgresql_where=text("queued_at is not null and direction = 'inbound'"),
            postgresql_include=[
                "answered_at",
                "abandoned_at",
                "flowout_at",
                "ended_at",
                "wrapped_up_at",
                "hold_seconds",
                "unit_id",
            ],
        ),
    )

    id: Mapped[Id]
    account: Mapped[str]
    call_sid: Mapped[str]
    direction: Mapped[str] = mapped_column(server_default="inbound")
    contact_id: Mapped[int | None] = mapped_column(to("contact"), index=True)
    citizen_id: Mapped[int | None] = mapped_column(to("citizen"), index=True)
    ticket_id: Mapped[int | None] = mapped_column(to("ticket"), index=True)
    line_id: Mapped[int | None] = mapped_column(to("line"))
    phone: Mapped[str | None] = mapped_column(index=True)
    phone_raw: Mapped[str] = mapped_column(server_default="")
    locale: Mapped[str] = mapped_column(server_default="vi")
    state: Mapped[CallState] = mapped_column(coded(CallState))
    state_since: Mapped[datetime]
    # The wall-clock limit of the state, after which the sweep ends or moves it.
    state_until: Mapped[datetime]
    turn: Mapped[int] = mapped_column(server_default=text("0"))
    wrong_keys: Mapped[int] = mapped_column(server_default=text("0"))
    silences: Mapped[int] = mapped_column(server_default=text("0"))
    menu_choice: Mapped[str] = mapped_column(server_default="")
    # The words of the caller (speech) and anything the flow must remember between turns.
    detail: Mapped[Json] = mapped_column(server_default=text("'{}'"))
    place_outcome: Mapped[PlaceOutcome] = mapped_column(coded(PlaceOutcome), server_default="none")
    unit_id: Mapped[int | None] = mapped_column(to("unit"))
    provider_status: Mapped[str] = mapped_column(server_default="")
    status_rank: Mapped[int] = mapped_column(server_default=text("-1"))
    arrived_at: Mapped[datetime] = mapped_column(index=True)
    # Entered the call queue; the order key, kept through declines and callbacks.
    queued_at: Mapped[datetime | None]
    answered_at: Mapped[datetime | None]
    abandoned_at: Mapped[datetime | None]
    flowout_at: Mapped[datetime | None]
    flowout_kind: Mapped[str] = mapped_column(server_default="")
    ended_at: Mapped[datetime | None]
    hold_since: Mapped[datetime | None]
    hold_seconds: Mapped[int] = mapped_column(server_default=text("0"))
    wrapped_up_at: Mapped[datetime | None]
    agent_id: Mapped[int | None] = mapped_column(to("staff"), index=True)
    last_position: Mapped[int | None]
    offers: Mapped[int] = mapped_column(server_default=text("0"))
    is_simulated: Mapped[bool] = mapped_column(server_default=text("false"))


class CallLeg(Base):
    """Another leg of a call (an agent's phone or browser), with its own provider status."""

    __tablename__ = "call_leg"
    __table_args__ = (UniqueConstraint("account", "call_sid"),)

    id: Mapped[Id]
    call_id: Mapped[int] = mapped_column(to("call", cascade=True), index=True)
    account: Mapped[str]
    call_sid: Mapped[str]
    staff_id: Mapped[int | None] = mapped_column(to("staff"))
    provider_status: Mapped[str] = mapped_column(server_default="")
    status_rank: Mapped[int] = mapped_column(server_default=text("-1"))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Offer(Base):
    """A call offered to one agent: answered, declined, expired or withdrawn."""

    __tablename__ = "offer"
    __table_args__ = (
        # One open offer per call and per agent, whatever two workers try at once.
        Index("uq_offer_open_call", "call_id", unique=True, postgresql_where=text("outcome is null")),
        Index("uq_offer_open_staff", "staff_id", unique=True, postgresql_where=text("outcome is null")),
    )

    id: Mapped[Id]
    call_id: Mapped[int] = mapped_column(to("call", cascade=True), index=True)
    staff_id: Mapped[int] = mapped_column(to("staff"), index=True)
    offered_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    purpose: Mapped[OfferPurpose] = mapped_column(coded(OfferPurpose), server_default="call")
    outcome: Mapped[OfferOutcome | None] = mapped_column(coded(OfferOutcome))
    ended_at: Mapped[datetime | None]


class Presence(Base):
    """Whether an agent takes calls now."""

    __tablename__ = "presence"

    staff_id: Mapped[int] = mapped_column(to("staff", cascade=True), primary_key=True)
    state: Mapped[PresenceState] = mapped_column(coded(PresenceState))
    since: Mapped[datetime]
    reason: Mapped[str] = mapped_column(server_default="")
    heartbeat_at: Mapped[datetime]
    # Since when idle, so that the longest idle agent is chosen first.
    idle_since: Mapped[datetime | None]
    missed_offers: Mapped[int] = mapped_column(server_default=text("0"))
    call_id: Mapped[int | None] = mapped_column(to("call"))
    wrap_up_until: Mapped[datetime | None]
    # '' the browser, by the provider; `sip:` an exchange rings it; else the phone that is dialled.
    phone: Mapped[str] = mapped_column(server_default="")
    # When the telephone in the browser last said that it can ring; None: nobody waits for it to say so.
    telephone_at: Mapped[datetime | None]
    # Who is being called back, by us for this agent or by the agent; the state is then `calling_back`.
    callback_id: Mapped[int | None] = mapped_column(to("callback_request"))


class AgentTelephone(Base):
    """By which telephone somebody talks, where that is not the browser."""

    __tablename__ = "agent_telephone"

    staff_id: Mapped[int] = mapped_column(to("staff", cascade=True), primary_key=True)
    kind: Mapped[TelephoneKind] = mapped_column(coded(TelephoneKind))
    # Empty for the browser, `sip:…` or a number.
    address: Mapped[str] = mapped_column(server_default="")
    changed_at: Mapped[datetime]


class Recording(Base):
    """A voicemail or recorded conversation; the provider's copy is deleted only after ours is verified."""

    __tablename__ = "recording"
    __table_args__ = (UniqueConstraint("account", "recording_sid"),)

    id: Mapped[Id]
    account: Mapped[str]
    recording_sid: Mapped[str]
    call_id: Mapped[int | None] = mapped_column(to("call"), index=True)
    ticket_id: Mapped[int | None] = mapped_column(to("ticket"), index=True)
    kind: Mapped[RecordingKind] = mapped_column(coded(RecordingKind))
    state: Mapped[RecordingState] = mapped_column(coded(RecordingState))
    duration_seconds: Mapped[int | None]
    storage_key: Mapped[str | None]
    media_type: Mapped[str | None]
    size_bytes: Mapped[int | None]
    sha256: Mapped[str | None]
    created_at: Mapped[datetime]
    fetched_at: Mapped[datetime | None]
    provider_deleted_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    next_attempt_at: Mapped[datetime | None]


class ReconciliationMark(Base):
    """Up to when everything of one kind that a provider lists is here; moved by rounds that succeeded alone."""

    __tablename__ = "reconciliation_mark"

    account: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    up_to: Mapped[datetime]


class CallbackRequest(Base):
    """Somebody to call back: asked for it, hung up before an answer, or found nobody on duty."""

    __tablename__ = "callback_request"
    __table_args__ = (
        Index("ix_callback_request_waiting", "order_at", postgresql_where=_TO_CALL_BACK),
        # Whoever asks twice is called back once, at the first place.
        Index("uq_callback_request_phone", "phone", unique=True, postgresql_where=_TO_CALL_BACK),
        UniqueConstraint("once_key"),
    )

    id: Mapped[Id]
    # One per number and hour for missed calls; the call's id for requested ones.
    once_key: Mapped[str]
    call_id: Mapped[int | None] = mapped_column(to("call"), index=True)
    citizen_id: Mapped[int | None] = mapped_column(to("citizen"))
    ticket_id: Mapped[int | None] = mapped_column(to("ticket"), index=True)
    unit_id: Mapped[int | None] = mapped_column(to("unit"))
    phone: Mapped[str | None]
    reason: Mapped[CallbackReason] = mapped_column(coded(CallbackReason))
    state: Mapped[CallbackState] = mapped_column(coded(CallbackState))
    # The time the caller entered the queue: a callback keeps its place.
    order_at: Mapped[datetime]
    created_at: Mapped[datetime]
    staff_id: Mapped[int | None] = mapped_column(to("staff"))
    claimed_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(server_default="")
    # Not dialled sooner: the time that was agreed on, or the pause after an attempt.
    not_before: Mapped[datetime | None]
    # How often the telephone rang and nobody was reached.
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    # While dialling: the message in the outbox that is the call, and until when the agent is kept for it.
    outbound_id: Mapped[int | None] = mapped_column(index=True)
    reserved_until: Mapped[datetime | None]
    # Who would rather not take this one now.
    refused_by_id: Mapped[int | None] = mapped_column(to("staff"))
    refused_at: Mapped[datetime | None]


class InboundSms(Base):
    """A text message as it came, only a PIN masked, with what we understood of it."""

    __tablename__ = "inbound_sms"
    __table_args__ = (
        UniqueConstraint("account", "message_sid"),
        # Of whoever has no number: chats, by which one person's messages are kept together.
        Index("ix_inbound_sms_chat", "phone_raw", postgresql_where=text("phone is null")),
        Index("ix_inbound_sms_pictures_due", "pictures_due_at", postgresql_where=text("pictures_due_at is not null")),
    )

    id: Mapped[Id]
    account: Mapped[str]
    message_sid: Mapped[str]
    phone: Mapped[str | None] = mapped_column(index=True)
    phone_raw: Mapped[str]
    to_phone: Mapped[str]
    body: Mapped[str]
    intent: Mapped[str]
    received_at: Mapped[datetime]
    contact_id: Mapped[int | None] = mapped_column(to("contact"))
    ticket_id: Mapped[int | None] = mapped_column(to("ticket"), index=True)
    # The text we answered at once (a document), for the same answer when the provider repeats the webhook.
    answer: Mapped[str] = mapped_column(server_default="")
    # The provider's numbers of pictures that are still to be fetched, when, and how often that was tried.
    pictures: Mapped[JsonList] = mapped_column(server_default="[]")
    pictures_due_at: Mapped[datetime | None]
    picture_rounds: Mapped[int] = mapped_column(server_default=text("0"))
