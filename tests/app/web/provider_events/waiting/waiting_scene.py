"""Callers at every state in which somebody waits, and the trouble that comes over them."""

import threading
import time
from contextlib import contextmanager

from sqlalchemy import create_engine, select, text

from app.clock import utc_now
from app.web.provider_events.webhooks import door
from telephony.call.consultation import begin_consult, put_through
from telephony.call.passing_on import PassedOn, lock_own_talk, pass_to_colleague
from telephony.call.supervising import bring_in, enter_talk, note_partys_leg
from telephony.floor import offers, presence
from telephony.floor.consulting import consult_of, note_line
from telephony.floor.floor import load_floor
from telephony.floor.rooms import TalkPart
from tests.factories import open_ticket, staff
from tests.telephony.floor.ringing import open_offer_of
from tickets.schema import Call
from tickets.states import Role

HOLD_WORDS = {"vi": "Xin giữ máy trong giây lát", "en": "Please hold the line"}


SECRET = "a-test-key-of-sufficient-length-0123456789abcdef"


def door_of(app):
    with app.test_request_context("/"):
        return door()


@contextmanager
def row_locked(committed, phone, *, seconds):
    """Another session works on the caller's row for so long."""
    held, freed = threading.Event(), threading.Event()

    def work():
        with committed.engine.connect() as connection, connection.begin():
            connection.execute(text("select id from call where call_sid = :sid for update"), {"sid": phone.sid})
            held.set()
            freed.wait(seconds)

    worker = threading.Thread(target=work)
    worker.start()
    held.wait(10)
    try:
        yield
    finally:
        freed.set()
        worker.join()


@contextmanager
def stopped(servers, committed):
    """Nobody can reach this database and every connection is cut, as when its server stops."""
    name = committed.engine.url.database
    admin = create_engine(
        servers.superuser_url("postgres").replace("postgresql://", "postgresql+psycopg://"),
        isolation_level="AUTOCOMMIT",
    )
    with admin.connect() as connection:
        connection.execute(text(f'alter database "{name}" connection limit 0'))
        cut = text("select pg_terminate_backend(pid) from pg_stat_activity where datname = :name")
        connection.execute(cut, {"name": name})
    try:
        yield
    finally:
        with admin.connect() as connection:
            connection.execute(text(f'alter database "{name}" connection limit -1'))
        admin.dispose()
        committed.engine.dispose()


def is_hold(document, locale="vi"):
    said = " ".join(say.text or "" for say in document.iter("Say"))
    return HOLD_WORDS[locale] in said and document.find("Redirect") is not None and document.find("Record") is None


def come_back(phone, *, most=30):
    """Pause and redirect as a provider does, until something else is said; how often the caller had to hold."""
    rounds = 0
    while is_hold(phone.document) or is_hold(phone.document, "en"):
        rounds += 1
        assert rounds < most, "held for ever"
        time.sleep(0.2)
        phone.post(phone.document.find("Redirect").text)
    phone.follow()
    return rounds


def call_of(committed, phone):
    with committed.factory() as session:
        return session.scalars(select(Call).where(Call.call_sid == phone.sid)).one()


def at_menu(phone, committed, agent):
    return phone.ring(), {"Digits": "1"}


def at_menu_in_english(phone, committed, agent):
    return phone.ring().press("*"), {"Digits": "1"}


def at_place(phone, committed, agent):
    return phone.ring().press("1"), {"SpeechResult": "phường Sài Gòn, rác không ai lấy", "Confidence": "0.9"}


def at_reference(phone, committed, agent):
    return phone.ring().press("3"), {"Digits": "2600421733"}


def at_pin(phone, committed, agent):
    with committed.factory() as session:
        ticket = open_ticket(session, phone="+84908887766", body="Đèn đường hỏng ở phường Sài Gòn")
        reference, phone.pin = ticket.reference, ticket.pin
        session.commit()
    return phone.ring().press("3").press(reference), {"Digits": phone.pin}


def in_queue(phone, committed, agent):
    return phone.ring().press("1").speak("phường Sài Gòn"), {"Digits": ""}


def rung_for(phone, committed, agent):
    """Their agent's screen rings."""
    in_queue(phone, committed, agent)[0].wait()
    assert open_offer(committed, agent) is not None
    return phone, {"Digits": ""}


def taken(phone, committed, agent):
    """Their agent has answered, and the two are not connected yet."""
    rung_for(phone, committed, agent)
    with committed.factory() as session:
        offers.accept(session, open_offer_of(session, agent).id, staff_id=agent, now=utc_now())
        session.commit()
    return phone, {"Digits": ""}


def open_offer(committed, agent):
    with committed.factory() as session:
        return open_offer_of(session, agent)


def in_talk(phone, committed, agent):
    in_queue(phone, committed, agent)
    with committed.factory() as session:
        offers.accept(session, open_offer_of(session, agent).id, staff_id=agent, now=utc_now())
        session.commit()
    phone.wait()
    phone.post("status", CallSid=f"{phone.sid}-leg", ParentCallSid=phone.sid, CallStatus="in-progress")
    return phone, {"DialCallStatus": "completed", "DialBridged": "true", "DialCallDuration": "60"}


def on_hold(phone, committed, agent):
    in_talk(phone, committed, agent)
    with committed.factory() as session:
        call = session.scalars(select(Call).where(Call.call_sid == phone.sid)).one()
        call.hold_since = utc_now()
        turn = call.turn
        session.commit()
    phone.post(f"hold?turn={turn}")
    return phone, {"Digits": ""}


