"""The page of one ticket from what was read: stream, clocks, staircase, place and what this person may do."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _

from app.phone.accounts import sending_account
from app.web.console.entry_words import MOVES, StreamEntry, stream_entry
from app.web.console.reading_keys import read_as_shown
from app.web.frame.current import rules, settings, today
from app.web.pieces.names import in_locale, unit_name
from app.wording.locale import chosen_locale
from app.wording.place_words import question_text
from app.wording.reasons import reason_text
from telephony.dialled import chat_service
from telephony.provider.account import Capability
from tickets.directory.places import Option, Question
from tickets.people.phones import mask, parse_phone
from tickets.people.roles import Right, Viewer, may
from tickets.promises.calendar import between
from tickets.promises.duplicate_clocks import is_duplicate
from tickets.queries.chain_steps import LevelOfTicket
from tickets.queries.reading import WholeTicket
from tickets.routing.two_matters import two_matters
from tickets.schema import Clock, Ticket
from tickets.states import (
    PENDING,
    UNFINISHED,
    Channel,
    ClockKind,
    ClockStatus,
    PlaceOutcome,
    Priority,
    Role,
    TicketStatus,
    TimelineKind,
)
from tickets.work.dispute_rows import is_arbiter
from tickets.work.owing_unit import decides_for_others, is_accused, is_of_owing_unit
from tickets.work.suspicion import is_suspected
from tickets.work.ticket import may_move

_OUT = (TimelineKind.WARNED, TimelineKind.ESCALATED, TimelineKind.BREACHED)
# The most urgent first.
_URGENCY = list(Priority)
# A reply that is read on the follow page and sent nowhere.
PAGE_ONLY = Channel.MANUAL.value


@dataclass(frozen=True, slots=True)
class ShownClock:
    kind: ClockKind
    state: str
    due_at: datetime | None
    share: float | None
    first_breach_at: datetime | None


@dataclass(frozen=True, slots=True)
class ShownStep:
    level: int
    post: str
    person: str | None
    state: str
    at: datetime | None
    note: str
    current: bool


@dataclass(frozen=True, slots=True)
class Allowed:
    """What the buttons of the page may offer: rights and the table of transitions together."""

    work: bool
    is_mine: bool
    claim: bool
    reply: bool
    hold: bool
    resolve: bool
    # To decide it, where it is an appeal.
    decide: bool
    # To say whose it is, where units disagree.
    arbitrate: bool
    interim: bool
    resume: bool
    reopen: bool
    set_aside: bool
    clear: bool
    # To another unit, under another name or place.
    move: bool
    # A warning is out and this is the owing unit, or it is the accused: nothing that ends, pauses or eases is offered
    # (A7).
    alone: bool
    accused: bool
    third_party: bool
    # To make it a duplicate of another, and to undo that.
    link: bool
    unlink: bool
    assign: bool
    reveal: bool
    phone_in_full: bool


def allowed(
    viewer: Viewer,
    ticket: Ticket,
    *,
    is_out: bool,
    is_bound: bool,
    is_appeal: bool = False,
    dispute: bool | None = None,
    now: datetime,
) -> Allowed:
    """`is_out`: a warning or a level of the ticket is; `is_bound`: another than a warning of the time to accept."""
    accused, decides = is_accused(viewer, ticket), decides_for_others(viewer, ticket)
    alone = accused or (is_out and not decides)
    works, unfinished = may(viewer, Right.WORK, ticket), ticket.status in UNFINISHED
    is_mine = ticket.assignee_id == viewer.staff_id
    pending = ticket.status in PENDING
    movable = not accused and (decides or not (is_bound and is_of_owing_unit(viewer, ticket)))
    free = not is_duplicate(ticket)
    in_window = ticket.reopen_until is not None and now <= ticket.reopen_until
    return Allowed(
        work=works,
        is_mine=is_mine,
        claim=works and unfinished and ticket.assignee_id is None,
        reply=works and ticket.status not in (TicketStatus.WITHDRAWN, TicketStatus.SPAM),
        hold=works and free and not alone and may_move(ticket, TicketStatus.PENDING_CITIZEN),
        resolve=works and free and not is_appeal and (pending or may_move(ticket, TicketStatus.RESOLVED)),
        decide=works and is_appeal and unfinished,
        arbitrate=dispute is True and unfinished and is_arbiter(viewer),
        interim=works and free and unfinished,
        resume=works and pending,
        reopen=works and ticket.status is TicketStatus.RESOLVED and in_window,
        clear=works and unfinished and not accused and is_suspected(ticket),
        move=free and movable and (dispute is None or (dispute is False and is_arbiter(viewer))),
        set_aside=works and not is_appeal and not alone and may_move(ticket, TicketStatus.SPAM),
        alone=works and alone and unfinished,
        accused=works and accused and unfinished,
        link=works and free and unfinished and not is_appeal and movable and not ticket.is_restricted,
        unlink=works and not free,
        third_party=works
        and free
        and (ticket.status is TicketStatus.NEW or may_move(ticket, TicketStatus.PENDING_THIRD_PARTY)),
        assign=unfinished and may(viewer, Right.REASSIGN, ticket),
        reveal=viewer.holds(Role.SUPERVISOR, Role.CITY_OFFICE) and not is_mine and bool(ticket.reply_phone),
        phone_in_full=is_mine and unfinished,
    )


def ticket_context(reading: WholeTicket, viewer: Viewer, *, phone_shown: bool, now: datetime) -> dict[str, Any]:
    """Plain values for the template."""
    ticket, is_out = reading.ticket, _is_out(reading, now=now)
    can = allowed(
        viewer,
        ticket,
        is_out=is_out,
        is_bound=is_out and _is_bound(reading, now=now),
        is_appeal=reading.is_appeal,
        dispute=_dispute(reading),
        now=now,
    )
    locale = chosen_locale()
    in_full = can.phone_in_full or phone_shown
    return {
        "reading": reading,
        "ticket": ticket,
        "can": can,
        "citizen_name": citizen_name(reading),
        "phone": ticket.reply_phone if in_full else None,
        "phone_masked": mask(ticket.reply_phone),
        "chat": chat_service(reading.unnumbered),
        "chat_told": reading.is_chat_told,
        "calls_from": _calls_from(),
        "entries": stream(reading, now=now),
        "clocks": [shown_clock(clock, now=now) for clock in _newest(reading.clocks)],
        "steps": shown_steps(reading.steps),
        "reasons": [reason_text(r["code"], r["params"], locale) for r in ticket.routing_reasons],
        "question": place_question(ticket),
        "candidates": ticket.place_detail.get("candidates", []),
        "channels": reply_channels(ticket),
        "priorities": [p for p in Priority if not can.alone or _URGENCY.index(p) <= _URGENCY.index(ticket.priority)],
        "dispute": _dispute(reading),
        "dispute_due_at": next((c.due_at for c in reading.clocks if c.kind is ClockKind.DISPUTE), None),
        "dossier_late": _is_late(ticket),
        "read_as": read_as_shown(ticket, work=can.work, move=can.move, alone=can.alone),
        "second": two_matters(ticket.body, rules().routing) if can.move and not ticket.is_restricted else None,
        "came_from": _came_from(reading),
        "names": {
            "unit": in_locale(reading.unit.name, reading.unit.name_en),
            "queue": in_locale(reading.queue.name, reading.queue.name_en),
            "category": in_locale(reading.category.name, reading.category.name_en) if reading.category else "",
            "place": in_locale(reading.place.name, reading.place.name_en) if reading.place else "",
            "coordinating": in_locale(reading.coordinating.name, reading.coordinating.name_en)
            if reading.coordinating
            else "",
        },
    }


def _calls_from() -> str:
    """The number that citizens see when we ring them."""
    account = sending_account(settings(), Capability.VOICE)
    if account is not None and account.call_sender:
        return account.call_sender
    return rules().routing.city_phone


def _came_from(reading: WholeTicket) -> str:
    """The unit that handed it over last: whereto a return goes."""
    moves = [entry["params"] for entry in reading.entries if entry["kind"] in MOVES]
    unit = rules().routing.units.get(int(moves[-1].get("from_unit_id", 0))) if moves else None
    return unit_name(unit) if unit is not None else ""


def _dispute(reading: WholeTicket) -> bool | None:
    """Whether units disagree about it now; False once that was decided, None where they never did."""
    states = [clock.status for clock in reading.clocks if clock.kind is ClockKind.DISPUTE]
    return ClockStatus.RUNNING in states if states else None


def _is_out(reading: WholeTicket, *, now: datetime) -> bool:
    """As `owing_unit.is_out`, from what was read for the page anyway."""
    return _is_overdue(reading, now=now) or any(entry["kind"] in _OUT for entry in reading.entries)


def _is_bound(reading: WholeTicket, *, now: datetime) -> bool:
    """As `owing_unit.is_out_beyond_accepting`."""
    told = [entry for entry in reading.entries if entry["kind"] in _OUT]
    accepting = (TimelineKind.WARNED, ClockKind.ACCEPT.value)
    bound = any((entry["kind"], entry["params"].get("clock")) != accepting for entry in told)
    return _is_overdue(reading, now=now) or bound


def _is_overdue(reading: WholeTicket, *, now: datetime) -> bool:
    running = [clock for clock in reading.clocks if clock.status is ClockStatus.RUNNING]
    return any(clock.due_at is not None and clock.due_at <= now for clock in running)


def citizen_name(reading: WholeTicket) -> str:
    name = reading.citizen.name if reading.citizen else ""
    return name or _("Citizen")


def stream(reading: WholeTicket, *, now: datetime) -> list[StreamEntry]:
    name, opening = citizen_name(reading), reading.ticket.body
    return [stream_entry(entry, citizen=name, opening=opening, now=now) for entry in reading.entries]


def shown_clock(clock: Clock, *, now: datetime) -> ShownClock:
    """The clock with the share of its target that is used up, in the open time of its own calendar."""
    used = clock.consumed_seconds
    calendar = rules().promises.calendars.get(clock.calendar_version_id)
    if clock.status is ClockStatus.RUNNING and clock.running_since is not None and calendar is not None:
        used += between(calendar, clock.running_since, now)
    whole = clock.target_seconds + clock.granted_seconds
    share = used / whole if whole else None
    return ShownClock(clock.kind, clock.status.value, clock.due_at, share, clock.first_breach_at)


def _newest(clocks: Any) -> list[Clock]:
    """The last cycle of each kind; what was cancelled long ago tells nobody anything."""
    last: dict[ClockKind, Clock] = {clock.kind: clock for clock in sorted(clocks, key=lambda c: c.cycle)}
    return [clock for clock in last.values() if clock.status is not ClockStatus.CANCELLED]


def shown_steps(steps: Any) -> list[ShownStep]:
    """One staircase: of the promise that climbed highest, else of the resolution."""
    by_clock: dict[str, dict[int, LevelOfTicket]] = {}
    for step in steps:
        by_clock.setdefault(step.clock, {})[step.level] = step
    if not by_clock:
        return []

    def height(clock: str) -> tuple[int, bool]:
        reached = [level for level, step in by_clock[clock].items() if step.fired_at is not None]
        return max(reached, default=0), clock == ClockKind.RESOLVE.value

    chosen = by_clock[max(by_clock, key=height)]
    current = max((level for level, step in chosen.items() if step.fired_at is not None), default=0)
    return [_shown_step(chosen[level], is_current=level == current) for level in sorted(chosen)]


def _shown_step(step: LevelOfTicket, *, is_current: bool) -> ShownStep:
    state = "acknowledged" if step.acknowledged_at else step.result.value if step.result else "planned"
    post = step.told_post or (in_locale(step.post or "", step.post_en) if step.post else "")
    return ShownStep(
        level=step.level,
        post=post,
        person=step.acknowledged_by or step.told or step.holder,
        state=state,
        at=step.acknowledged_at or step.fired_at or step.planned_at,
        note=step.instruction,
        current=is_current,
    )


def place_question(ticket: Ticket) -> str:
    """The question that decides, while nobody has decided."""
    if ticket.place_outcome is PlaceOutcome.UNIQUE:
        return ""
    kept: Mapping[str, Any] | None = ticket.place_detail.get("question")
    if not kept:
        return _("Where is it? Ask for the ward or the commune, old or new.") if ticket.place_unit_id is None else ""
    options = tuple(Option(o["code"], o["params"], tuple(o["unit_ids"])) for o in kept["options"])
    return question_text(Question(kept["id"], kept["params"], options), chosen_locale())


def reply_channels(ticket: Ticket) -> list[tuple[str, str]]:
    """(code, words) of the ways an answer can go; the first is the best."""
    phone = parse_phone(ticket.reply_phone) if ticket.reply_phone else None
    by_sms = [(Channel.SMS.value, _("SMS"))] if phone is not None and phone.may_get_sms else []
    by_mail = [(Channel.WEB.value, _("E-mail"))] if ticket.reply_email else []
    page = [(PAGE_ONLY, _("Tracking page only"))]
    if ticket.channel in (Channel.SMS, Channel.VOICE) or not ticket.reply_email:
        return by_sms + by_mail + page
    return by_mail + by_sms + page


def _is_late(ticket: Ticket) -> bool:
    return ticket.dossier_due_on is not None and ticket.dossier_due_on < today() and ticket.status in UNFINISHED
