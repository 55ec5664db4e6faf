"""The night check: consent, random hours, once a week, a key proves a person, and a failure becomes the unit's task."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clockwork.night_rounds import Tasks
from app.settings import Settings
from app.web.frame.application import HotlineApp
from tests.app.web.office.entries import desk_at
from tests.app.web.steering import csrf_of
from tests.factories import staff, unit
from tests.handing_over import overtaken_by
from tests.statements import counted
from tests.telephony.phone import Phone
from tickets.city import wall_clock
from tickets.outbox import night_checks
from tickets.outbox.overtaken import Overtaken
from tickets.people.actor import staff_actor
from tickets.queries.night_figures import night_months
from tickets.queries.readiness_facts import unit_facts
from tickets.schema import Line, NightCall, OutboundMessage, Ticket
from tickets.states import NightResult, OutboundState, Role

# 22:05 and the end of the night on the city's clocks.
EVENING = datetime(2026, 11, 20, 15, 5, tzinfo=UTC)
MORNING = datetime(2026, 11, 20, 22, 25, tzinfo=UTC)


def consent(session: Session, *codes: str, is_given: bool = True) -> None:
    for code in codes:
        actor = staff_actor(staff(session, role=Role.SUPERVISOR, at=code).id)
        night_checks.set_consent(session, unit(session, code).id, is_given=is_given, actor=actor, now=EVENING)


def drawn(session: Session, at: datetime) -> list[NightCall]:
    night_checks.draw_night(session, rng=Random(7), now=at)
    return list(session.scalars(select(NightCall).where(NightCall.result.is_(None)).order_by(NightCall.id)))


def placed(session: Session, at: datetime) -> OutboundMessage:
    """The one call of the night, as it is when the carrier has taken it."""
    [call] = drawn(session, at)
    assert night_checks.call_what_is_due(session, now=call.call_at) == 1
    message = session.scalars(select(OutboundMessage).where(OutboundMessage.dedup_key == call.dedup_key)).one()
    message.state, message.sent_at, message.text = OutboundState.SENT, call.call_at, "Kiểm tra trực đêm."
    session.flush()
    return message


def test_only_who_consents_is_called_at_a_random_hour_of_the_night_and_once_in_seven(session: Session) -> None:
    consent(session, "26740", "26743")
    consent(session, "26743", is_given=False)

    by_day = drawn(session, EVENING - timedelta(hours=3))
    tonight = drawn(session, EVENING)
    twice = night_checks.draw_night(session, rng=Random(8), now=EVENING + timedelta(hours=2))
    for call in tonight:
        call.result = NightResult.ANSWERED
    session.flush()
    within_the_week = [drawn(session, EVENING + timedelta(days=days)) for days in range(1, 7)]
    next_week = drawn(session, EVENING + timedelta(days=7))

    assert by_day == [] and twice == 0 and within_the_week == [[]] * 6
    assert {call.unit_id for call in tonight} == {unit(session).id} == {call.unit_id for call in next_week}
    assert all(EVENING <= call.call_at < MORNING for call in tonight)


def test_where_nobody_is_to_be_called_the_city_is_gone_through_once_an_hour_and_at_once_for_who_consents(
    session: Session,
) -> None:
    def looks(minutes: int) -> int:
        with counted(session) as statements:
            assert night_checks.draw_night(session, rng=Random(7), now=EVENING + timedelta(minutes=minutes)) == 0
        return sum("one_stop_office" in one for one in statements)

    assert [looks(minutes) for minutes in (0, 1, 59, 61, 62)] == [1, 0, 0, 1, 0]

    consent(session, "26740")

    assert len(drawn(session, EVENING + timedelta(minutes=63))) == 1


def test_a_night_has_a_most_and_those_not_called_for_longest_come_first(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(night_checks, "MOST_A_NIGHT", 1)
    consent(session, "26740", "26743")

    first = drawn(session, EVENING)
    first[0].result = NightResult.BUSY
    session.flush()
    second = drawn(session, EVENING + timedelta(days=8))

    assert len(first) == len(second) == 1 and first[0].unit_id != second[0].unit_id


def test_who_takes_the_consent_back_before_the_hour_is_not_called(session: Session) -> None:
    consent(session, "26740")
    [call] = drawn(session, EVENING)
    consent(session, "26740", is_given=False)

    assert night_checks.call_what_is_due(session, now=call.call_at) == 0
    assert call.result is NightResult.NOT_CALLED and night_months(session) == []


def test_one_proves_a_person_with_the_seconds_and_makes_the_line_answered(
    client: FlaskClient, session: Session, settings: Settings, app: HotlineApp
) -> None:
    consent(session, "26740")
    message = placed(session, EVENING)
    phone = Phone(client, settings, to=message.address)

    with app.bound_to(session, message.sent_at + timedelta(seconds=20)):
        phone.post(f"notice?m={message.id}", Digits="5")
        again = phone.said
        phone.post(f"notice?m={message.id}", Digits="1")
    [judged] = night_checks.judge_ended(session, now=message.sent_at + timedelta(seconds=60))

    assert "Kiểm tra trực đêm." in again and phone.said == "Xin cảm ơn, đã kiểm tra xong."
    assert judged.result is NightResult.ANSWERED
    [call] = session.scalars(select(NightCall)).all()
    assert call.seconds == 20
    [month] = night_months(session)
    assert (month.month, month.called, month.answered, month.median_seconds) == (date(2026, 11, 1), 1, 1, 20)
    assert unit_facts(session, unit_ids=[call.unit_id], now=MORNING)[0].lines[0].is_answered


def test_nine_says_that_it_is_somebody_elses_number(
    client: FlaskClient, session: Session, settings: Settings, app: HotlineApp
) -> None:
    consent(session, "26740")
    message = placed(session, EVENING)
    phone = Phone(client, settings, to=message.address)

    with app.bound_to(session, message.sent_at):
        phone.post(f"notice?m={message.id}", Digits="9")

    assert phone.said == "Xin cảm ơn. Số này được ghi nhận là không đúng."
    [judged] = night_checks.judge_ended(session, now=message.sent_at + timedelta(seconds=60))
    assert judged.result is NightResult.WRONG


@pytest.mark.parametrize(
    ("state", "why", "result"),
    [
        (OutboundState.FAILED, "busy", NightResult.BUSY),
        (OutboundState.FAILED, "no_answer", NightResult.RANG_OUT),
        (OutboundState.FAILED, "machine", NightResult.MACHINE),
        (OutboundState.FAILED, "no_key", NightResult.NO_KEY),
        (OutboundState.FAILED, "call_failed", NightResult.UNREACHABLE),
        (OutboundState.DELIVERED, "", NightResult.NO_KEY),
        (OutboundState.SUPPRESSED, "hour_over", NightResult.NOT_CALLED),
        (OutboundState.FAILED, "no_provider", NightResult.NOT_CALLED),
    ],
)
def test_how_a_call_without_a_key_ended(session: Session, state: OutboundState, why: str, result: NightResult) -> None:
    consent(session, "26740")
    message = placed(session, EVENING)
    message.state, message.error_code = state, why
    message.delivered_at = message.sent_at if state is OutboundState.DELIVERED else None
    session.flush()

    [judged] = night_checks.judge_ended(session, now=message.sent_at + timedelta(minutes=5))

    assert judged.result is result


def test_a_failure_is_a_ticket_of_the_unit_and_a_second_one_while_it_is_open_is_none(
    session: Session, settings: Settings
) -> None:
    consent(session, "26740")
    references = []
    for week in range(2):
        message = placed(session, EVENING + timedelta(days=7 * week))
        message.state, message.error_code = OutboundState.FAILED, "no_answer"
        session.flush()
        at = message.sent_at + timedelta(minutes=5)
        night_checks.judge_ended(session, follow=Tasks(session, settings, at).open_for, now=at)
        references.append(session.scalars(select(NightCall.ticket_id).order_by(NightCall.id.desc()).limit(1)).one())

    ticket = session.get_one(Ticket, references[0])
    assert ticket.unit_id == unit(session).id and not ticket.is_restricted
    assert ticket.subject.startswith("Kiểm tra đêm số") and "không ai nghe" in ticket.subject
    assert references[0] == references[1]


def test_a_call_that_is_held_up_for_half_an_hour_does_not_ring_in_the_morning(session: Session) -> None:
    consent(session, "26740")
    message = placed(session, EVENING)

    in_time = overtaken_by(session, message, now=message.created_at + timedelta(minutes=29))
    late = overtaken_by(session, message, now=message.created_at + timedelta(minutes=31))

    assert (in_time, late) == (None, Overtaken.HOUR_OVER)


def test_a_supervisor_consents_for_their_own_unit_alone_and_everybody_reads_the_figure(
    app: HotlineApp, session: Session
) -> None:
    with app.bound_to(session, EVENING):
        desk = desk_at(app, session, Role.SUPERVISOR, "26740", now=EVENING)
        token = {"csrf_token": csrf_of(desk, "/office/night"), "consents": "1"}
        own = desk.post(f"/office/night/{unit(session).id}/consent", data=token)
        foreign = desk.post(f"/office/night/{unit(session, '26743').id}/consent", data=token)
        page = desk.get("/office/night").get_data(as_text=True)
        message = placed(session, EVENING)
        message.state, message.error_code = OutboundState.FAILED, "busy"
        night_checks.judge_ended(session, now=message.sent_at + timedelta(minutes=5))
        public = app.test_client().get("/open-data", headers={"Accept-Language": "en"}).get_data(as_text=True)

    assert (own.status_code, foreign.status_code) == (303, 404)
    assert night_checks.consenting(session) == {unit(session).id}
    assert "Take the consent back" in page
    assert "November 2026" in public and "0 (0" in public


def test_hours_are_within_the_night_whenever_it_is_begun(session: Session) -> None:
    consent(session, "26740")

    [call] = drawn(session, datetime(2026, 11, 20, 21, 0, tzinfo=UTC))

    assert call.night == date(2026, 11, 20) and wall_clock(call.call_at).time() < night_checks.NIGHT_ENDS
    assert session.get_one(Line, call.line_id).phone