def passed_on(phone, committed, agent):
    """Out of a talk and on the way to a colleague, at whom it rings."""
    in_talk(phone, committed, agent)
    colleague = at_work_beside(committed, agent)
    with committed.factory() as session:
        call = lock_own_talk(session, call_of(committed, phone).id, staff_id=agent)
        floor = load_floor(session, now=utc_now())
        pass_to_colleague(session, call, PassedOn(agent, ""), to_id=colleague, floor=floor, now=utc_now())
        turn = call.turn
        session.commit()
    phone.post(f"queue?turn={turn}")
    return phone, {"Digits": ""}


def colleague_is_asked(phone, committed, agent):
    """On hold while their agent asks a colleague, who has answered."""
    in_talk(phone, committed, agent)
    colleague = at_work_beside(committed, agent)
    with committed.factory() as session:
        call = lock_own_talk(session, call_of(committed, phone).id, staff_id=agent)
        floor = load_floor(session, now=utc_now())
        begin_consult(session, call, by_id=agent, to_id=colleague, floor=floor, now=utc_now())
        offers.accept(session, open_offer_of(session, colleague).id, staff_id=colleague, now=utc_now())
        turn = call.turn
        session.commit()
    phone.post(f"hold?turn={turn}")
    return phone, {"Digits": ""}


def put_through_to_colleague(phone, committed, agent):
    """About to be bridged to the colleague who was asked first."""
    phone, heard = colleague_is_asked(phone, committed, agent)
    with committed.factory() as session:
        call = lock_own_talk(session, call_of(committed, phone).id, staff_id=agent)
        put_through(session, call, now=utc_now())
        session.commit()
    return phone, heard


def listened_to(phone, committed, agent):
    """A supervisor comes in: the agent's leg is on the way into a room, and the caller's bridge has ended with it."""
    in_talk(phone, committed, agent)
    with committed.factory() as session:
        supervisor = staff(session, role=Role.SUPERVISOR, at="26740").id
        enter_talk(
            session, call_of(committed, phone).id, staff_id=supervisor, name="", phone="", part=TalkPart.LISTENS,
            now=utc_now(),
        )  # fmt: skip
        note_partys_leg(
            session, call_of(committed, phone).id, staff_id=supervisor, leg=f"{phone.sid}-ear", now=utc_now()
        )
        session.commit()
    return phone, {"DialCallStatus": "completed", "DialBridged": "true", "DialCallDuration": "60"}


def in_a_room(phone, committed, agent):
    """A talk of several whose room ends, because the agent's leg has dropped."""
    phone, heard = listened_to(phone, committed, agent)
    phone.post(phone.next_action(), heard)
    phone.follow()
    assert phone.document.find("Dial/Conference") is not None
    phone.post("status", CallSid=f"{phone.sid}-leg", ParentCallSid=phone.sid, CallStatus="completed")
    return phone, {"DialCallStatus": "completed", "DialCallDuration": "60"}


def interpreter_joins(phone, committed, agent):
    """Three-way: the colleague who was asked, an interpreter, is brought in; the caller is about to follow."""
    phone, heard = colleague_is_asked(phone, committed, agent)
    with committed.factory() as session:
        call = lock_own_talk(session, call_of(committed, phone).id, staff_id=agent)
        note_line(call, with_id=consult_of(call.detail).with_id, leg=f"{phone.sid}-between")
        assert bring_in(session, call, now=utc_now()).party.part is TalkPart.SPEAKS
        session.commit()
    return phone, heard


def interpreter_is_in(phone, committed, agent):
    """The three talk; then the line by which the agent is in the room drops, and the room ends."""
    phone, heard = interpreter_joins(phone, committed, agent)
    phone.post(phone.next_action(), heard)
    phone.follow()
    assert phone.document.find("Dial/Conference") is not None
    phone.post("status", CallSid=f"{phone.sid}-between", ParentCallSid=phone.sid, CallStatus="completed")
    return phone, {"DialCallStatus": "completed", "DialCallDuration": "60"}


def at_work_beside(committed, agent):
    """A colleague who takes calls, and is no longer in the way of the next scene."""
    with committed.factory() as session:
        session.execute(text("update presence set state = 'offline' where staff_id <> :agent"), {"agent": agent})
        person = staff(session, role=Role.AGENT, at="26740", languages=["vi", "en"]).id
        presence.go_available(session, person, now=utc_now())
        session.commit()
    return person


def at_voicemail(phone, committed, agent):
    return phone.ring().press("8"), {"RecordingSid": f"RE{phone.sid}", "RecordingDuration": "12"}


def at_callback(phone, committed, agent):
    return phone.ring().press("9"), {"Digits": "1"}


def calls_again(phone, committed, agent):
    """Hung up while they waited, and asked now whether it is about the same."""
    in_queue(phone, committed, agent)[0].hang_up()
    phone.sid = f"{phone.sid}-again"
    return phone.ring(), {"Digits": "1"}


def says_nothing_after_the_tone(phone, committed, agent):
    """The second time: a person instead."""
    return phone.ring().press("8").record(0), {"RecordingSid": f"RE{phone.sid}", "RecordingDuration": "0"}


STATES = [
    at_menu, at_menu_in_english, at_place, at_reference, at_pin, in_queue, rung_for, taken, in_talk, on_hold, passed_on,
    colleague_is_asked, put_through_to_colleague, listened_to, in_a_room, interpreter_joins,
    interpreter_is_in, at_voicemail, at_callback, calls_again, says_nothing_after_the_tone,
]  # fmt: skip


def in_same_words(said):
    """Without the numbers that differ from call to call."""
    return "".join(c for c in said if not c.isdecimal())


def free_the_agent(committed, phone, agent):
    phone.hang_up()
    with committed.factory() as session:
        session.execute(
            text(
                "update presence set state = case when staff_id = :agent then 'available' else 'offline' end, "
                "call_id = null, wrap_up_until = null, idle_since = now()"
            ),
            {"agent": agent},
        )
        session.commit()
