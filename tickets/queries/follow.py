"""What somebody who follows a ticket may see of it: never notes, names of staff, or other callers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets import timeline
from tickets.promises.duplicate_clocks import is_duplicate
from tickets.queries.appeals import AppealState, appeal_state
from tickets.queries.reached_levels import NONE_REACHED, ReachedLevels, reached_levels
from tickets.routing.receiving import NOT_LIVE
from tickets.schema import Attachment, Category, Clock, PromiseBreach, Ticket, Unit
from tickets.states import (
    UNFINISHED,
    Channel,
    ClockKind,
    ClockStatus,
    Disposition,
    TicketStatus,
    TimelineKind,
)
from tickets.work import attachments
from tickets.work.duplicate_links import LINKED

# What the promise to the citizen is about; accepting and reporting in between are how the house keeps it.
_TOLD_CLOCKS = (ClockKind.FIRST, ClockKind.NEXT, ClockKind.RESOLVE, ClockKind.APPEAL)
# What befalls a matter, whoever reported it.
_OF_THE_MATTER = (
    TimelineKind.TRANSFERRED, TimelineKind.RETURNED, TimelineKind.ESCALATED, TimelineKind.ACKNOWLEDGED,
    TimelineKind.DUE_CHANGED,
)  # fmt: skip
# A change of status that another entry tells better.
_TOLD_OTHERWISE = (TicketStatus.RESOLVED.value, TicketStatus.PENDING_CITIZEN.value)


@dataclass(frozen=True, slots=True)
class ToldClock:
    """A promise as the citizen sees it; `due_at` is None while it waits for the citizen.

    `broken_due_at` is the date first promised, where it was not kept: no later one takes its place (A1).
    """

    kind: ClockKind
    status: ClockStatus
    due_at: datetime | None
    stopped_at: datetime | None
    broken_due_at: datetime | None


@dataclass(frozen=True, slots=True)
class ToldEntry:
    """Something that happened; `body` is what was said aloud, `unit` a body that took over."""

    at: datetime
    kind: TimelineKind
    body: str
    params: Mapping[str, Any]
    channel: Channel | None
    unit: str
    files: tuple[Mapping[str, str], ...]

    @property
    def what(self) -> str:
        return str(self.params.get("what", ""))


@dataclass(frozen=True, slots=True)
class FollowedTicket:
    """A ticket as its citizen sees it."""

    ticket_id: int
    reference: str
    subject: str
    body: str
    status: TicketStatus
    disposition: Disposition | None
    category: str
    place_text: str
    place_unit: str
    dossier_number: str | None
    unit: str
    unit_code: str | None
    level: int
    opened_at: datetime
    reopen_until: datetime | None
    rating: int | None
    continues_reference: str | None
    continued_by_reference: str | None
    clocks: tuple[ToldClock, ...]
    files: tuple[Attachment, ...]
    entries: tuple[ToldEntry, ...]
    # Answered together with another request, whose state, unit, date and level are told instead of its own.
    is_joined: bool = False
    expected_at: datetime | None = None
    appeal: AppealState | None = None
    # The unit whose matter it is, while it is not live and another works for it.
    works_for: str = ""
    is_praise: bool = False

    @property
    def is_unfinished(self) -> bool:
        return self.status in UNFINISHED

    @property
    def is_answered(self) -> bool:
        return self.status in (TicketStatus.RESOLVED, TicketStatus.CLOSED)

    def may_be_reopened(self, now: datetime) -> bool:
        """Whether the citizen's "not solved" opens it again; later a new one goes on from it."""
        return not self.is_unfinished and self.reopen_until is not None and now <= self.reopen_until

    def clock(self, kind: ClockKind) -> ToldClock | None:
        """The newest promise of a kind that was not taken back."""
        told = (c for c in reversed(self.clocks) if c.kind is kind and c.status is not ClockStatus.CANCELLED)
        return next(told, None)

    @property
    def resolve_clock(self) -> ToldClock | None:
        """By when it is to be settled; an appeal, to be decided."""
        return self.clock(ClockKind.RESOLVE) or self.clock(ClockKind.APPEAL)

    @property
    def first_clock(self) -> ToldClock | None:
        return self.clock(ClockKind.FIRST)


def followed(session: Session, ticket_id: int, *, locale: str) -> FollowedTicket:
    """The ticket for its citizen, with the names of bodies and categories in `locale`."""
    ticket = session.get_one(Ticket, ticket_id)
    own = _followed(session, ticket, locale=locale)
    master = session.get_one(Ticket, ticket.master_id) if ticket.master_id and is_duplicate(ticket) else None
    if master is None or master.is_restricted:
        return own
    return _with_master(own, _followed(session, master, locale=locale))


def _with_master(own: FollowedTicket, master: FollowedTicket) -> FollowedTicket:
    """How the matter stands, and nothing that anybody wrote, asked or is called there."""
    since = max((entry.at for entry in own.entries if entry.what == LINKED), default=own.opened_at)
    moved = tuple(
        replace(entry, body="", files=())
        for entry in master.entries
        if entry.kind in _OF_THE_MATTER and entry.at >= since
    )
    waits = (TicketStatus.NEW, TicketStatus.PENDING_CITIZEN)
    status = TicketStatus.OPEN if not master.is_unfinished or master.status in waits else master.status
    # What this citizen wrote since is answered here.
    awaited = tuple(clock for clock in own.clocks if clock.kind is ClockKind.NEXT)
    resolve = tuple(clock for clock in master.clocks if clock.kind is ClockKind.RESOLVE)
    return replace(
        own,
        status=status,
        unit=master.unit,
        unit_code=master.unit_code,
        level=master.level,
        clocks=awaited + resolve,
        entries=tuple(sorted((*own.entries, *moved), key=lambda entry: entry.at)),
        expected_at=master.expected_at,
        is_joined=True,
    )


