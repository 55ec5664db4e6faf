"""The supervisor sees how many agents the next days need, from the calls of comparable days, and whom the rota has."""

import re
from datetime import UTC, date, datetime, time, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from telephony.floor.forecast import comparable_days, experience, forecast
from tests.factories import staff, unit
from tests.signing_in import sign_in
from tickets.city import zone
from tickets.schema import Absence, Call, Holiday, Post, Shift
from tickets.states import CallState, Role

# A Monday in the city, at noon.
NOW = datetime(2031, 3, 3, 5, 0, tzinfo=UTC)
MONDAY = date(2031, 3, 3)
PAGE = "/supervisor/staffing"


def local(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), zone())


def calls(session: Session, at: datetime, count: int, *, handled: int = 180, hangs_up: bool = False) -> None:
    """Calls within a minute, each answered after ten seconds, or left after half a minute."""
    for number in range(count):
        began = at + timedelta(seconds=number % 60)
        over = (
            {"abandoned_at": began + timedelta(seconds=30)}
            if hangs_up
            else {
                "answered_at": began + timedelta(seconds=10),
                "wrapped_up_at": began + timedelta(seconds=10 + handled),
            }
        )
        session.add(
            Call(
                account="sim", call_sid=f"CA{at.timestamp()}-{number}-{hangs_up}", state=CallState.ENDED,
                state_since=began, state_until=began, arrived_at=began, queued_at=began, unit_id=unit(session).id,
                ended_at=began + timedelta(seconds=60), **over,
            )
        )  # fmt: skip
    session.flush()


def mondays(session: Session, count: int, *, each: int = 60) -> None:
    for week in range(1, count + 1):
        calls(session, local(MONDAY - timedelta(weeks=week), 9, 5), each)


def test_the_same_weekday_and_half_hour_of_the_last_weeks_are_the_forecast(session: Session) -> None:
    mondays(session, 4)
    calls(session, local(MONDAY - timedelta(days=6), 9, 5), 500)

    past = experience(session, unit_ids=[unit(session).id], now=NOW)
    half_hours = forecast(past, MONDAY + timedelta(days=7), share=0.9)

    assert half_hours is not None
    nine = half_hours[18]
    assert (nine.at, nine.calls) == (local(MONDAY + timedelta(days=7), 9), 60)
    # 60 calls of 180 s in half an hour are six erlangs.
    assert 7 <= nine.agents <= 10
    assert nine.outlook.answered_within >= 0.9
    assert (half_hours[19].calls, half_hours[19].agents) == (0, 1)


def test_whom_nobody_waits_for_long_needs_fewer_agents(session: Session) -> None:
    mondays(session, 4)
    calls(session, local(MONDAY - timedelta(weeks=1), 9, 8), 20, hangs_up=True)

    past = experience(session, unit_ids=None, now=NOW)

    assert past.patience_seconds == pytest.approx((240 * 10 + 20 * 30) / 20)


def test_days_off_are_left_out_and_compared_with_each_other(session: Session) -> None:
    mondays(session, 5)
    off = MONDAY - timedelta(weeks=2)
    session.add(Holiday(day=off, kind="off", name="Lễ", name_en="Day off", source="QĐ 1"))
    session.add(Holiday(day=MONDAY + timedelta(days=1), kind="off", name="Lễ", name_en="Day off", source="QĐ 1"))
    session.flush()

    past = experience(session, unit_ids=None, now=NOW)

    assert off not in comparable_days(past, MONDAY)
    compared = comparable_days(past, MONDAY + timedelta(days=1))
    assert off in compared
    assert {one.weekday() for one in compared} == {0, 6}


def test_too_few_days_are_no_forecast(session: Session) -> None:
    mondays(session, 2)

    past = experience(session, unit_ids=None, now=NOW)

    assert past.is_enough
    assert forecast(past, MONDAY, share=0.9) is None


@pytest.fixture
def supervisor(app: HotlineApp, session: Session):
    with app.bound_to(session, NOW):
        client = app.test_client()
        client.set_cookie("locale", "en")
        sign_in(client, session, role=Role.SUPERVISOR, unit=unit(session), now=NOW)
        yield client


