"""The built-in telephone and carrier, over real HTTP against a real web process of the product."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import requests
from sqlalchemy import func, select
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from app.clock import utc_now
from app.delivery.deliver import Delivery, deliver_due
from app.phone.accounts import simulated_account
from app.simulator.carrier import CarrierRefusal, SimulatedCarrier, new_recording_sid, seconds_of
from app.simulator.telephone import SimulatedCaller, Telephone, received
from app.simulator.trouble import StagedTrouble, in_this_order, write_trouble
from app.wording.messages import message_app
from telephony.call import end
from telephony.calls import live_legs
from telephony.floor import offers, presence
from telephony.provider.http_client import RebasingHttpClient
from tests.factories import staff, unit
from tests.faults.nodes import HANG_SECONDS
from tests.telephony.floor.ringing import open_offer_of
from tickets.outbox import posting
from tickets.schema import Call, CallbackRequest, OutboundMessage, Presence, Ticket, WebhookEvent
from tickets.states import CallbackState, CallState, OutboundChannel, PresenceState, Role


def ring(settings, line, *, sleep=lambda seconds: None, **more):
    steps = []
    caller = SimulatedCaller(**{"number": "+84901234567", "to": line, **more})
    telephone = Telephone(simulated_account(settings), settings.base_url, caller, steps.append, sleep)
    telephone.call()
    return telephone, steps


def test_a_call_from_the_terminal_ends_with_a_reference_in_the_right_queue(web, committed, line):
    telephone, steps = ring(
        web, line, presses=("1",), words=("phường Bến Nghé quận 1 cũ, tôi nộp hồ sơ khai sinh 10 ngày chưa có kết quả",)
    )

    with committed.factory() as session:
        ticket = session.scalars(select(Ticket)).one()
        assert ticket.reference == telephone.reference
        assert ticket.unit_id == unit(session, "26740").id
        assert ticket.is_simulated
    assert telephone.end == "hung_up_by_hotline"
    assert {step.status for step in steps} == {200}
    assert steps[0].step == "voice" and "Gather" in steps[0].verbs


def test_the_telephone_holds_the_line_while_its_row_is_locked_and_then_goes_on(web, committed, line):
    holds, freed = [], threading.Event()
    locked = threading.Thread(target=lambda: _lock_calls_until(committed, freed))

    def sleep(seconds):
        holds.append(seconds)
        if len(holds) == 1:
            freed.set()
            locked.join(10)

    def tell(step):
        if step.step == "voice":
            locked.start()
            _until_locked(committed)

    caller = SimulatedCaller(number="+84901234567", to=line, presses=("8",), message_seconds=5)
    telephone = Telephone(simulated_account(web), web.base_url, caller, tell, sleep)
    telephone.call()

    assert holds[0] == 2.0, "paused as it was told"
    assert telephone.end == "hung_up_by_hotline"
    with committed.factory() as session:
        assert session.scalars(select(Ticket)).one().reference == telephone.reference


def _lock_calls_until(committed, freed):
    with committed.engine.connect() as connection, connection.begin():
        connection.execute(select(Call.id).with_for_update())
        freed.wait(20)


def _until_locked(committed):
    while True:
        with committed.engine.connect() as connection, connection.begin():
            if not connection.execute(select(Call.id).with_for_update(skip_locked=True)).all():
                return
        time.sleep(0.02)


def test_a_caller_may_hang_up_in_any_state(web, committed, line):
    for state in ("menu", "place", "queued", "voicemail"):
        telephone, _ = ring(web, line, presses=("1",), words=("phường Sài Gòn",), hang_up_in=state, number="anonymous")
        assert telephone.end == f"hung_up_in_{state}"

    with committed.factory() as session:
        assert {call.state for call in session.scalars(select(Call))} == {CallState.ENDED}


def test_an_agent_takes_holds_and_ends_a_call_of_the_built_in_telephone(web, committed, line):
    with committed.factory() as session:
        agent = staff(session, role=Role.AGENT, at="26740").id
        presence.go_available(session, agent, now=utc_now())
        session.commit()
    results = []
    calling = threading.Thread(
        target=lambda: results.append(
            ring(web, line, sleep=lambda s: time.sleep(min(s, 0.3)), presses=("1",), words=("phường Sài Gòn",))
        )
    )
    calling.start()
    account = simulated_account(web)
    client = Client(account.account_sid, account.auth_token, http_client=RebasingHttpClient(account.api_base_url))

    call = until(committed, lambda s: accepted(s, agent))
    until(committed, lambda s: s.get(Call, call.id).answered_at)
    hold(committed, client, web, call.id)
    until(committed, lambda s: s.scalar(select(func.count()).where(WebhookEvent.kind == "hold")))
    with committed.factory() as session:
        end.take_back(session.get_one(Call, call.id), now=utc_now() + timedelta(seconds=30))
        session.commit()
    leg = until(committed, lambda s: next((leg for leg in legs(s, call.id) if leg.ended_at is None), None))
    with committed.factory() as session:
        end.finish_talk(session, call.id, staff_id=agent, now=utc_now())
        session.commit()
    client.calls(leg.call_sid).update(status="completed")
    calling.join(60)

    telephone, steps = results[0]
    assert telephone.end == "hung_up_by_hotline"
    assert "hold" in [step.step for step in steps]
    with committed.factory() as session:
        ended = session.get_one(Call, call.id)
        assert ended.state is CallState.ENDED and ended.detail["talk_noted"]
        assert 30 <= ended.hold_seconds < 150


def accepted(session, agent):
    offer = open_offer_of(session, agent)
    return offers.accept(session, offer.id, staff_id=agent, now=utc_now()) if offer else None


def legs(session, call_id):
    return live_legs(session, call_id)


def hold(committed, client, settings, call_id):
    with committed.factory() as session:
        call = session.get_one(Call, call_id)
        end.hold(call, now=utc_now())
        url = f"{settings.base_url}/webhooks/sim/hold?turn={call.turn}"
        sid = call.call_sid
        session.commit()
    client.calls(sid).update(url=url, method="POST")


def until(committed, look, seconds=HANG_SECONDS):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with committed.factory() as session:
            found = look(session)
            session.commit()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"it did not happen within {seconds:.0f} s")


def test_the_official_client_sends_through_the_carrier_whose_callbacks_come_back_signed(web, committed):
    account = simulated_account(web)
    client = Client(account.account_sid, account.auth_token, http_client=RebasingHttpClient(account.api_base_url))
    with committed.factory() as session:
        row = posting.post_sms(
            session, to="+84901234567", template="sms_help", params={}, locale="vi", dedup_key="k", now=utc_now()
        )
        session.commit()

    message = client.messages.create(
        to="+84901234567",
        from_="+842838000000",
        body="Chào ông bà",
        status_callback=f"{web.base_url}/webhooks/sim/sms-status?m={row}#rc=3&rp=all",
    )

    delivered = until(committed, lambda s: s.get_one(OutboundMessage, row).provider_status == "delivered")
    assert delivered
    assert [m["body"] for m in received(account, "+84901234567")] == ["Chào ông bà"]
    assert message.sid.startswith("SM")


def test_the_carrier_fails_on_demand(web):
    account = simulated_account(web)
    client = Client(account.account_sid, account.auth_token, http_client=RebasingHttpClient(account.api_base_url))
    write_trouble(web.data_dir / "carrier", StagedTrouble(rest_status=500))

    with pytest.raises(TwilioRestException) as failed:
        client.messages.create(to="+84901234567", from_="+842838000000", body="x")

    assert failed.value.status == 500


def test_the_carrier_is_nobodys_without_its_credentials(web):
    account = simulated_account(web)
    address = f"{account.api_base_url}/2010-04-01/Accounts/{account.account_sid}/Messages.json"

    assert requests.get(address, timeout=5).status_code == 401
    assert requests.get(address, auth=(account.account_sid, "wrong"), timeout=5).status_code == 401
    assert (
        requests.get(address.replace("AC", "AD"), auth=(account.account_sid, account.auth_token), timeout=5).status_code
        == 404
    )


def test_a_landline_gets_no_sms(tmp_path):
    with pytest.raises(CarrierRefusal):
        SimulatedCarrier(tmp_path).take_message({"To": "+842838000000", "Body": "x"})


@pytest.mark.parametrize(
    ("trouble", "sent"),
    [("fine", ["a", "b"]), ("late", ["a", "b"]), ("lost", []), ("reordered", ["b", "a"]), ("repeated", list("aaabbb"))],
)
def test_callbacks_misbehave_on_demand(trouble, sent):
    assert in_this_order(["a", "b"], StagedTrouble(callbacks=trouble)) == sent


def test_a_recording_is_as_long_as_its_identifier_says_until_it_is_deleted(tmp_path):
    carrier, sid = SimulatedCarrier(tmp_path), new_recording_sid(7)

    sound = carrier.recording(sid)
    assert seconds_of(sid) == 7 and len(sound) > 7 * 8000
    assert carrier.delete_recording(sid)
    assert carrier.recording(sid) is None


def test_whoever_asked_is_rung_when_an_agent_is_free_presses_one_and_talks_to_that_agent(web, committed, line):
    """From key 9 to the talk, over real HTTP: web process, sweep, worker and the telephone that rings."""
    ring(web, line, presses=("9", "1"), number="+84901234567")
    with committed.factory() as session:
        agent = staff(session, role=Role.AGENT, at="TTDH").id
        presence.go_available(session, agent, now=utc_now())
        session.commit()
    with committed.factory() as session:
        offers.offer_waiting_calls(session, now=utc_now())
        session.commit()
    assert _presence_of(committed, agent).state is PresenceState.CALLING_BACK

    office = Delivery(
        web, committed.factory, message_app(web), "worker:test", lambda _session: utc_now(), ThreadPoolExecutor(2)
    )
    assert deliver_due(office, (OutboundChannel.SMS, OutboundChannel.VOICE)) >= 1
    assert deliver_due(office, (OutboundChannel.VOICE,)) == 0, "never dialled twice"

    call = until(committed, lambda s: accepted(s, agent))
    until(committed, lambda s: s.get(Call, call.id).answered_at)
    with committed.factory() as session:
        talking = session.get_one(Call, call.id)
        [request] = session.scalars(select(CallbackRequest)).all()
        assert (talking.direction, talking.phone, talking.agent_id) == ("outbound", "+84901234567", agent)
        assert talking.ticket_id == request.ticket_id
        assert (request.state, request.outcome) == (CallbackState.DONE, "reached")
        end.finish_talk(session, call.id, staff_id=agent, now=utc_now())
        session.commit()
    account = simulated_account(web)
    client = Client(account.account_sid, account.auth_token, http_client=RebasingHttpClient(account.api_base_url))
    leg = until(committed, lambda s: next(iter(legs(s, call.id)), None))
    client.calls(leg.call_sid).update(status="completed")
    until(committed, lambda s: s.get_one(Call, call.id).state is CallState.ENDED)

    assert _presence_of(committed, agent).state is PresenceState.WRAP_UP


def test_whose_telephone_is_off_is_tried_again_and_the_agent_is_free(web, committed, line):
    ring(web, line, presses=("9", "1"), number="+84901234567")
    write_trouble(web.data_dir / "carrier", StagedTrouble(called="busy"))
    with committed.factory() as session:
        agent = staff(session, role=Role.AGENT, at="TTDH").id
        presence.go_available(session, agent, now=utc_now())
        session.commit()
        offers.offer_waiting_calls(session, now=utc_now())
        session.commit()
    office = Delivery(
        web, committed.factory, message_app(web), "worker:test", lambda _session: utc_now(), ThreadPoolExecutor(2)
    )

    deliver_due(office, (OutboundChannel.VOICE,))
    until(committed, lambda s: s.scalars(select(CallbackRequest)).one().attempts == 1)

    assert _presence_of(committed, agent).state is PresenceState.AVAILABLE


def _presence_of(committed, agent):
    with committed.factory() as session:
        return session.get_one(Presence, agent)
