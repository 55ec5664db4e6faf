"""Texts that tell of nothing: no ticket, no clock, at most one helpful answer a day, and a list to look at."""

import itertools
from datetime import timedelta

import pytest
from sqlalchemy import select

from escalation.firing.sweep import tick
from tests.factories import unit
from tests.signing_in import sign_in
from tests.telephony.phone import Phone
from tests.whole_app.test_rights import csrf
from tickets.schema import (
    Clock,
    Contact,
    InboundSms,
    Line,
    NoiseContact,
    OutboundMessage,
    PlannedStep,
    ReadingCorrection,
    Ticket,
)
from tickets.states import Role

_sids = itertools.count(1)
ADVERT = "Khuyen mai soc! Vay tien nhanh lai suat 0%, LH ngay de nhan uu dai. Tu choi soan TC"


@pytest.fixture
def texter(client, settings, session):
    line = session.scalars(select(Line).where(Line.is_city)).first().phone

    def text(body, *, sender="+84901234567", **more):
        sid = f"SM{next(_sids):032d}"
        phone = Phone(client, settings, number=sender, to=line)
        return phone.post("sms", MessageSid=sid, SmsSid=sid, Body=body, NumSegments="1", **more)

    return text


def answers(session):
    return list(session.scalars(select(OutboundMessage.template).order_by(OutboundMessage.id)))


def tickets(session):
    return session.scalars(select(Ticket).order_by(Ticket.id)).all()


def kept(session):
    rows = session.execute(select(NoiseContact.said, NoiseContact.kind).order_by(NoiseContact.contact_id))
    return [tuple(row) for row in rows]


@pytest.mark.parametrize(
    ("said", "kind"),
    [("alo", "greeting"), ("...", "empty"), (ADVERT, "advert"), ("asdfgh", "mashed"), ("TT 123", "broken_status")],
)
def test_what_tells_of_nothing_is_kept_as_a_contact_and_opens_no_ticket(session, texter, said, kind):
    assert texter(said).status_code == 200

    assert tickets(session) == [] and kept(session) == [(said, kind)]
    [received] = session.scalars(select(InboundSms))
    assert received.contact_id is not None and received.ticket_id is None


def test_a_month_later_nobody_was_told_of_a_greeting(session, texter, now):
    texter("alo")

    fired = tick(session, now=now + timedelta(days=30)).fired

    assert fired == 0
    assert session.scalars(select(Clock)).all() == [] and session.scalars(select(PlannedStep)).all() == []


def test_a_broken_status_query_is_told_how_long_a_reference_is_once_a_day(session, texter):
    texter("TT 123")
    texter("TT 99")
    texter("alo")

    assert answers(session) == ["status_broken"]


@pytest.mark.parametrize(
    "said", ["GN 482913", "gn 482 913", "Ghi nhận 482913", "ACK 482913 482914", "TC 482913", "GN", "TC"]
)
def test_a_reply_code_from_a_number_that_was_sent_none_is_answered_and_promises_nothing(session, texter, now, said):
    texter(said)
    texter(said)

    assert tickets(session) == [] and answers(session) == ["code_of_nobody"]
    assert kept(session) == [(said, "reply_code")] * 2
    assert tick(session, now=now + timedelta(days=30)).fired == 0


def test_a_reply_code_beside_words_or_amid_a_talk_stays_somebodys_matter(session, texter):
    texter("GN 482913 Cống vỡ ở phường Sài Gòn, nước ngập")
    texter("GN 482913")

    [ticket] = tickets(session)
    assert kept(session) == [] and "code_of_nobody" not in answers(session)
    assert session.scalars(select(InboundSms.ticket_id)).all() == [ticket.id] * 2


def test_an_advertisement_is_not_answered(session, texter):
    texter(ADVERT)

    assert answers(session) == []


def test_a_district_and_one_word_is_no_noise(session, texter):
    texter("ngập q8")

    assert len(tickets(session)) == 1 and kept(session) == []


@pytest.mark.parametrize("sender", ["VIETTEL", "9029", "1022", "+8888"])
def test_short_codes_and_senders_names_open_no_ticket_and_hear_no_answer(session, texter, sender):
    texter("Rác không ai gom ở phường Sài Gòn", sender=sender)
    texter("TT 2600421733", sender=sender)

    assert tickets(session) == [] and answers(session) == []
    assert [kind for _, kind in kept(session)] == ["machine", "machine"]


def test_whoever_hides_their_number_is_a_person(session, texter):
    texter("Rác không ai gom ở phường Sài Gòn", sender="anonymous")

    assert len(tickets(session)) == 1


def test_a_greeting_while_a_request_is_open_belongs_to_it(session, texter):
    texter("Rác không ai gom ở phường Sài Gòn")
    texter("alo")

    assert len(tickets(session)) == 1 and kept(session) == []


def test_an_agent_makes_it_a_ticket_with_one_press_and_its_sender_gets_the_number(session, client, texter, now):
    texter("alo")
    sign_in(client, session, role=Role.AGENT, unit=unit(session, "TTDH"), now=now)
    [noise] = session.scalars(select(NoiseContact))
    page = client.get("/console/noise")
    assert "alo" in page.text and page.status_code == 200

    for _ in range(2):
        client.post(f"/console/noise/{noise.contact_id}/ticket", data={"csrf_token": csrf(client)})

    [ticket] = tickets(session)
    [contact] = session.scalars(select(Contact))
    assert (ticket.body, contact.ticket_id, noise.ticket_id) == ("alo", ticket.id, ticket.id)
    assert answers(session) == ["sms_help", "ticket_opened"]
    [correction] = session.scalars(select(ReadingCorrection))
    assert (correction.field, correction.guessed, correction.correct, correction.told_by) == (
        "noise", "yes", "no", "greeting",
    )  # fmt: skip
    assert f"/noise/{noise.contact_id}/" not in client.get("/console/noise").text
    assert ticket.reference[:2] in client.get("/console/noise?looked=1").text


def test_it_is_nothing_takes_it_off_the_list(session, client, texter, now):
    texter(ADVERT)
    sign_in(client, session, role=Role.AGENT, unit=unit(session, "TTDH"), now=now)
    [noise] = session.scalars(select(NoiseContact))

    client.post(f"/console/noise/{noise.contact_id}/nothing", data={"csrf_token": csrf(client)})

    assert noise.looked_at is not None and tickets(session) == []
    assert "Khuyen mai" not in client.get("/console/noise").text


def test_what_came_to_the_city_is_not_on_a_wards_list(session, client, texter, now):
    texter(ADVERT)
    sign_in(client, session, role=Role.AGENT, unit=unit(session), now=now)
    [noise] = session.scalars(select(NoiseContact))
    page = client.get("/console/noise")

    answer = client.post(f"/console/noise/{noise.contact_id}/ticket", data={"csrf_token": csrf(client)})

    assert "Khuyen mai" not in page.text
    assert answer.status_code == 404 and tickets(session) == []
