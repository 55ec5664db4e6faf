"""Messages in administration: what did not arrive is sent again or discarded, kept mail is read, each time audited."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.app.web.administration.desk import HERE, NOW, audited, post, shown
from tickets.outbox import posting
from tickets.schema import OutboundMessage
from tickets.states import OutboundState


def letter(session: Session, *, state: OutboundState = OutboundState.FAILED, **facts: object) -> OutboundMessage:
    number = posting.post_sms(
        session, to="+84901234567", template="ticket_opened", params={"reference": "1"}, locale="vi",
        dedup_key=f"letter-{len(session.scalars(select(OutboundMessage.id)).all())}", now=NOW,
    )  # fmt: skip
    row = session.get_one(OutboundMessage, number)
    row.state, row.attempts, row.error_code, row.error = state, 8, "30006", "Landline or unreachable carrier"
    for name, value in facts.items():
        setattr(row, name, value)
    session.flush()
    return row


def test_a_dead_letter_is_sent_again(browser: FlaskClient, session: Session) -> None:
    dead = letter(session)
    page = shown(browser, f"{HERE}/messages")
    assert "To the citizen: received, with reference" in page
    assert "the carrier&#39;s code 30006" in page
    assert "+84******567" in page
    assert "+84901234567" not in page

    answer = post(browser, f"{HERE}/messages/{dead.id}/again")

    row = session.get_one(OutboundMessage, dead.id, populate_existing=True)
    assert answer.status_code == 303
    assert (row.state, row.attempts, row.not_before) == (OutboundState.WAITING, 0, NOW)
    assert audited(session, "message.sent_again")[0].params["error_code"] == "30006"


def test_all_of_an_outage_is_sent_again_in_one_audited_step(browser: FlaskClient, session: Session) -> None:
    night = [letter(session) for _ in range(30)]
    uncertain = letter(session, state=OutboundState.UNCERTAIN)
    night[0].error_code = "unreachable"
    session.commit()
    page = shown(browser, f"{HERE}/messages")
    assert "the carrier or mail server cannot be reached" in page.split("<tbody>")[1]
    given = {name: re.search(rf'name="{name}" value="([^"]+)"', page)[1] for name in ("channel", "since", "until")}

    answer = post(browser, f"{HERE}/messages/outage/again", **given)
    session.expire_all()

    assert answer.status_code == 303
    assert {session.get_one(OutboundMessage, one.id).state for one in night} == {OutboundState.WAITING}
    assert session.get_one(OutboundMessage, uncertain.id).state is OutboundState.UNCERTAIN
    [entry] = audited(session, "outage.sent_again")
    assert (entry.params["letters"], entry.params["channel"]) == (30, "sms")
    refused = post(browser, f"{HERE}/messages/outage/again", channel="sms", since="yesterday", until="x")
    assert refused.status_code == 400


def test_a_dead_letter_is_discarded_for_a_reason_only(browser: FlaskClient, session: Session) -> None:
    dead = letter(session, state=OutboundState.UNCERTAIN)
    session.commit()

    without = post(browser, f"{HERE}/messages/{dead.id}/discard", reason="  ")
    kept_state = session.get_one(OutboundMessage, dead.id, populate_existing=True).state
    given = post(browser, f"{HERE}/messages/{dead.id}/discard", reason="Số không còn dùng")

    assert (without.status_code, kept_state, given.status_code) == (400, OutboundState.UNCERTAIN, 303)
    row = session.get_one(OutboundMessage, dead.id, populate_existing=True)
    assert (row.state, row.error) == (OutboundState.SUPPRESSED, "Số không còn dùng")
    assert audited(session, "message.discarded")[0].params["reason"] == "Số không còn dùng"


@pytest.mark.parametrize("act", ["again", "discard"])
def test_a_message_that_is_no_dead_letter_cannot_be_touched(browser: FlaskClient, session: Session, act: str) -> None:
    sent = letter(session, state=OutboundState.SENT)
    session.commit()

    assert post(browser, f"{HERE}/messages/{sent.id}/{act}", reason="x").status_code == 404
    assert session.get_one(OutboundMessage, sent.id, populate_existing=True).state is OutboundState.SENT


def test_a_kept_mail_is_read_and_the_reading_is_audited(browser: FlaskClient, session: Session) -> None:
    posting.post_email(
        session, to="lan@example.vn", template="ticket_reply", params={}, locale="vi", dedup_key="kept", now=NOW
    )
    mail = session.scalars(select(OutboundMessage).where(OutboundMessage.dedup_key == "kept")).one()
    mail.state, mail.provider_account, mail.sent_at = OutboundState.SENT, "kept", NOW
    mail.subject, mail.text = "Trả lời <phản ánh>", "Kính gửi bà Lan,\n<script>alert(1)</script>"
    session.flush()

    listed = shown(browser, f"{HERE}/messages?tab=kept")
    page = shown(browser, f"{HERE}/messages/{mail.id}")

    assert "Trả lời &lt;phản ánh&gt;" in listed
    assert "&lt;script&gt;alert(1)" in page
    assert [e.subject_id for e in audited(session, "message.read")] == [mail.id]


def test_an_sms_is_not_readable_as_a_kept_mail(browser: FlaskClient, session: Session) -> None:
    sms = letter(session, text="Mã PIN 123456")
    session.commit()

    assert browser.get(f"{HERE}/messages/{sms.id}").status_code == 404
