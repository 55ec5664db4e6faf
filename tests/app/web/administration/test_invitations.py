"""The page of invitations: whom they did not reach and why, whom to write to again, and links that are handed over."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from tests.app.web.administration.desk import audited, post, shown
from tests.app.web.steering import LIGHT, csrf_of
from tests.conftest import NOW
from tests.factories import staff, unit
from tests.signing_in import sign_in
from tickets.directory.sort_keys import sort_key
from tickets.outbox.invitations import INVITATION_LIFETIME, WaysOut, invite
from tickets.outbox.letters import KEPT_MAIL
from tickets.people.actor import SYSTEM
from tickets.queries.invited import InvitationState, invitation_counts
from tickets.schema import OneTimeLink, OutboundMessage
from tickets.states import OutboundState, Role

HERE = "/administration/invitations"
LINK = re.compile(r"/sign-in/link/[\w-]+")


@pytest.fixture
def bound(app: HotlineApp, session: Session):
    with app.bound_to(session, NOW):
        yield app


@pytest.fixture
def desk(bound: HotlineApp, session: Session) -> FlaskClient:
    client = bound.test_client()
    client.set_cookie("locale", "en")
    sign_in(client, session, staff=staff(session, role=Role.ADMINISTRATOR, at="79"), now=NOW)
    return client


@pytest.fixture
def kept(session: Session) -> list[int]:
    """Two people whose invitations went to nobody, because there is no mail server."""
    people = [staff(session, name="Lê Thị Đào"), staff(session, name="Ngô Văn Mận", at="26743")]
    for one in people:
        one.sort_key = sort_key(one.name)
    ids = [one.id for one in people]
    invite(session, ids, ways=WaysOut(mail=False, text=False), actor=SYSTEM, now=NOW)
    for message in session.scalars(select(OutboundMessage).where(OutboundMessage.template == "invitation")):
        message.state, message.sent_at, message.provider_account = OutboundState.SENT, NOW, KEPT_MAIL
    session.flush()
    return ids


def test_who_was_not_reached_stands_with_the_reason_and_can_be_written_to_again(
    desk: FlaskClient, session: Session, kept: list[int]
) -> None:
    sent, failed = shown(desk, f"{HERE}?state=arrived"), shown(desk, f"{HERE}?state=failed")
    answer = post(desk, HERE, state="failed", all="1")
    after = shown(desk, HERE)

    assert "Lê Thị Đào" not in sent and "Lê Thị Đào" in failed
    assert "not sent: there is no mail server" in failed and 'href="/administration/setting-up"' in failed
    assert "Invite all 2" in failed and "Send again" in failed
    assert answer.status_code == 303
    assert "2 people are not reached: nothing leaves for them from here." in after and "on its way." not in after
    assert invitation_counts(session, now=NOW)[InvitationState.ON_ITS_WAY] == 2


def test_a_list_is_narrowed_by_name_unit_and_state_and_those_ticked_alone_are_written_to(
    desk: FlaskClient, session: Session, kept: list[int]
) -> None:
    by_name, by_unit = shown(desk, f"{HERE}?state=failed&q=dao le"), _at_unit(desk, "26743", session)
    nobody = shown(desk, f"{HERE}?state=failed&q=%00{'x' * 300}&unit=99999999999999999999")

    post(desk, HERE, state="failed", person=[str(kept[0]), "x"], ticked="1")

    assert "Lê Thị Đào" in by_name and "Ngô Văn Mận" not in by_name and "(1)" in by_name
    assert "Ngô Văn Mận" in by_unit and "Lê Thị Đào" not in by_unit
    assert "Nobody is in this state." in nobody
    counts = invitation_counts(session, now=NOW)
    assert (counts[InvitationState.ON_ITS_WAY], counts[InvitationState.FAILED]) == (1, 1)


def test_a_link_that_is_handed_over_is_shown_once_opens_the_account_and_is_tracked(
    desk: FlaskClient, bound: HotlineApp, session: Session, kept: list[int]
) -> None:
    answer = post(desk, f"{HERE}/links", state="failed", all="1")
    links = list(dict.fromkeys(LINK.findall(answer.get_data(as_text=True))))

    assert (answer.status_code, answer.headers["Cache-Control"], len(links)) == (200, "no-store", 2)
    assert bound.test_client().get(links[0]).status_code == 200
    assert [entry.subject_id for entry in audited(session, "staff.link_handed_over")] == kept
    handed = shown(desk, f"{HERE}?state=handed_over")
    assert "Lê Thị Đào" in handed and not LINK.search(handed)
    later = invitation_counts(session, now=NOW + INVITATION_LIFETIME + timedelta(minutes=1))
    assert later[InvitationState.EXPIRED] == 2
    # A new one closes the old one.
    post(desk, f"{HERE}/links", state="handed_over", only=kept[0])
    assert bound.test_client().get(links[0]).status_code != 200
    open_links = select(OneTimeLink.staff_id).where(OneTimeLink.used_at.is_(None)).order_by(OneTimeLink.staff_id)
    assert session.scalars(open_links).all() == kept


def test_nobody_but_administration_makes_such_links(bound: HotlineApp, session: Session, kept: list[int]) -> None:
    client = bound.test_client()
    sign_in(client, session, staff=staff(session, role=Role.SUPERVISOR), now=NOW)

    form = {"csrf_token": csrf_of(client, LIGHT), "state": "failed", "all": "1"}
    assert client.post(f"{HERE}/links", data=form).status_code == 403


def _at_unit(desk: FlaskClient, code: str, session: Session) -> str:
    return shown(desk, f"{HERE}?state=failed&unit={unit(session, code).id}")