def shown(client: FlaskClient, address: str = PAGE) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.get_data(as_text=True))


def test_the_page_says_what_is_needed_beside_whom_the_rota_has(supervisor: FlaskClient, session: Session) -> None:
    mondays(session, 5)
    agents = [staff(session, role=Role.AGENT, at="26740") for _ in range(3)]
    post = Post(unit_id=unit(session).id, code="phones", name="Trực máy", name_en="Phones")
    session.add(post)
    session.flush()
    day = MONDAY + timedelta(days=0)
    for agent in agents:
        session.add(Shift(post_id=post.id, staff_id=agent.id, starts_at=local(day, 13), ends_at=local(day, 14)))
    session.add(
        Absence(staff_id=agents[0].id, starts_at=local(day, 0), ends_at=local(day, 23), created_at=NOW)
    )  # fmt: skip
    session.flush()

    page = shown(supervisor)

    assert "13:00–14:00" in page
    row = page[page.index("13:00–14:00") :].partition("</tr>")[0]
    assert ">1<" in row
    assert re.search(r"2\s*</span>|>\s*2\s*<", row)
    assert "Erlang C" in page


def test_the_page_is_honest_where_there_is_nothing_to_go_by(supervisor: FlaskClient) -> None:
    page = shown(supervisor)

    assert "Too few calls for a forecast yet." in page
    assert shown(supervisor, f"{PAGE}?target=nonsense&day=1") == page or "Too few calls" in page


def test_a_ward_with_few_calls_is_told_its_share_of_the_city_s_and_from_what(
    supervisor: FlaskClient, session: Session
) -> None:
    for week in range(1, 5):
        calls(session, local(MONDAY - timedelta(weeks=week), 9, 5), 45)
    session.query(Call).update({"unit_id": unit(session, "26824").id})
    for week in range(1, 5):
        calls(session, local(MONDAY - timedelta(weeks=week), 14, 5), 5, handled=600)

    past = experience(session, unit_ids=[unit(session).id], now=NOW)
    half_hours = forecast(past, MONDAY + timedelta(days=7), share=0.9)
    page = shown(supervisor, f"{PAGE}?day={MONDAY + timedelta(days=1)}")

    assert half_hours is not None
    assert [round(half_hours[at].calls, 1) for at in (18, 28)] == [4.5, 0.5], "a tenth of the city's"
    assert "20 answered; it takes 30" in page
    assert "all calls of the city, of which 10" in page
    assert "Too few calls for a forecast yet." not in page


def test_who_comes_to_the_page_sees_the_first_day_of_which_anything_is_known(
    supervisor: FlaskClient, session: Session
) -> None:
    for week in range(1, 5):
        calls(session, local(MONDAY + timedelta(days=2) - timedelta(weeks=week), 9, 5), 45)

    assert "Half hours of this day" in shown(supervisor)


def test_calls_of_other_units_are_not_counted(supervisor: FlaskClient, session: Session) -> None:
    for week in range(1, 5):
        calls(session, local(MONDAY - timedelta(weeks=week), 9, 5), 60)
    session.query(Call).update({"unit_id": unit(session, "26824").id})

    assert "Too few calls for a forecast yet." in shown(supervisor)


def test_a_ward_whose_only_callers_hung_up_at_once_is_told_of_no_share_of_nothing(session: Session) -> None:
    other = unit(session, "26743")
    for week in range(1, 5):
        calls(session, local(MONDAY - timedelta(weeks=week), 9, 5), 60)
    began = local(MONDAY - timedelta(weeks=1), 10)
    session.add(
        Call(
            account="sim", call_sid="CA-short", state=CallState.ENDED, state_since=began, state_until=began,
            arrived_at=began, queued_at=began, abandoned_at=began + timedelta(seconds=1), unit_id=other.id,
            ended_at=began + timedelta(seconds=1),
        )
    )  # fmt: skip
    session.flush()

    past = experience(session, unit_ids=[other.id], now=NOW)

    assert past.share_of_city is None and not past.is_enough
