"""Invitations: a link that leaves with the message and is kept nowhere, by which a person comes in on their phone."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts import credentials
from app.settings import Settings
from app.storage.database import transaction
from tests.app.delivery.delivering_office import Office
from tests.app.web.administration.desk import audited
from tests.conftest import NOW, Committed
from tests.factories import staff
from tests.fake_carrier import FakeCarrier, fake_carrier
from tickets.directory import one_time_links
from tickets.outbox.invitations import INVITATION_LIFETIME, InvitedNow, WaysOut, invite
from tickets.people.actor import SYSTEM
from tickets.queries.invited import NO_MAIL_SERVER, InvitationState, ids_in, invitation_counts, invited_people
from tickets.schema import OneTimeLink, OutboundMessage
from tickets.states import OutboundChannel, OutboundState

PHONE = "+84901234567"
BOTH = WaysOut(mail=True, text=True)


@pytest.fixture
def carrier() -> Iterator[FakeCarrier]:
    with fake_carrier() as carrier:
        yield carrier


@pytest.fixture
def office(committed: Committed, settings: Settings, carrier: FakeCarrier) -> Office:
    return Office(
        committed, settings, twilio_account_sid="AC" + "1" * 32, twilio_auth_token="t" * 32, twilio_base_url=carrier.url
    )


def test_who_has_no_mail_box_gets_the_link_by_sms_and_only_there(office: Office, carrier: FakeCarrier) -> None:
    with transaction(office.factory) as session:
        person = staff(session, email="", phone=PHONE)
        assert invite(session, [person.id], ways=BOTH, actor=SYSTEM, now=NOW) == InvitedNow(leaves=1)

    office.deliver()

    token = carrier.bodies[0].split("/sign-in/link/")[1].split()[0]
    with office.factory() as session:
        link = session.scalars(one_time_links.unexpired(token, purposes=["enrol"], now=NOW)).one()
        assert (link.staff_id, link.expires_at - NOW) == (person.id, INVITATION_LIFETIME)
        assert token not in (session.scalars(select(OutboundMessage.text)).one() or "")


def test_an_invitation_goes_by_mail_where_there_is_an_address_and_again_when_it_has_expired(
    session: Session, now: datetime
) -> None:
    person = staff(session, email="a@example.vn", phone=PHONE)
    invite(session, [person.id], ways=BOTH, actor=SYSTEM, now=now)
    first = one_time_links.make(session, staff_id=person.id, purpose="enrol", lifetime=INVITATION_LIFETIME, now=now)
    later = now + INVITATION_LIFETIME + timedelta(minutes=1)
    expired = invitation_counts(session, now=later)[InvitationState.EXPIRED]

    again = invite(session, [person.id], ways=BOTH, actor=SYSTEM, now=later).leaves

    channels = session.scalars(select(OutboundMessage.channel).where(OutboundMessage.template == "invitation")).all()
    assert (expired, again, channels) == (1, 1, [OutboundChannel.EMAIL] * 2)
    used = session.scalars(select(OneTimeLink.used_at).where(OneTimeLink.staff_id == person.id)).all()
    assert first and used == [later]
    assert [entry.params for entry in audited(session, "staff.invited")] == [{"people": 1}, {"people": 1}]


def test_whoever_has_come_in_or_is_gone_is_not_invited_and_what_failed_is_told(session: Session, now: datetime) -> None:
    joined = staff(session, totp_enrolled_at=now)
    gone = staff(session, disabled_at=now)
    telephone_of_the_trial = staff(session, role=None)
    person = staff(session)

    everybody = [joined.id, gone.id, telephone_of_the_trial.id, person.id]
    sent = invite(session, everybody, ways=BOTH, actor=SYSTEM, now=now).leaves
    message = session.scalars(select(OutboundMessage).where(OutboundMessage.staff_id == person.id)).one()
    message.state = OutboundState.FAILED
    session.flush()

    counts = invitation_counts(session, now=now)
    assert sent == 1
    assert (counts[InvitationState.FAILED], counts[InvitationState.JOINED]) == (1, 1)


def test_whoever_has_no_mail_box_signs_in_with_their_telephone_number(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    password = "Con-ngua-dung-dinh-77"
    person = staff(session, email="", phone=PHONE)
    person.password_hash = credentials._hasher.hash(password)
    other = staff(session, email="b@example.vn", phone="+84901234568")
    other.password_hash = person.password_hash
    session.flush()

    found = credentials.check_password(session, email="0901 234 567", password=password, now=now)
    by_phone = credentials.check_password(session, email="0901234568", password=password, now=now)
    nobody = credentials.check_password(session, email="", password=password, now=now)

    assert found is not None and found.id == person.id
    assert (by_phone, nobody) == (None, None)


def test_without_a_mail_server_the_phone_is_tried_and_whoever_has_none_is_told_of_as_not_reached(
    committed: Committed, settings: Settings, office: Office, carrier: FakeCarrier
) -> None:
    only_text = WaysOut(mail=False, text=True)
    with transaction(office.factory) as session:
        with_phone, without = staff(session, phone=PHONE), staff(session)
        without.phone = None
        ids = [with_phone.id, without.id]
        assert invite(session, ids, ways=only_text, actor=SYSTEM, now=NOW) == InvitedNow(leaves=1, stays=1)

    office.deliver(OutboundChannel.EMAIL, OutboundChannel.SMS)

    assert len(carrier.bodies) == 1 and "/sign-in/link/" in carrier.bodies[0]
    with transaction(office.factory) as session:
        (failed,) = invited_people(session, InvitationState.FAILED, limit=5, now=NOW)
        (sent,) = invited_people(session, InvitationState.ARRIVED, limit=5, now=NOW)
        assert (failed.staff_id, failed.why, sent.staff_id) == (ids[1], NO_MAIL_SERVER, ids[0])
        # Once there is a server, everybody who was not reached can be written to again.
        again = ids_in(session, [InvitationState.FAILED], now=NOW)
        assert invite(session, again, ways=BOTH, actor=SYSTEM, now=NOW) == InvitedNow(leaves=1)
        assert invitation_counts(session, now=NOW)[InvitationState.ON_ITS_WAY] == 1


def test_whom_a_mail_did_not_reach_is_written_to_by_sms_the_next_time(session: Session, now: datetime) -> None:
    person = staff(session, phone=PHONE)
    invite(session, [person.id], ways=BOTH, actor=SYSTEM, now=now)
    session.scalars(
        select(OutboundMessage).where(OutboundMessage.staff_id == person.id)
    ).one().state = OutboundState.FAILED
    session.flush()

    invite(session, [person.id], ways=BOTH, actor=SYSTEM, now=now)

    sent = select(OutboundMessage.channel).where(OutboundMessage.staff_id == person.id).order_by(OutboundMessage.id)
    assert session.scalars(sent).all() == [OutboundChannel.EMAIL, OutboundChannel.SMS]
