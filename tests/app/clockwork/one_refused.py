"""Rows of jobs that work on many at once: several each, of which one is told from the others by a condition."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.clockwork.guidance_rounds import answer_with_guidance
from app.clockwork.incident_rounds import follow_incidents
from app.clockwork.night_rounds import check_lines_at_night
from app.clockwork.node import Node
from app.clockwork.phone_jobs import sweep_floor
from app.clockwork.problem_rounds import look_for_problems
from app.clockwork.rota_jobs import fill_rotations, tell_gaps, tell_who_comes_on_duty
from app.clockwork.schedule import follow_instructions, hand_levels_over, send_daily_lists
from app.clockwork.ticket_rounds import close_what_was_answered, open_what_was_held, pass_on_what_units_left
from escalation.acknowledging.acknowledge import acknowledge
from escalation.firing.sweep import tick
from tests.app.web.office.test_night import EVENING, consent
from tests.app.web.supervisor.guidance_rows import issued, person
from tests.escalation.raising import HOUR, MONDAY
from tests.escalation.scene import full_house, holder, level_at, step, ticket, ward, with_role
from tests.factories import open_ticket, staff, unit
from tests.factories import ticket as plain_ticket
from tickets.people.actor import staff_actor
from tickets.schema import (
    GuidanceTicket,
    Incident,
    IncidentPerson,
    Instruction,
    Line,
    NightCall,
    OutboundMessage,
    PostHolding,
    Presence,
    ProblemTicket,
    Rotation,
    Shift,
    StepRecipient,
    Ticket,
    UnitSuccession,
)
from tickets.states import Channel, PresenceState, Priority, Role, TicketStatus
from tickets.work import guidance_tickets

WARDS = ("Phường Sài Gòn", "Phường Bến Thành", "Phường Tân Định")
DAY = timedelta(days=1)
Rows = tuple[datetime, list[int]]


@dataclass(frozen=True)
class Scene:
    """`lay` writes rows and tells when the job comes and their numbers; `done` tells for which it has been done.

    `its`: what stands in a row of `table` that belongs to a number.
    """

    job: Callable[[Node], object]
    lay: Callable[[Session, datetime], Rows]
    table: str
    its: str
    done: Callable[[Session], set[int]]
    also: tuple[str, ...] = field(default=())


def numbers(column: InstrumentedAttribute[int] | InstrumentedAttribute[int | None], *those: ColumnElement[bool]):
    """What tells for which of the rows something holds."""

    def found(session: Session) -> set[int]:
        return {one for one in session.scalars(select(column).where(*those)) if one is not None}

    return found


def dated(status: TicketStatus, at: str) -> Callable[[Session, datetime], Rows]:
    def lay(session: Session, now: datetime) -> Rows:
        ids = [plain_ticket(session).id for _ in range(3)]
        session.execute(update(Ticket).where(Ticket.id.in_(ids)).values({"status": status, at: now - HOUR}))
        return now, ids

    return lay


def left_behind(session: Session, now: datetime) -> Rows:
    new, old = ward(session, WARDS[1]), ward(session)
    ids = [ticket(session, old, arrived_at=MONDAY + number * HOUR).id for number in range(3)]
    session.add(UnitSuccession(predecessor_id=old.id, successor_id=new.id, is_partial=False))
    old.valid_to = date(2026, 11, 23)
    return MONDAY + 5 * HOUR, ids


def climbed(session: Session, *, levels: int = 2) -> tuple[datetime, list[Ticket], list[dict[int, object]]]:
    """An urgent ticket of each of three wards, all at the same level, and the people of each chain."""
    houses, tickets = [], []
    for name in WARDS:
        here = ward(session, name)
        if not houses:
            houses.append(full_house(session, here, now=MONDAY))
        else:
            posts = {1: "section_head", 2: "ward_chair"}
            houses.append({rank: holder(session, post, here, now=MONDAY) for rank, post in posts.items()})
        tickets.append(ticket(session, here, arrived_at=MONDAY, priority=Priority.URGENT))
    at = level_at(session, tickets[0], levels)
    tick(session, now=at)
    return at, tickets, houses


def morning_lists(session: Session, now: datetime) -> Rows:
    at, _, houses = climbed(session)
    morning = (at + DAY).replace(hour=0, minute=30, second=0, microsecond=0)
    return morning, [house[2].id for house in houses]


def instructed(session: Session, now: datetime) -> Rows:
    at, tickets, houses = climbed(session)
    for matter, house in zip(tickets, houses, strict=True):
        acknowledge(
            session, step(session, matter, 2).id, staff_id=house[2].id, via="web", instruction="Dọn trong ngày", now=at
        )
    tasks = session.scalars(select(Instruction).order_by(Instruction.id)).all()
    return max(task.due_at for task in tasks) + HOUR, [task.id for task in tasks]


def handed_over(session: Session, now: datetime) -> Rows:
    at, _, houses = climbed(session)
    gone = [house[2].id for house in houses]
    session.execute(update(PostHolding).where(PostHolding.staff_id.in_(gone)).values(valid_to=at + HOUR))
    return at + 2 * HOUR, [holder(session, "ward_chair", ward(session, name), now=MONDAY).id for name in WARDS]


def turns(session: Session, now: datetime) -> Rows:
    begun_at = MONDAY + 3 * HOUR
    people = []
    for name in WARDS:
        who = with_role(session, Role.AGENT, ward(session, name), now=MONDAY)
        post = holder_post(session, name)
        session.add(Shift(post_id=post, staff_id=who.id, starts_at=begun_at, ends_at=begun_at + 8 * HOUR))
        people.append(who.id)
    return begun_at + timedelta(minutes=1), people


def holder_post(session: Session, name: str) -> int:
    who = holder(session, "section_head", ward(session, name), now=MONDAY)
    return session.scalars(select(PostHolding.post_id).where(PostHolding.staff_id == who.id)).one()


def rotations(session: Session, now: datetime) -> Rows:
    ids = []
    for name in WARDS:
        post_id, who = holder_post(session, name), with_role(session, Role.AGENT, ward(session, name), now=MONDAY)
        row = Rotation(
            post_id=post_id, staff_ids=[who.id], days_each=7, starts_on=date(2026, 11, 24), from_minute=0, to_minute=0,
            filled_until=date(2026, 11, 24), created_at=MONDAY,
        )  # fmt: skip
        session.add(row)
        session.flush()
        ids.append(row.id)
    return MONDAY, ids


def gaps(session: Session, now: datetime) -> Rows:
    """Units whose rota nobody fills; their supervisors are told on Monday."""
    return MONDAY + 3 * HOUR, [staff(session, role=Role.SUPERVISOR, at=code).id for code in ("26740", "26743", "26737")]


def counted_people(session: Session, now: datetime) -> Rows:
    ids = [one.id for one in incident(session, MONDAY, is_over=True)]
    return MONDAY + 3 * HOUR, ids


def own_requests(session: Session, now: datetime) -> Rows:
    return MONDAY + HOUR, [one.id for one in incident(session, MONDAY, is_over=False)]


def incident(session: Session, at: datetime, *, is_over: bool) -> list[IncidentPerson]:
    master, boss = open_ticket(session, subject="Mất điện", now=at), staff(session, role=Role.SUPERVISOR, at="79")
    row = Incident(
        master_id=master.ticket_id, unit_ids=[unit(session).id], bulletin_vi="Mất điện", bulletin_en="No power",
        is_disaster=False, starts_at=at, expires_at=at + (HOUR if is_over else 3 * HOUR), set_by_id=boss.id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    people = []
    for number in range(3):
        phone = f"+8490129910{number}"
        own = open_ticket(session, subject="Mất điện", phone=phone, now=at)
        people.append(
            IncidentPerson(
                incident_id=row.id, address=phone, channel=Channel.VOICE, phone=phone, locale="vi", counted_at=at,
                ticket_id=None if is_over else own.ticket_id,
            )
        )  # fmt: skip
    session.add_all(people)
    session.flush()
    return people


def answered_together(session: Session, now: datetime) -> Rows:
    one = issued(session, now=MONDAY)
    for number in range(3):
        open_ticket(session, body="Sổ đỏ bao lâu có?", phone=f"090100000{number}", now=MONDAY)
    who, viewer = person(session, Role.CITY_OFFICE, now=MONDAY)
    deeds = {"viewer": viewer, "actor": staff_actor(who.id), "now": MONDAY}
    guidance_tickets.link_matching(session, one.id, **deeds)
    guidance_tickets.ask_to_answer(session, one.id, **deeds)
    return MONDAY + HOUR, list(session.scalars(select(GuidanceTicket.id)))


def wrap_ups(session: Session, now: datetime) -> Rows:
    people = [staff(session, role=Role.AGENT).id for _ in range(3)]
    session.add_all(
        Presence(
            staff_id=who, state=PresenceState.WRAP_UP, since=now - HOUR, heartbeat_at=now,
            wrap_up_until=now - timedelta(seconds=5),
        )
        for who in people
    )  # fmt: skip
    return now, people


def night_calls(session: Session, now: datetime) -> Rows:
    consent(session, "26740", "26743", "26737")
    lines = list(session.scalars(select(Line.id).order_by(Line.id).limit(3)))
    units = [unit(session, code).id for code in ("26740", "26743", "26737")]
    calls = [
        NightCall(line_id=line, unit_id=of, night=date(2026, 11, 20), call_at=EVENING)
        for line, of in zip(lines, units, strict=True)
    ]
    session.add_all(calls)
    session.flush()
    return EVENING + timedelta(minutes=5), [one.id for one in calls]


def reports(session: Session, now: datetime) -> Rows:
    """Many report the same since an hour ago."""
    words = "Đường ngập nước rất sâu trước chợ, xe không qua được"
    ids = [
        open_ticket(session, body=words, phone=f"+849012992{number:02}", now=now - HOUR).ticket_id
        for number in range(12)
    ]
    return now, ids


SCENES: dict[str, Scene] = {
    "open what was held": Scene(
        open_what_was_held, dated(TicketStatus.PENDING_THIRD_PARTY, "wake_at"), "ticket", "new.id",
        numbers(Ticket.id, Ticket.status != TicketStatus.PENDING_THIRD_PARTY),
    ),
    "close what was answered": Scene(
        close_what_was_answered, dated(TicketStatus.RESOLVED, "reopen_until"), "ticket", "new.id",
        numbers(Ticket.id, Ticket.status == TicketStatus.CLOSED),
    ),
    "pass on what units left": Scene(
        pass_on_what_units_left, left_behind, "ticket", "new.id",
        lambda session: {t.id for t in session.scalars(select(Ticket)) if t.unit_id == ward(session, WARDS[1]).id},
    ),
    "send daily lists": Scene(
        send_daily_lists, morning_lists, "outbound_message", "new.template = 'daily_list' and new.staff_id",
        numbers(OutboundMessage.staff_id, OutboundMessage.template == "daily_list"),
    ),
    "follow instructions": Scene(
        follow_instructions, instructed, "instruction", "new.id",
        numbers(Instruction.id, Instruction.broken_at.is_not(None)),
    ),
    "hand levels over": Scene(
        hand_levels_over, handed_over, "step_recipient", "new.staff_id", numbers(StepRecipient.staff_id),
    ),
    "hand levels over, the lists": Scene(
        hand_levels_over, handed_over, "outbound_message", "new.staff_id",
        numbers(OutboundMessage.staff_id, OutboundMessage.template == "daily_list"),
    ),
    "tell who comes on duty": Scene(
        tell_who_comes_on_duty, turns, "outbound_message", "new.staff_id",
        numbers(OutboundMessage.staff_id, OutboundMessage.template == "duty_begins"),
    ),
    "fill the rota ahead": Scene(fill_rotations, rotations, "shift", "new.rotation_id", numbers(Shift.rotation_id)),
    "tell gaps of the rota": Scene(
        tell_gaps, gaps, "outbound_message", "new.staff_id", numbers(OutboundMessage.staff_id),
    ),
    "follow incidents": Scene(
        follow_incidents, counted_people, "incident_person", "new.id",
        numbers(IncidentPerson.id, IncidentPerson.told_at.is_not(None)),
    ),
    "follow incidents, own requests": Scene(
        follow_incidents, own_requests, "incident_person", "new.id",
        numbers(IncidentPerson.id, IncidentPerson.linked_at.is_not(None)),
    ),
    "answer with guidance": Scene(
        answer_with_guidance, answered_together, "guidance_ticket", "new.id",
        numbers(GuidanceTicket.id, GuidanceTicket.done_at.is_not(None)),
    ),
    "sweep the phone floor": Scene(
        sweep_floor, wrap_ups, "presence", "new.staff_id",
        numbers(Presence.staff_id, Presence.state == PresenceState.AVAILABLE),
    ),
    "check lines at night": Scene(
        check_lines_at_night, night_calls, "night_call", "new.id",
        numbers(NightCall.id, NightCall.dedup_key.is_not(None)),
    ),
    "look for problems": Scene(
        look_for_problems, reports, "problem_ticket", "new.ticket_id", numbers(ProblemTicket.ticket_id),
    ),
}  # fmt: skip
# Tried where they are told of, each with a row that is refused.
ELSEWHERE = {
    "fire due steps": "tests/app/clockwork/test_batches.py",
    "apply new rules": "tests/app/clockwork/test_rule_rounds.py",
    "give time back": "tests/app/clockwork/test_rule_rounds.py",
    "prove kept figures": "tests/app/clockwork/test_proof_beside_others.py",
    "count finished days": "tests/app/clockwork/test_published_without_a_day.py",
    "fetch recordings": "tests/app/phone/test_recording_fetch.py",
    "ask the phone provider": "tests/app/phone/test_reconciliation.py",
}
# One thing each, or all of it in one statement; or by the way of another that is tried above.
NOT_BY_THE_MANY = {
    "hold the lease", "sign of life", "wake for waiting messages", "try the chain", "clear media away",
    "learn from corrections", "seal audit trail", "clear away", "forget old webhooks", "tell what units lack",
    "remind of the directory",
}  # fmt: skip
