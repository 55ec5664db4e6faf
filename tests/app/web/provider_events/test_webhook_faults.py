"""Whatever breaks behind the door: the caller hears words within a second, and nothing that was told is lost."""

import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from sqlalchemy import event, func, select, text
from structlog.testing import capture_logs

from app.phone.circuit_breaker import PROBE_SECONDS, TROUBLES_TO_OPEN, CircuitBreaker
from app.phone.replay import Replayer
from app.phone.spool import Spool, replay
from app.settings import Settings
from app.web.factory import create_app
from app.web.provider_events import webhooks
from app.web.provider_events.webhooks import door
from telephony.provider.webhook_inbox import Webhook
from tests.conftest import NOW
from tests.faults.nodes import wait_until
from tests.telephony.phone import Phone
from tickets.schema import Call, InboundSms, Line, Recording, Ticket, WebhookEvent

PROVIDER_GIVES_UP_SECONDS = 15


@pytest.fixture
def own_settings(committed, tmp_path):
    return Settings(
        database_url=committed.url,
        redis_url=committed.redis_url,
        secret_key="a-test-key-of-sufficient-length-0123456789abcdef",
        public_base_url="http://127.0.0.1:8000",
        data_dir=tmp_path,
        demo=True,
        _env_file=None,
    )


@pytest.fixture
def city_line(committed):
    with committed.factory() as session:
        return session.scalars(select(Line).where(Line.is_city)).first().phone


def phone_with_database_at(own_settings, url, city_line, **more):
    settings = Settings(**{**own_settings.model_dump(), "database_url": url}, _env_file=None)
    app = create_app(settings)
    return app, Phone(app.test_client(), settings, to=city_line, **more)


@pytest.fixture
def no_database():
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return f"postgresql+psycopg://hotline:x@127.0.0.1:{port}/hotline"


@pytest.fixture
def black_hole():
    """A server that takes connections and never says a word."""
    listener = socket.create_server(("127.0.0.1", 0))
    held = []
    stop = threading.Event()

    def swallow():
        listener.settimeout(0.2)
        while not stop.is_set():
            try:
                held.append(listener.accept()[0])
            except TimeoutError:
                continue

    thread = threading.Thread(target=swallow, daemon=True)
    thread.start()
    yield f"postgresql+psycopg://hotline:x@127.0.0.1:{listener.getsockname()[1]}/hotline"
    stop.set()
    thread.join(2)
    for connection in held:
        connection.close()
    listener.close()


def replayed(app, committed):
    here = door_of(app)
    return Replayer(here.spool, here.phones, committed.factory).replay_now()


def door_of(app):
    with app.test_request_context("/"):
        return door()


def test_with_the_database_away_the_caller_leaves_a_message_that_becomes_one_ticket_when_it_is_back(
    committed, own_settings, no_database, city_line
):
    app, phone = phone_with_database_at(own_settings, no_database, city_line)

    phone.post("voice", CallStatus="ringing")
    first = phone.document
    phone.post("failsafe-thanks", RecordingSid="RE1", RecordingDuration="20")
    thanks = phone.document
    phone.post("status", CallStatus="completed")
    done = replayed(app, committed)
    replayed(app, committed)

    assert "113" in "".join(first.itertext()) and first.find("Record") is not None
    assert thanks.find("Hangup") is not None
    assert done == 3
    with committed.factory() as session:
        (ticket,) = session.scalars(select(Ticket)).all()
        call = session.scalars(select(Call)).one()
        assert (call.ticket_id, call.ended_at is not None) == (ticket.id, True)
        assert ticket.opened_at == call.arrived_at
        assert session.scalars(select(Recording.recording_sid)).all() == ["RE1"]
    assert door_of(app).spool.depth() == 0