def _followed(session: Session, ticket: Ticket, *, locale: str) -> FollowedTicket:
    ticket_id = ticket.id
    entries = timeline.entries(session, ticket_id, public_only=True)
    names = _unit_names(session, ticket, entries, locale)
    reached = reached_levels(session, [ticket.id]).get(ticket.id, NONE_REACHED)
    category = session.get(Category, ticket.category_id) if ticket.category_id else None
    return FollowedTicket(
        ticket_id=ticket.id,
        reference=ticket.reference,
        subject=ticket.subject,
        body=ticket.body,
        status=ticket.status,
        disposition=ticket.disposition,
        category=_name(category, locale),
        place_text=ticket.place_text,
        place_unit=names.get(ticket.place_unit_id or 0, ""),
        dossier_number=ticket.dossier_number,
        unit=names.get(ticket.unit_id, ""),
        unit_code=session.scalar(select(Unit.code).where(Unit.id == ticket.unit_id)),
        level=reached.level,
        opened_at=ticket.opened_at,
        reopen_until=ticket.reopen_until,
        rating=ticket.rating,
        continues_reference=_reference(session, Ticket.id == ticket.continues_id) if ticket.continues_id else None,
        continued_by_reference=_reference(session, Ticket.continues_id == ticket.id),
        clocks=_clocks(session, ticket.id),
        files=tuple(file for file in attachments.of_ticket(session, ticket.id) if file.message_id is None),
        entries=tuple(_told(entry, names) for entry in entries if _is_told(entry, reached)),
        expected_at=ticket.expected_at if ticket.status in UNFINISHED else None,
        works_for=_works_for(ticket, locale),
        is_praise=ticket.is_praise,
        appeal=appeal_state(session, ticket.id) if ticket.status not in UNFINISHED or ticket.reopen_count else None,
    )


def _works_for(ticket: Ticket, locale: str) -> str:
    for reason in ticket.routing_reasons:
        params = reason.get("params", {})
        if reason["code"] == NOT_LIVE and params.get("desk_id") == ticket.unit_id and not ticket.is_restricted:
            return str(params["unit_en" if locale == "en" and params.get("unit_en") else "unit"])
    return ""


def _clocks(session: Session, ticket_id: int) -> tuple[ToldClock, ...]:
    rows = session.execute(
        select(Clock.kind, Clock.status, Clock.due_at, Clock.stopped_at, PromiseBreach.due_at)
        .outerjoin(PromiseBreach, PromiseBreach.clock_id == Clock.id)
        .where(Clock.ticket_id == ticket_id, Clock.kind.in_(_TOLD_CLOCKS))
        .order_by(Clock.cycle, Clock.id)
    )
    return tuple(ToldClock(*row) for row in rows)


def _is_told(entry: Mapping[str, Any], reached: ReachedLevels) -> bool:
    """A level that nobody heard of is not told to the citizen either."""
    if entry["kind"] is TimelineKind.ESCALATED:
        return entry["params"].get("step_id") in reached.step_ids
    return not _is_told_otherwise(entry)


def _is_told_otherwise(entry: Mapping[str, Any]) -> bool:
    if entry["kind"] is not TimelineKind.STATUS:
        return False
    params = entry["params"]
    reopened_or_woken = params.get("to") == TicketStatus.OPEN.value and params.get("from") != TicketStatus.NEW.value
    return reopened_or_woken or params.get("to") in _TOLD_OTHERWISE


def _told(entry: Mapping[str, Any], names: Mapping[int, str]) -> ToldEntry:
    params = entry["params"]
    return ToldEntry(
        at=entry["at"],
        kind=entry["kind"],
        body=entry["message_body"] or entry["body"] or "",
        # Ids of people and the reasons of routing stay inside.
        params={k: v for k, v in params.items() if k in _TOLD_PARAMS},
        channel=entry["channel"],
        unit=names.get(_unit_id(params) or 0, ""),
        files=tuple(entry["attachments"]),
    )


_TOLD_PARAMS = frozenset(
    {
        "channel", "level", "from", "to", "until", "for", "disposition", "rating", "what", "seconds", "outcome",
        "expected_at", "clock", "cause", "due_at",
    }
)  # fmt: skip


def _unit_id(params: Mapping[str, Any]) -> int | None:
    found = params.get("to_unit_id") or params.get("unit_id")
    return int(found) if found else None


def _unit_names(session: Session, ticket: Ticket, entries: list[dict[str, Any]], locale: str) -> dict[int, str]:
    ids = {ticket.unit_id, ticket.place_unit_id, *(_unit_id(entry["params"]) for entry in entries)} - {None}
    units = session.scalars(select(Unit).where(Unit.id.in_(ids)))
    return {unit.id: _name(unit, locale) for unit in units}


def _reference(session: Session, which: Any) -> str | None:
    return session.scalars(select(Ticket.reference).where(which).order_by(Ticket.id).limit(1)).first()


def _name(named: Unit | Category | None, locale: str) -> str:
    if named is None:
        return ""
    return (named.name_en if locale == "en" else named.name) or named.name
