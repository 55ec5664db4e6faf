"""A test message for a step of a chain: to whom it goes, by which way, how often, and that its fate is shown."""

import html
import re
from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from tests.app.web.administration.desk import HERE, NOW, audited, post, shown
from tests.app.web.administration.test_chains import steps
from tests.escalation.scene import holder, messages, on_shift, ward, with_role
from tests.signing_in import sign_in
from tickets.outbox import claims, results
from tickets.outbox.posting import record_status
from tickets.schema import EscalationAttempt
from tickets.states import OutboundChannel, Role

MINUTE = timedelta(minutes=1)


def test_it_goes_to_everybody_who_would_be_told_first_and_what_became_of_it_stands_beside_them(
    browser: FlaskClient, session: Session
) -> None:
    unit = ward(session)
    first, second = (on_shift(session, "section_head", unit, now=NOW) for _ in range(2))
    holder(session, "section_head", unit, now=NOW)
    address = f"unit={unit.id}&clock=resolve"

    post(browser, f"{HERE}/chains/test?{address}", level=1)
    before = steps(shown(browser, f"{HERE}/chains?{address}"))[0]
    claimed = claims.claim_batch(session, by="w", channels=[OutboundChannel.SMS], now=NOW)
    for row in claimed:
        results.record_sent(session, row.id, by="w", account="sim", sid=f"SM{row.id}", now=NOW)
        record_status(session, account="sim", sid=f"SM{row.id}", status="delivered", now=NOW)
    session.commit()
    after = steps(shown(browser, f"{HERE}/chains?{address}"))[0]

    sent = messages(session, template="step_test")
    assert {(one.staff_id, one.channel, one.address) for one in sent} == {
        (who.id, OutboundChannel.SMS, who.phone) for who in (first, second)
    }
    assert before.count("test by SMS: Waiting to be sent") == 2
    assert after.count("test by SMS: Delivered") == 2
    [entry] = audited(session, "chain.step_tested")
    assert entry.params["told"] == [first.id, second.id] and entry.params["level"] == 1
    assert session.scalars(select(EscalationAttempt)).all() == [], "it tells of no matter"


def test_whoever_pressed_it_sees_without_asking_again_what_became_of_it_and_is_asked_for_no_longer(
    app: HotlineApp, browser: FlaskClient, session: Session
) -> None:
    unit = ward(session)
    who = holder(session, "section_head", unit, now=NOW)
    page, asks = f"{HERE}/chains?unit={unit.id}&clock=resolve", rf'id="test-1-{who.id}"[^>]*hx-get="([^"]+)"'
    post(browser, page.replace("chains?", "chains/test?"), level=1)

    def asked_again(*, later: timedelta = MINUTE / 20) -> str | None:
        with app.bound_to(session, NOW + later):
            again = re.search(asks, shown(browser, page))
            return html.unescape(again[1]) if again else None

    waiting = asked_again()
    [row] = claims.claim_batch(session, by="w", channels=[OutboundChannel.SMS], now=NOW)
    results.record_sent(session, row.id, by="w", account="sim", sid="SM1", now=NOW)
    session.commit()
    sent, too_long = asked_again(), asked_again(later=10 * MINUTE)
    record_status(session, account="sim", sid="SM1", status="delivered", now=NOW)
    session.commit()

    assert waiting and sent and too_long is None
    assert "test by SMS: Delivered" in shown(browser, waiting), "what it asks for is this staircase"
    assert asked_again() is None


def test_tonight_it_goes_to_who_stands_there_tonight(browser: FlaskClient, session: Session) -> None:
    unit = ward(session)
    tonight = on_shift(session, "section_head", unit, now=NOW + timedelta(hours=13))
    holder(session, "section_head", unit, now=NOW)

    post(browser, f"{HERE}/chains/test?unit={unit.id}&clock=resolve&at=2026-11-23T22:30", level=1)

    assert [one.staff_id for one in messages(session, template="step_test")] == [tonight.id]


def test_not_twice_in_a_minute_and_three_times_a_day(app: HotlineApp, browser: FlaskClient, session: Session) -> None:
    unit = ward(session)
    holder(session, "section_head", unit, now=NOW)
    address = f"unit={unit.id}&clock=resolve"
    counts, said = [], []

    for minutes in (0, 0.5, 2, 4, 6):
        with app.bound_to(session, NOW + minutes * MINUTE):
            post(browser, f"{HERE}/chains/test?{address}", level=1)
            said.append(shown(browser, f"{HERE}/chains?{address}"))
        counts.append(len(messages(session, template="step_test")))

    assert counts == [1, 1, 2, 3, 3]
    assert "A test was sent a moment ago" in said[1]
    assert "3 tests a day for one person and step are enough." in said[4]


def test_where_nobody_stands_it_says_so_and_sends_nothing(browser: FlaskClient, session: Session) -> None:
    unit = ward(session)
    holder(session, "section_head", unit, now=NOW)
    address = f"unit={unit.id}&clock=resolve"

    post(browser, f"{HERE}/chains/test?{address}", level=3)
    page = shown(browser, f"{HERE}/chains?{address}")
    unknown = post(browser, f"{HERE}/chains/test?{address}", level=77)

    assert "Nobody stands on this step then: there is nobody to test." in page
    assert unknown.status_code == 404
    assert messages(session, template="step_test") == []


def test_only_administrators_have_the_button_and_may_press_it(client: FlaskClient, session: Session, now) -> None:
    unit = ward(session)
    holder(session, "section_head", unit, now=now)
    supervisor = with_role(session, Role.SUPERVISOR, unit, now=now)
    sign_in(client, session, staff=supervisor, now=now)
    session.commit()
    client.set_cookie("locale", "en")

    page = shown(client, f"{HERE}/chains?unit={unit.id}")
    answer = client.post(f"{HERE}/chains/test?unit={unit.id}", data={"level": "1"})

    assert "Send a test message" not in page and '<li class="step' in page
    assert answer.status_code in (400, 403)
    assert messages(session, template="step_test") == []
