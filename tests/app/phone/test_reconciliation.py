"""What a provider forgot to tell is asked for, and created through the same door under the same keys."""

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from sqlalchemy import func, select

from app.phone.answers import Phones
from app.phone.reconciliation import ASKING, reconcile
from app.recurring.aside import Aside
from app.reference import Reference
from app.settings import Settings
from telephony.calls import new_call
from telephony.reconciliation_marks import marks
from tests.conftest import NOW
from tickets.schema import Call, InboundSms, Recording, Ticket
from tickets.states import CallState

SID = "AC" + "0" * 32


@pytest.fixture
def provider():
    """A real HTTP server with the provider's lists."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            address = urlsplit(self.path)
            path = address.path.removeprefix(f"/2010-04-01/Accounts/{SID}/")
            self.server.asked.append((path, parse_qs(address.query)))
            answer = self.server.answers.get(f"{path}?{address.query}", self.server.answers.get(path))
            self.send_response(
                200 if answer is not None and not self.server.broken else 500 if self.server.broken else 404
            )
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(answer or {"code": 20404, "message": "x", "status": 404}).encode())

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.broken = False
    server.asked = []
    server.answers = {
        "Messages.json": {"messages": [], "next_page_uri": None},
        "Recordings.json": {"recordings": [], "next_page_uri": None},
        "Calls.json": {"calls": [], "next_page_uri": None},
    }
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def ask(committed, settings, provider, tmp_path):
    own = Settings(
        **{
            **settings.model_dump(),
            "twilio_account_sid": SID,
            "twilio_auth_token": "0123456789abcdef0123456789abcdef",
            "twilio_base_url": f"http://127.0.0.1:{provider.server_port}",
            "demo": False,
            "data_dir": tmp_path,
        },
        _env_file=None,
    )
    phones = Phones(own, Reference.from_settings(own))
    return lambda now=NOW, **more: reconcile(committed.factory, phones, now=now, **more)


def test_a_call_whose_end_was_never_told_is_ended(committed, provider, ask):
    with committed.factory() as session:
        new_call(session, {"account": "twilio", "call_sid": "CA1", "state": CallState.QUEUED}, now=NOW.replace(hour=1))
        new_call(session, {"account": "twilio", "call_sid": "CA2", "state": CallState.QUEUED}, now=NOW.replace(hour=1))
        # Said goodbye to: only the report of the hang-up is missing.
        new_call(session, {"account": "twilio", "call_sid": "CA3", "state": CallState.ENDED}, now=NOW.replace(hour=1))
        session.commit()
    provider.answers |= {
        "Calls/CA1.json": {"sid": "CA1", "status": "completed"},
        "Calls/CA2.json": {"sid": "CA2", "status": "in-progress"},
        "Calls/CA3.json": {"sid": "CA3", "status": "completed"},
    }

    repairs = ask()

    assert repairs.calls == 2
    with committed.factory() as session:
        states = {one.call_sid: (one.state, one.ended_at is not None) for one in session.scalars(select(Call))}
        ended = (CallState.ENDED, True)
        assert states == {"CA1": ended, "CA2": (CallState.QUEUED, False), "CA3": ended}


def test_a_text_that_never_reached_us_becomes_its_ticket_once(committed, provider, ask):
    text = {
        "sid": "SM1",
        "direction": "inbound",
        "from": "+84901234567",
        "to": "+842838000000",
        "date_sent": "Mon, 23 Nov 2026 01:50:00 +0000",
    }
    provider.answers["Messages.json"]["messages"] = [
        {**text, "body": "Rác ở phường Bến Thành không ai lấy"},
        {**text, "sid": "SM2", "direction": "outbound-api", "body": "ours"},
    ]

    first, second = ask(), ask()

    assert (first.texts, second.texts) == (1, 0)
    with committed.factory() as session:
        assert session.scalars(select(InboundSms.message_sid)).all() == ["SM1"]
        assert session.scalars(select(Ticket.opened_at)).all() == [NOW - timedelta(minutes=10)]


def test_a_text_whose_webhook_was_lost_comes_with_its_pictures(committed, provider, ask):
    provider.answers["Messages.json"]["messages"] = [
        {
            "sid": "MM7", "direction": "inbound", "from": "+84901234567", "to": "+842838000000", "num_media": "2",
            "body": "Rác ở phường Bến Thành không ai lấy", "date_sent": "Mon, 23 Nov 2026 01:50:00 +0000",
        },
        {
            "sid": "SM8", "direction": "inbound", "from": "+84901234568", "to": "+842838000000", "num_media": "0",
            "body": "Đèn hỏng ở phường Bến Thành", "date_sent": "Mon, 23 Nov 2026 01:51:00 +0000",
        },
    ]  # fmt: skip

    provider.answers["Messages/MM7/Media.json"] = {
        "media_list": [{"sid": "ME00000001"}, {"sid": "ME00000002"}], "next_page_uri": None,
    }  # fmt: skip
    first, second = ask(), ask()

    assert (first.texts, second.texts) == (2, 0)
    with committed.factory() as session:
        rows = session.execute(select(InboundSms.message_sid, InboundSms.pictures, InboundSms.ticket_id)).all()
        kept = {sid: list(pictures) for sid, pictures, _ in rows}
        assert kept == {"MM7": ["ME00000001", "ME00000002"], "SM8": []}
        due = session.scalars(select(InboundSms.pictures_due_at).where(InboundSms.message_sid == "MM7")).one()
        assert due is not None and all(ticket_id for _, _, ticket_id in rows)


def test_a_text_whose_pictures_are_gone_there_comes_without_them(committed, provider, ask):
    provider.answers["Messages.json"]["messages"] = [
        {
            "sid": "MM9", "direction": "inbound", "from": "+84901234567", "to": "+842838000000", "num_media": "1",
            "body": "Rác ở phường Bến Thành không ai lấy", "date_sent": "Mon, 23 Nov 2026 01:50:00 +0000",
        }
    ]  # fmt: skip

    assert ask().texts == 1

    assert "Messages/MM9/Media.json" in {path for path, _ in provider.asked}
    with committed.factory() as session:
        assert session.scalars(select(InboundSms.pictures)).all() == [[]]


def test_a_recording_nobody_announced_is_found_by_listing(committed, provider, ask):
    provider.answers["Recordings.json"]["recordings"] = [
        {"sid": "RE1", "call_sid": "CA9", "status": "completed", "duration": "12"}
    ]

    assert ask().recordings == 1
    assert ask().recordings == 0
    with committed.factory() as session:
        assert session.scalars(select(Recording.duration_seconds)).all() == [12]


def test_a_message_waits_for_the_call_it_was_left_in_and_is_never_an_orphan(committed, provider, ask):
    ask(NOW)
    message = {
        "sid": "RE7", "call_sid": "CA-night-7", "status": "completed", "duration": "30",
        "date_created": "Mon, 23 Nov 2026 02:30:45 +0000",
    }  # fmt: skip
    provider.answers["Recordings.json"] = {"recordings": [message], "next_page_uri": None}
    calls = provider.answers.pop("Calls.json")

    without = ask(NOW + timedelta(hours=1))
    provider.answers["Calls.json"] = {**calls, "calls": [_call(7, "02:30", seconds=50)]}
    with_it = ask(NOW + timedelta(hours=1, minutes=5))

    assert (without.recordings, with_it.missed, with_it.recordings) == (0, 1, 1)
    with committed.factory() as session:
        [recording] = session.scalars(select(Recording))
        assert recording.kind == "voicemail" and recording.ticket_id is not None


def test_a_provider_that_does_not_answer_costs_nothing(provider, ask):
    provider.broken = True

    assert ask().total == 0


def _call(
    number: int, at: str, *, seconds: int, direction: str = "inbound", status: str = "completed"
) -> dict[str, str]:
    return {
        "sid": f"CA-night-{number}", "status": status, "direction": direction, "from": f"+8490123456{number}",
        "to": "+842838000000", "duration": str(seconds), "start_time": f"Mon, 23 Nov 2026 {at}:00 +0000",
        "end_time": f"Mon, 23 Nov 2026 {at}:{seconds:02} +0000",
    }  # fmt: skip


def _text(number: int, at: str) -> dict[str, str]:
    return {
        "sid": f"SM-night-{number}", "direction": "inbound", "from": f"+8490123456{number}", "to": "+842838000000",
        "body": f"Rác ở phường Bến Thành không ai lấy, lần {number}", "date_sent": f"Mon, 23 Nov 2026 {at}:00 +0000",
    }  # fmt: skip


def test_after_four_hours_away_every_text_call_and_voicemail_is_here_once_with_its_caller_and_ticket(
    committed, provider, ask
):
    ask(NOW)
    provider.broken = True
    for minutes in range(5, 240, 5):
        ask(NOW + timedelta(minutes=minutes))
    following = f"/2010-04-01/Accounts/{SID}/Messages.json?Page=1"
    provider.answers |= {
        "Messages.json": {"messages": [_text(1, "02:20")], "next_page_uri": following},
        "Messages.json?Page=1": {"messages": [_text(2, "05:40")], "next_page_uri": None},
        "Calls.json": {
            "calls": [
                _call(3, "02:30", seconds=50),
                _call(4, "04:10", seconds=40, status="no-answer"),
                _call(5, "05:00", seconds=9, direction="outbound-api"),
                _call(6, "05:58", seconds=0, status="in-progress"),
            ],
            "next_page_uri": None,
        },
        "Recordings.json": {
            "recordings": [
                {
                    "sid": "RE-night", "call_sid": "CA-night-3", "status": "completed", "duration": "30",
                    "date_created": "Mon, 23 Nov 2026 02:30:45 +0000",
                }
            ],
            "next_page_uri": None,
        },
    }  # fmt: skip
    provider.broken = False

    first, second = ask(NOW + timedelta(hours=4)), ask(NOW + timedelta(hours=4, minutes=5))

    assert (first.texts, first.missed, first.recordings) == (2, 2, 1)
    assert second.total == 0
    with committed.factory() as session:
        calls = {call.call_sid: call for call in session.scalars(select(Call))}
        assert set(calls) == {"CA-night-3", "CA-night-4"}
        assert all(call.ticket_id and call.phone and call.ended_at for call in calls.values())
        assert calls["CA-night-3"].arrived_at == NOW.replace(hour=2, minute=30)
        [recording] = session.scalars(select(Recording))
        assert (recording.call_id, recording.ticket_id) == (calls["CA-night-3"].id, calls["CA-night-3"].ticket_id)
        assert recording.kind == "voicemail"
        texts = session.scalars(select(InboundSms).order_by(InboundSms.message_sid)).all()
        assert [text.message_sid for text in texts] == ["SM-night-1", "SM-night-2"]
        assert all(text.ticket_id for text in texts)
        assert session.scalar(select(func.count()).select_from(Ticket)) == 4


def test_a_round_reads_from_where_the_last_good_one_ended(committed, provider, ask):
    provider.answers["Calls.json"] = {"calls": [], "next_page_uri": None}
    ask(NOW)
    provider.broken = True
    ask(NOW + timedelta(hours=9))
    provider.broken, provider.asked[:] = False, []

    ask(NOW + timedelta(hours=10))

    asked = {path: query for path, query in provider.asked}
    assert asked["Messages.json"]["DateSent>"] == ["2026-11-23T01:30:00Z"]
    assert asked["Calls.json"]["StartTime>"] == ["2026-11-23T01:30:00Z"]
    with committed.factory() as session:
        assert {mark.up_to for mark in marks(session) if mark.account == "twilio"} == {NOW + timedelta(hours=10)}


# The first try gives way to another, as in a deadlock; every one that begins as `always` does meets a lock.
_IN_THE_WAY = """
    create sequence tries; grant usage on sequence tries to public;
    create function in_the_way() returns trigger language plpgsql as $$ begin
        if new.body like 'always%' then raise exception 'held' using errcode = '55P03'; end if;
        if nextval('tries') = 1 then raise exception 'gave way' using errcode = '40P01'; end if;
        return new; end $$;
    create trigger in_the_way before insert on inbound_sms for each row execute function in_the_way()
"""


def test_what_had_to_give_way_is_taken_in_at_once_and_what_was_left_is_not_passed_over_in_silence(
    committed, provider, ask
):
    text = {
        "direction": "inbound", "from": "+84901234567", "to": "+842838000000",
        "date_sent": "Mon, 23 Nov 2026 01:50:00 +0000",
    }  # fmt: skip
    gives_way = {**text, "sid": "SM1", "body": "Rác ở phường Bến Thành không ai lấy"}
    is_locked = {**text, "sid": "SM2", "body": "always: đèn đường không sáng"}
    with psycopg.connect(committed.superuser_url.replace("+psycopg", ""), autocommit=True) as superuser:
        superuser.execute(_IN_THE_WAY)
    provider.answers["Messages.json"]["messages"] = [gives_way]
    clean = Aside(ASKING)

    first = ask(aside=clean)
    provider.answers["Messages.json"]["messages"] = [gives_way, is_locked]
    left = Aside(ASKING)
    second = ask(aside=left)

    assert (first.texts, second.texts) == (1, 0)
    clean.say()
    assert list(left.items) == ["twilio sms SM2"]
