"""What the call bar of one agent's console shows: presence, what rings, who talks, how many wait. One statement."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Select,
    bindparam,
    column,
    func,
    literal_column,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from telephony.floor.callbacks import may_know_of
from telephony.floor.telephones import IN_THE_BROWSER, ChosenTelephone
from telephony.floor.waiting import UNHEARD_FOR
from tickets.people.forms import KEPT, form_of, values_of
from tickets.people.roles import Viewer, visible_tickets
from tickets.schema import CallbackRequest, Ticket
from tickets.states import CallbackState, PresenceState, TelephoneKind

_COLUMNS = (
    "state", "since", "reason", "wrap_up_until", "offer_id", "expires_at", "call_id", "account", "agent_id",
    "call_state", "phone", "locale", "arrived_at", "queued_at", "answered_at", "hold_since", "ended_at", "detail",
    "citizen_id", "caller_name", "do_not_call", "is_flagged", "unit", "unit_en", "line", "ticket_id", "waiting",
    "waiting_since", "callback_id", "called_phone", "called_state", "attempts", "reserved_until",
    "telephone_kind", "telephone_address",
)  # fmt: skip
# A presence whose agent has an offer or a call always names the call, so that one join finds it.
_ROW = """
    select p.state, p.since, p.reason, p.wrap_up_until, o.id as offer_id, o.expires_at,
           c.id as call_id, c.account, c.agent_id, c.state as call_state, c.phone, c.locale, c.arrived_at, c.queued_at,
           c.answered_at, c.hold_since, c.ended_at, c.detail, coalesce(c.citizen_id, k.citizen_id) as citizen_id,
           z.name as caller_name,
           coalesce(z.do_not_call, false) as do_not_call, f.flagged_at is not null as is_flagged,
           u.name as unit, u.name_en as unit_en, l.label as line, coalesce(c.ticket_id, k.ticket_id) as ticket_id,
           w.waiting, w.waiting_since,
           k.id as callback_id, k.phone as called_phone, k.state as called_state, k.attempts, k.reserved_until,
           a.kind as telephone_kind, a.address as telephone_address
    from (select count(*) as waiting, min(w.queued_at) as waiting_since
          from call w where w.state in ('queued', 'offered') and :of_units
            and (w.detail ->> 'seen_at' is null or cast(w.detail ->> 'seen_at' as timestamptz) > :heard_since)) w
    left join presence p on p.staff_id = :viewer_id
    left join agent_telephone a on a.staff_id = :viewer_id
    left join offer o on o.staff_id = :viewer_id and o.outcome is null
    left join call c on c.id = coalesce(o.call_id, p.call_id)
    left join callback_request k on k.id = p.callback_id
    left join citizen z on z.id = coalesce(c.citizen_id, k.citizen_id)
    left join phone_preference f on f.phone = c.phone
    left join unit u on u.id = c.unit_id
    left join line l on l.id = c.line_id
"""
_UNITS = bindparam("units", type_=ARRAY(BigInteger))


@dataclass(frozen=True, slots=True)
class BarCall:
    """The call that rings, is talked or is wrapped up, with what is known of the caller before answering."""

    id: int
    state: str
    phone: str | None
    locale: str
    arrived_at: datetime
    queued_at: datetime | None
    answered_at: datetime | None
    hold_since: datetime | None
    ended_at: datetime | None
    citizen_id: int | None
    caller_name: str
    do_not_call: bool
    is_flagged: bool
    is_emergency: bool
    # We rang them, and they pressed the key to talk.
    is_called_back: bool
    # Its agent has ended it and writes it down; whoever listens is in it until the line is down.
    is_ending: bool
    unit: str
    unit_en: str
    line: str
    reference: str | None
    account: str = ""
    # A colleague passed the caller on, and what they wrote for whoever answers.
    passed_on_by: str = ""
    passed_on_words: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)
    agent_id: int | None = None


@dataclass(frozen=True, slots=True)
class BarCallback:
    """Who is being called back: by us for this agent, until `reserved_until`, or by the agent's own hand."""

    id: int
    phone: str
    name: str
    is_dialled: bool
    attempt: int
    reserved_until: datetime | None
    citizen_id: int | None
    do_not_call: bool
    reference: str | None