def test_a_database_that_swallows_everything_costs_a_caller_a_second_and_soon_nothing(
    own_settings, black_hole, city_line
):
    app, _ = phone_with_database_at(own_settings, black_hole, city_line)
    # On this clock all troubles come at the same moment, and none is so long ago that the database is tried again.
    door_of(app).breaker = CircuitBreaker(lambda: 0.0)
    tried, waits = [], []
    # What looks for changed accounts does so beside the callers.
    beside = ("accounts", "warm-up")
    connect = lambda *_: None if threading.current_thread().name in beside else tried.append(1)  # noqa: E731
    event.listen(app.webhook_sessions.kw["bind"], "do_connect", connect)

    def call() -> None:
        phone, began = Phone(app.test_client(), own_settings, to=city_line), time.monotonic()
        phone.post("voice")
        waits.append(time.monotonic() - began)
        assert phone.document.find("Record") is not None

    for _ in range(5):
        call()
    # What no caller waits for any more still tells that the connection was lost.
    assert wait_until(lambda: door_of(app).breaker.is_open)
    tried_before = len(tried)
    for _ in range(3):
        call()

    assert (tried_before, len(tried)) == (5, 5), "the circuit breaker spares later callers the wait"
    assert max(waits) < PROVIDER_GIVES_UP_SECONDS
    assert door_of(app).spool.depth() == 8


def test_texts_and_events_are_kept_on_disk_and_accepted(committed, own_settings, no_database, city_line):
    app, phone = phone_with_database_at(own_settings, no_database, city_line)

    text = phone.post("sms", MessageSid="SM1", Body="Rác ở phường Bến Thành không ai lấy")
    status = phone.post("status", CallStatus="completed")
    replayed(app, committed)

    assert (text.status_code, status.status_code) == (200, 200)
    with committed.factory() as session:
        assert session.scalars(select(InboundSms.message_sid)).all() == ["SM1"]
        assert session.scalar(select(func.count()).select_from(Ticket)) == 1


def test_what_cannot_even_be_kept_on_disk_is_asked_for_again_but_a_caller_still_hears_words(
    own_settings, no_database, city_line
):
    _, phone = phone_with_database_at(own_settings, no_database, city_line)
    blocked = own_settings.data_dir / "spool"
    blocked.write_text("a file where the folder should be")

    assert phone.post("sms", MessageSid="SM1", Body="x").status_code == 503
    assert phone.post("status", CallStatus="completed").status_code == 503
    assert phone.post("voice").status_code == 200
    assert phone.document.find("Record") is not None
    blocked.unlink()


def test_an_error_of_ours_before_the_work_sends_no_caller_away_and_asks_for_a_text_again(
    own_settings, no_database, city_line, monkeypatch
):
    def fail(*_told) -> None:
        raise RuntimeError("nobody thought of this")

    _, phone = phone_with_database_at(own_settings, no_database, city_line)
    monkeypatch.setattr(webhooks, "_fields", fail)

    text = phone.post("sms", MessageSid="SM1", Body="x")
    phone.post("voice")
    arriving = phone.document
    phone.post("menu?turn=1&locale=vi", Digits="3")
    waiting = phone.document

    assert (text.status_code, text.data) == (503, b"")
    assert arriving.find("Record") is not None, "who only arrives hears the fail-safe"
    assert waiting.find("Redirect") is not None and waiting.find("Record") is None, "who waits comes back to the turn"


def test_signatures_hold_while_the_database_is_away(own_settings, no_database, city_line):
    _, phone = phone_with_database_at(own_settings, no_database, city_line)

    assert phone.post("voice", signature="wrong").status_code == 403
    assert phone.post("voice").status_code == 200


def test_a_refusal_that_cannot_be_noted_changes_no_answer_and_is_not_tried_while_the_database_is_lost(
    own_settings, no_database, city_line
):
    app, phone = phone_with_database_at(own_settings, no_database, city_line)
    here = door_of(app)
    for _ in range(TROUBLES_TO_OPEN):
        here.breaker.failed()

    answer = phone.post("voice", signature="wrong")
    with capture_logs() as told:
        webhooks._write_refusal(app.webhook_sessions, "sim", "/webhooks/sim/voice", "wrong_signature", NOW)

    assert answer.status_code == 403
    assert here.refusals == []
    assert [one["event"] for one in told] == ["webhook.refusal_not_noted"]


