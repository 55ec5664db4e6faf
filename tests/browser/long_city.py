"""A city in which everything is too long: names, words, places, notes; for looking at what a page does with them."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from app.clock import utc_now
from escalation.acknowledging.links import make_link
from telephony.floor.callbacks import ask_callback
from tests.app.web.console.test_calls import waiting_call
from tests.app.web.steering import Climb, climb
from tests.browser.conftest import Site
from tests.browser.walking import LONG_WORD
from tests.factories import citizen, open_ticket
from tickets.intake.cleaning import Opened
from tickets.people.actor import citizen_actor, staff_actor
from tickets.schema import ApiToken, ExternalReference
from tickets.states import CallbackReason, Channel
from tickets.work import conversation

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
        opened = _matter(session)
        _around(session, opened, climbed)
        link = make_link(session, step_id=climbed.step(session, 3).id, staff_id=climbed.people[3].id, now=now)
    return LongCity(opened, link)


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
    session.add(
        ApiToken(
            name=LONG_WORD, token_hash="x", scopes=["tickets:read", "tickets:write"], unit_id=climbed.unit.id,
            created_at=now,
        )
    )  # fmt: skip
