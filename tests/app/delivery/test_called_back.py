"""The call by which somebody is called back, handed over once, in time, and from the number that was said."""

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from sqlalchemy import select

from app.settings import Settings
from app.storage.database import transaction
from app.wording.spoken_words import in_digit_groups
from telephony.floor import callbacks, offers, presence
from telephony.floor.calling_back import claim, end_late_attempts, not_now
from telephony.floor.floor import load_floor
from tests.app.delivery.delivering_office import PHONE, Office
from tests.conftest import Committed
from tests.factories import open_ticket, staff, unit
from tests.fake_carrier import FakeCarrier, fake_carrier
from tickets.directory.dialled_prefixes import PrefixRule, keep_prefix
from tickets.outbox.over_budget import held_by_reason, release
from tickets.outbox.overtaken import CALLBACK_CALL
from tickets.people.actor import SYSTEM
from tickets.schema import CallbackRequest, Line, OutboundMessage, Presence, SendingBudget, SendingCount
from tickets.states import (
    BudgetScope,
    CallbackReason,
    CallbackState,
    OutboundChannel,
    OutboundState,
    PresenceState,
    Role,
    SendingKind,
)

VOICE = OutboundChannel.VOICE


@pytest.fixture
def carrier() -> Iterator[FakeCarrier]:
    with fake_carrier() as carrier:
        yield carrier


@pytest.fixture
def office(committed: Committed, settings: Settings, carrier: FakeCarrier) -> Office:
    return Office(
        committed, settings, twilio_account_sid="AC" + "1" * 32, twilio_auth_token="t" * 32, twilio_base_url=carrier.url
    )


@pytest.fixture
def due(office: Office) -> CallbackRequest:
    """Somebody whose turn has come, and the agent who is kept for them."""
    with transaction(office.factory) as session:
        agent = staff(session, role=Role.AGENT, at="26740").id
        presence.go_available(session, agent, now=office.now)
        opened = open_ticket(session, phone=PHONE, body="Rác để ba ngày ở phường Sài Gòn")
        session.add(
            CallbackRequest(
                once_key="due", phone=PHONE, ticket_id=opened.ticket_id, citizen_id=opened.citizen_id,
                unit_id=unit(session).id, reason=CallbackReason.REQUESTED, state=CallbackState.OPEN,
                order_at=office.now, created_at=office.now,
            )
        )  # fmt: skip
        session.flush()
        assert offers.offer_waiting_calls(session, now=office.now) == 1
    return request_of(office)


def request_of(office: Office) -> CallbackRequest:
    with office.factory() as session:
        return session.scalars(select(CallbackRequest)).one()


def agent_of(office: Office) -> Presence:
    with office.factory() as session:
        return session.scalars(select(Presence)).one()


def dialled(office: Office) -> OutboundMessage:
    with office.factory() as session:
        return session.scalars(
            select(OutboundMessage).where(OutboundMessage.template == "callback_call").order_by(OutboundMessage.id)
        ).all()[-1]


def test_it_is_dialled_from_the_number_that_was_said_greets_and_asks_for_a_key(
    office: Office, carrier: FakeCarrier, due: CallbackRequest
) -> None:
    office.deliver(VOICE)

    [form] = carrier.received
    with office.factory() as session:
        line = session.scalars(select(Line.phone).where(Line.is_city)).one()
    document = ElementTree.fromstring(form["Twiml"])
    said = " ".join(say.text or "" for say in document.iter("Say"))
    row = dialled(office)
    assert (form["To"], form["From"]) == (PHONE, line)
    assert "bấm phím 1" in said
    assert in_digit_groups(str(row.params["reference"])) in said
    question = document.find("Gather")
    assert question is not None
    assert urlsplit(question.get("action", "")).path == "/webhooks/twilio/called-back"
    assert urlsplit(form["StatusCallback"]).path == "/webhooks/twilio/called-back-status"
    assert row.state is OutboundState.SENT
    assert agent_of(office).state is PresenceState.CALLING_BACK


@pytest.mark.parametrize(
    ("answer", "attempts"), [((503, 20503), 0), ((401, 20003), 0), ((400, 21211), 1)], ids=["down", "refused", "number"]
)
def test_what_the_carrier_does_not_take_frees_the_agent_at_once_and_only_a_wrong_number_is_an_attempt(
    office: Office, carrier: FakeCarrier, due: CallbackRequest, answer: tuple[int, int], attempts: int
) -> None:
    carrier.answers = [answer]

    office.deliver(VOICE)

    after = request_of(office)
    assert agent_of(office).state is PresenceState.AVAILABLE
    assert (after.state, after.attempts) == (CallbackState.OPEN, attempts)
    assert after.not_before is not None and after.not_before > office.now