@pytest.mark.parametrize("is_locked", [False, True])
def test_whoever_reaches_the_database_again_closes_the_breaker_also_when_a_lock_is_in_the_way(
    committed, own_settings, city_line, is_locked
):
    app = create_app(own_settings)
    here, seconds = door_of(app), [0.0]
    here.breaker = CircuitBreaker(lambda: seconds[0])
    for _ in range(TROUBLES_TO_OPEN):
        here.breaker.failed()
    seconds[0] += PROBE_SECONDS + 1

    with committed.engine.begin() as elsewhere:
        if is_locked:
            elsewhere.execute(text("lock table webhook_event in access exclusive mode"))
        Phone(app.test_client(), own_settings, to=city_line).post("voice")
        is_closed = wait_until(lambda: not here.breaker.is_open)

    assert is_closed


def test_the_same_webhook_many_times_at_once_is_one_call_with_one_answer(committed, own_settings, city_line):
    app = create_app(own_settings)
    door_of(app)

    def ring(_):
        phone = Phone(app.test_client(), own_settings, to=city_line, sid="CA-same")
        phone.post("voice")
        return phone.response.data

    with ThreadPoolExecutor(6) as pool:
        answers = set(pool.map(ring, range(18)))

    with committed.factory() as session:
        assert session.scalar(select(func.count()).select_from(Call)) == 1
        assert session.scalar(select(func.count()).select_from(WebhookEvent)) == 1
    good = {answer for answer in answers if b"ghi \xc3\xa2m" in answer}
    assert len(good) == 1


def test_an_event_replayed_after_it_was_acted_upon_changes_nothing(committed, own_settings, city_line):
    app = create_app(own_settings)
    phone = Phone(app.test_client(), own_settings, to=city_line, sid="CA-late")
    phone.ring().press("1")
    here = door_of(app)
    form = {"account_sid": phone.account.account_sid, "call_sid": "CA-late", "from": phone.number, "to": city_line}
    here.spool.keep(Webhook("sim", "voice", form, {}), received_at=NOW)

    replayed(app, committed)

    with committed.factory() as session:
        call = session.scalars(select(Call)).one()
        assert call.state == "place"
        assert session.scalar(select(func.count()).select_from(Ticket)) == 1


def test_a_poisoned_event_is_set_aside_and_holds_up_no_other(tmp_path):
    spool = Spool(tmp_path)
    spool.keep(Webhook("sim", "sms", {"Body": "poison"}, {}), received_at=NOW)
    spool.keep(Webhook("sim", "sms", {"Body": "fine"}, {}), received_at=NOW)
    acted = []

    def act(spooled):
        if spooled.webhook.form["Body"] == "poison":
            raise ValueError("cannot be done")
        acted.append(spooled.webhook.form["Body"])

    for hours in range(25):
        replay(spool, act, now=NOW + timedelta(hours=hours))

    assert acted == ["fine"]
    assert spool.depth() == 0
    assert [json.loads(p.read_text())["form"]["Body"] for p in spool.refused.glob("*.json")] == ["poison"]


def test_the_breaker_opens_after_five_troubles_in_ten_seconds_and_closes_with_the_first_success():
    clock = [0.0]
    breaker = CircuitBreaker(lambda: clock[0])

    for _ in range(4):
        breaker.failed()
    assert breaker.allows()
    breaker.failed()
    assert not breaker.allows()
    clock[0] += 2.1
    assert breaker.allows() and not breaker.allows(), "one probe at a time"
    breaker.succeeded()

    assert breaker.allows()


def test_troubles_far_apart_open_nothing():
    clock = [0.0]
    breaker = CircuitBreaker(lambda: clock[0])

    for _ in range(20):
        breaker.failed()
        clock[0] += 3.0

    assert breaker.allows()


def test_the_fallback_address_answers_like_the_document_that_lies_elsewhere(own_settings, no_database, city_line):
    app, phone = phone_with_database_at(own_settings, no_database, city_line)

    phone.post("fallback", ErrorCode="11200")

    assert ElementTree.tostring(phone.document) == ElementTree.tostring(
        ElementTree.fromstring(door_of(app).phones.failsafe["sim"])
    )
