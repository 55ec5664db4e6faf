"""A city in which everything is too long: names, words, places, notes; for looking at what a page does with them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import utc_now
from escalation.acknowledging.links import make_link
from escalation.firing.recipients import add_recipients
from escalation.queries.raised import fired_levels
from telephony.floor.callbacks import ask_callback
from tests.app.web.console.test_calls import waiting_call
from tests.app.web.steering import Climb, climb
from tests.app.web.supervisor import guidance_rows
from tests.browser.conftest import Site
from tests.browser.walking import LONG_WORD
from tests.factories import citizen, open_ticket
from tests.telephony.provider import account_rows
from tickets.intake.cleaning import Opened
from tickets.people.actor import citizen_actor, staff_actor
from tickets.problems.waves import Wave, WaveCell
from tickets.promises import exclusions, standing_levels
from tickets.promises.exclusions import Wanted
from tickets.schema import Absence, ApiToken, ExternalReference, PlannedStep, Post, RuleApplication, Shift
from tickets.states import CallbackReason, Channel, ClockKind
from tickets.work import conversation
from tickets.work.problems import propose

PHONE = "+84901112233"
MAIL = f"{'a' * 60}@{'b' * 50}.example.vn"


@dataclass(frozen=True)
class LongCity:
    """What has an address of its own: a citizen's ticket, an answered link of a leader."""

    opened: Opened
    link: str


def build(site: Site) -> LongCity:
    now = utc_now()
    with site.sessions.begin() as session:
        climbed = climb(session, opened_at=now - timedelta(hours=40), level=3)
        for person in climbed.people.values():
            person.name = person.sort_key = LONG_WORD
        # Off, so that nothing goes by it.
        hosts = tuple(f"{LONG_WORD.lower()}.example" for _ in range(3))
        account_rows.add(session, site.settings, "trunk-1", voice="woman", media_hosts=hosts).off_at = now
        opened = _matter(session)
        _around(session, opened, climbed)
        _told_by_many(session, opened, climbed, now=now)
        session.add(RuleApplication(policies=[LONG_WORD, LONG_WORD], begun_at=now, tickets=100_000, dates_moved=99_999))
        wanted = Wanted(
            now + timedelta(hours=3), now + timedelta(hours=5), LONG_WORD, tuple(ClockKind), holds_reports=True
        )
        exclusions.ask(session, wanted, actor=staff_actor(climbed.people[1].id), now=now)
        link = make_link(session, step_id=climbed.step(session, 3).id, staff_id=climbed.people[3].id, now=now)
    return LongCity(opened, link)


def report_to(session: Session, staff_id: int) -> None:
    """The highest level there is has reached this person too, where there is one."""
    raised = select(PlannedStep.id, PlannedStep.ticket_id).where(fired_levels()).order_by(PlannedStep.rank.desc())
    level = session.execute(raised.limit(1)).one_or_none()
    if level is None:
        return
    row = {"step_id": level.id, "staff_id": staff_id, "post_id": None, "capacity": "holder", "told_at": utc_now()}
    add_recipients(session, [{**row, "reply_code": "999999"}])
    standing_levels.refresh(session, [level.ticket_id])


def _matter(session: Session) -> Opened:
    now = utc_now()
    citizen(session, name=LONG_WORD, phone=PHONE)
    for hours in (30, 60):
        open_ticket(
            session, now=now - timedelta(hours=hours), channel=Channel.SMS, phone=PHONE, name=LONG_WORD,
            subject=LONG_WORD, body=f"{LONG_WORD} {LONG_WORD}", place_text=LONG_WORD, residence=LONG_WORD,
        )  # fmt: skip
    return open_ticket(
        session, now=now - timedelta(hours=3), channel=Channel.WEB, phone=PHONE, email=MAIL, name=LONG_WORD,
        subject=LONG_WORD, body=f"{LONG_WORD}\n{LONG_WORD}", place_text=LONG_WORD, residence=LONG_WORD,
        procedure_code="1.001193", dossier_number="H29." + "1" * 50, category_code="late_dossier",
        dossier_due_on=(now - timedelta(days=4)).date(),
    )  # fmt: skip


def _around(session: Session, opened: Opened, climbed: Climb) -> None:
    now, agent = utc_now(), staff_actor(climbed.people[1].id)
    conversation.reply(session, opened.ticket_id, body=LONG_WORD, channel=Channel.SMS, actor=agent, now=now)
    conversation.note(session, opened.ticket_id, body=LONG_WORD, actor=agent, now=now)
    conversation.citizen_message(
        session, opened.ticket_id, body=LONG_WORD, channel=Channel.WEB, actor=citizen_actor(), now=now
    )
    session.add(ExternalReference(ticket_id=opened.ticket_id, system=LONG_WORD, code=LONG_WORD))
    call = waiting_call(session, now - timedelta(minutes=20), caller_name=LONG_WORD)
    ask_callback(session, call, phone=PHONE, reason=CallbackReason.MISSED, now=now)
    _on_duty(session, climbed, now=now)
    session.add(
        ApiToken(
            name=LONG_WORD, token_hash="x", scopes=["tickets:read", "tickets:write"], unit_id=climbed.unit.id,
            created_at=now,
        )
    )  # fmt: skip


def _told_by_many(session: Session, opened: Opened, climbed: Climb, *, now: datetime) -> None:
    """A problem with its ticket, what answers it, and a further answer that is still worded: the newest is first."""
    words = {name: LONG_WORD for name in ("question_vi", "question_en", "answer_vi", "answer_en", "words")}
    guidance_rows.issued(session, now=now, **words)
    guidance_rows.drafted(session, now=now, **words)
    wave = Wave("alike", WaveCell(), now - timedelta(hours=3), (opened.ticket_id,), 1, 0.0, "long", (climbed.unit.id,))
    propose(session, [wave], now=now)


def _on_duty(session: Session, climbed: Climb, *, now: datetime) -> None:
    """Somebody of the city's leadership is on duty, and on leave next week."""
    post_id = session.scalars(select(Post.id).where(Post.code == "city_leader")).one()
    who = climbed.people[4].id
    session.add(Shift(post_id=post_id, staff_id=who, starts_at=now, ends_at=now + timedelta(days=9)))
    since = now + timedelta(days=7)
    session.add(Absence(staff_id=who, starts_at=since, ends_at=since + timedelta(days=1), created_at=now))