def test_a_call_that_could_not_leave_in_time_is_withdrawn_and_never_rings_without_an_agent(
    office: Office, carrier: FakeCarrier, due: CallbackRequest
) -> None:
    carrier.answers = [(503, 20503)]
    office.deliver(VOICE)
    for _ in range(4):
        office.now += timedelta(minutes=2)
        office.deliver(VOICE)

    assert carrier.received == []
    assert dialled(office).state in (OutboundState.SUPPRESSED, OutboundState.FAILED)


def test_a_carrier_whose_answer_is_lost_is_not_asked_to_dial_twice(
    office: Office, carrier: FakeCarrier, due: CallbackRequest
) -> None:
    carrier.reset_after_accept = 1

    for _ in range(4):
        office.deliver(VOICE)
        office.now += timedelta(seconds=40)

    assert len(carrier.received) == 1
    assert dialled(office).state is OutboundState.UNCERTAIN
    assert request_of(office).state is CallbackState.DIALLING, "it may ring: the agent is kept until the time is over"


def test_whom_the_agent_gave_away_before_it_left_is_not_rung(
    office: Office, carrier: FakeCarrier, due: CallbackRequest
) -> None:
    with transaction(office.factory) as session:
        agent = session.scalars(select(Presence)).one().staff_id
        not_now(session, due.id, staff_id=agent, others=load_floor(session, now=office.now), now=office.now)

    office.deliver(VOICE)

    assert carrier.received == []
    assert dialled(office).error == "turn_over"


def test_who_got_through_before_it_left_is_not_rung(office: Office, carrier: FakeCarrier, due: CallbackRequest) -> None:
    with transaction(office.factory) as session:
        callbacks.settle_by_call(session, phone=PHONE, now=office.now)

    office.deliver(VOICE)

    assert carrier.received == []


def turn_after(office: Office, *, pause: timedelta) -> CallbackRequest:
    """Nobody was called in time, the agent is let go, and after `pause` the callback has its turn again."""
    office.now = request_of(office).reserved_until + timedelta(seconds=1)
    with transaction(office.factory) as session:
        end_late_attempts(session, now=office.now)
    office.now += pause
    with transaction(office.factory) as session:
        presence.go_available(session, agent_of(office).staff_id, now=office.now)
        offers.offer_waiting_calls(session, now=office.now)
    office.deliver(VOICE)
    return request_of(office)


def used_up(office: Office) -> None:
    """The one callback of this hour is made."""
    with transaction(office.factory) as session:
        session.get_one(SendingBudget, (SendingKind.CALLBACK, BudgetScope.ALL, 3600)).most = 1
        session.add(
            SendingCount(
                begins_at=office.now.replace(minute=0, second=0, microsecond=0), seconds=3600,
                kind=SendingKind.CALLBACK, counted="", counted_by="other", count=1,
            )
        )  # fmt: skip


def test_no_agent_is_kept_from_callers_for_a_call_that_a_budget_holds(
    office: Office, carrier: FakeCarrier, due: CallbackRequest
) -> None:
    used_up(office)
    office.deliver(VOICE)
    assert dialled(office).error_code == "over_budget_all"

    office.now += timedelta(seconds=3)
    with transaction(office.factory) as session:
        end_late_attempts(session, now=office.now)

    assert agent_of(office).state is PresenceState.AVAILABLE
    assert (agent_of(office).callback_id, request_of(office).attempts) == (None, 0)


def test_no_agent_is_kept_from_callers_while_the_carrier_refuses_our_account(
    office: Office, carrier: FakeCarrier, due: CallbackRequest
) -> None:
    """Every other message waits for the account too, and the call is not even tried."""
    office.now += timedelta(seconds=16)
    with transaction(office.factory) as session:
        end_late_attempts(session, now=office.now)
        presence.heartbeat(session, agent_of(office).staff_id, now=office.now)
        offers.offer_waiting_calls(session, now=office.now)
    assert agent_of(office).state is PresenceState.AVAILABLE
    assert (request_of(office).state, request_of(office).attempts) == (CallbackState.OPEN, 0)

    sweeps(office, seconds=6 * 60)

    assert request_of(office).state is CallbackState.DIALLING
    assert len([path for path in carrier.paths if "/Calls" in path]) == 1, "what was given back is not made as well"