@dataclass(frozen=True, slots=True)
class AgentBar:
    """`state` is offline for somebody who never signed on to the phones."""

    state: PresenceState
    since: datetime | None
    reason: str
    wrap_up_until: datetime | None
    offer_id: int | None
    rings_until: datetime | None
    call: BarCall | None
    calling_back: BarCallback | None
    waiting: int
    waiting_since: datetime | None
    callbacks: int
    telephone: ChosenTelephone

    @property
    def shown_as(self) -> str:
        """The bar's look: ringing, talking, held, wrap_up, calling_back, or idle."""
        if self.offer_id is not None and self.state is PresenceState.OFFERED:
            return "ringing"
        if self.state is PresenceState.CALLING_BACK and self.calling_back is not None:
            return "calling_back"
        if self.state is PresenceState.ON_CALL:
            return "held" if self.call is not None and self.call.hold_since else "talking"
        return "wrap_up" if self.state is PresenceState.WRAP_UP else "idle"


def agent_bar(
    session: Session, viewer: Viewer, *, unit_ids: tuple[int, ...], covers_city: bool, now: datetime
) -> AgentBar:
    """The bar as it is now; callers waiting and callbacks are those of the given units, or everybody's.

    A ticket that the agent may not know of is not named, nor is whoever waits to be called back about one counted.
    """
    asked = values_of(viewer, units=list(unit_ids), heard_since=now - UNHEARD_FOR)
    row: dict[str, Any] = dict(session.execute(_whole(form_of(viewer), covers_city), asked).mappings().one())
    return AgentBar(
        state=PresenceState(row["state"] or PresenceState.OFFLINE),
        since=row["since"],
        reason=row["reason"] or "",
        wrap_up_until=row["wrap_up_until"],
        offer_id=row["offer_id"],
        rings_until=row["expires_at"],
        call=_call(row) if row["call_id"] is not None else None,
        calling_back=_calling_back(row) if row["callback_id"] is not None else None,
        waiting=row["waiting"],
        waiting_since=row["waiting_since"],
        callbacks=row["callbacks"],
        telephone=ChosenTelephone(TelephoneKind(row["telephone_kind"]), row["telephone_address"])
        if row["telephone_kind"]
        else IN_THE_BROWSER,
    )


@lru_cache(KEPT)
def _whole(viewer: Viewer, covers_city: bool) -> Select[*tuple[Any, ...]]:
    # Two texts rather than a parameter: with it PostgreSQL would plan anew each time.
    words = _ROW.replace(":of_units", "true" if covers_city else "w.unit_id = any(:units)")
    bar = text(words).columns(*map(column, _COLUMNS)).subquery("bar")
    # Written out as in its partial index, which the planner then recognises in a plan for everybody.
    is_open: ColumnElement[bool] = literal_column(f"callback_request.state = '{CallbackState.OPEN}'", Boolean())
    there = true() if covers_city else CallbackRequest.unit_id == func.any(_UNITS)
    callbacks = select(func.count()).select_from(CallbackRequest).where(is_open, there, may_know_of(viewer))
    known = select(Ticket.reference).where(Ticket.id == bar.c.ticket_id, visible_tickets(viewer))
    return select(bar, callbacks.scalar_subquery().label("callbacks"), known.scalar_subquery().label("reference"))


def _calling_back(row: dict[str, Any]) -> BarCallback:
    return BarCallback(
        id=row["callback_id"],
        phone=row["called_phone"] or "",
        name=row["caller_name"] or "",
        is_dialled=row["called_state"] == CallbackState.DIALLING,
        attempt=row["attempts"] + 1,
        reserved_until=row["reserved_until"],
        citizen_id=row["citizen_id"],
        do_not_call=row["do_not_call"],
        reference=row["reference"],
    )


def _call(row: dict[str, Any]) -> BarCall:
    passed_on = row["detail"].get("passed_on") or {}
    return BarCall(
        id=row["call_id"],
        state=row["call_state"],
        phone=row["phone"],
        locale=row["locale"],
        arrived_at=row["arrived_at"],
        queued_at=row["queued_at"],
        answered_at=row["answered_at"],
        hold_since=row["hold_since"],
        ended_at=row["ended_at"],
        citizen_id=row["citizen_id"],
        caller_name=row["caller_name"] or "",
        do_not_call=row["do_not_call"],
        is_flagged=row["is_flagged"],
        is_emergency=bool(row["detail"].get("emergency")),
        is_called_back="called_back" in row["detail"],
        is_ending=bool(row["detail"].get("agent_finished")) and row["ended_at"] is None,
        unit=row["unit"] or "",
        unit_en=row["unit_en"] or "",
        line=row["line"] or "",
        reference=row["reference"],
        account=row["account"],
        passed_on_by=str(passed_on.get("by", "")),
        passed_on_words=str(passed_on.get("words", "")),
        detail=row["detail"],
        agent_id=row["agent_id"],
    )