def sweeps(office: Office, *, seconds: float) -> None:
    """The sweep and the delivery, as often as a callback's turn used to come again, agents are free."""
    until = office.now + timedelta(seconds=seconds)
    while office.now < until:
        office.now += timedelta(seconds=60)
        with transaction(office.factory) as session:
            end_late_attempts(session, now=office.now)
            presence.heartbeat(session, agent_of(office).staff_id, now=office.now)
            offers.offer_waiting_calls(session, now=office.now)
        office.deliver(VOICE)


def test_what_a_budget_holds_stays_among_the_held_and_takes_no_agent_again(
    office: Office, carrier: FakeCarrier, due: CallbackRequest
) -> None:
    used_up(office)
    office.deliver(VOICE)

    sweeps(office, seconds=15 * 60)

    with office.factory() as session:
        assert held_by_reason(session)["over_budget_all"] == 1
        assert session.scalars(select(OutboundMessage.template)).all().count(CALLBACK_CALL) == 1
    assert agent_of(office).state is PresenceState.AVAILABLE


def test_whoever_lets_a_held_callback_go_has_it_made_at_once(
    office: Office, carrier: FakeCarrier, due: CallbackRequest
) -> None:
    used_up(office)
    office.deliver(VOICE)
    sweeps(office, seconds=5 * 60)

    with transaction(office.factory) as session:
        release(session, dialled(office).id, actor=SYSTEM, now=office.now)
    office.deliver(VOICE)

    assert dialled(office).state is OutboundState.SENT
    assert [path for path in carrier.paths if "/Calls" in path]


def test_a_callback_that_was_let_go_and_of_whose_end_nobody_tells_goes_on_as_any_other(
    office: Office, carrier: FakeCarrier, due: CallbackRequest
) -> None:
    used_up(office)
    office.deliver(VOICE)
    sweeps(office, seconds=60)
    with transaction(office.factory) as session:
        release(session, dialled(office).id, actor=SYSTEM, now=office.now)
    office.deliver(VOICE)

    sweeps(office, seconds=120)

    again = request_of(office)
    assert (again.state, again.attempts) == (CallbackState.OPEN, 1), "rung in vain once, and due again in five minutes"
    assert agent_of(office).state is PresenceState.AVAILABLE
    first = dialled(office).id
    sweeps(office, seconds=6 * 60)
    assert request_of(office).state is CallbackState.DIALLING
    assert dialled(office).id > first, "its turn came again"


def test_a_held_callback_may_be_made_by_hand_and_is_then_not_dialled_as_well(
    office: Office, carrier: FakeCarrier, due: CallbackRequest
) -> None:
    used_up(office)
    office.deliver(VOICE)
    sweeps(office, seconds=60)

    with transaction(office.factory) as session:
        claim(session, due.id, staff_id=agent_of(office).staff_id, now=office.now)
    with transaction(office.factory) as session:
        release(session, dialled(office).id, actor=SYSTEM, now=office.now)
    office.deliver(VOICE)

    assert request_of(office).state is CallbackState.CLAIMED
    assert not [path for path in carrier.paths if "/Calls" in path]


def test_a_callback_over_budget_is_made_when_the_hour_is_over(
    office: Office, carrier: FakeCarrier, due: CallbackRequest
) -> None:
    next_hour = office.now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    used_up(office)
    office.deliver(VOICE)
    assert (dialled(office).state, dialled(office).error_code) == (OutboundState.WAITING, "over_budget_all")

    sweeps(office, seconds=(next_hour - office.now).total_seconds())

    again = request_of(office)
    assert again.attempts == 0
    assert agent_of(office).callback_id == again.id, "with an agent who is kept for it"
    assert again.state is CallbackState.DIALLING
    assert dialled(office).state is OutboundState.SENT


def test_a_number_refused_since_is_not_tried_for_ever(
    office: Office, carrier: FakeCarrier, due: CallbackRequest
) -> None:
    with transaction(office.factory) as session:
        keep_prefix(session, PrefixRule(PHONE[:7], is_allowed=False), actor=SYSTEM, now=office.now)
    office.deliver(VOICE)
    for _ in range(4):
        if request_of(office).state is CallbackState.DIALLING:
            turn_after(office, pause=timedelta(hours=1))

    assert request_of(office).state in (CallbackState.CLOSED, CallbackState.DONE)
    assert not [path for path in carrier.paths if "/Calls" in path]
