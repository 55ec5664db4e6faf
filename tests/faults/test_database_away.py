"""G8: the database is down, frozen, read-only or full: callers hear words, nothing told is lost, nobody is lied to."""

import os
import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import pytest
import requests
from sqlalchemy import func, select

from app.processes.commands import spawn
from tests.app.web.public.public_forms import fields_of
from tests.faults.breakable import Carrier, Place, call_form, sms_form
from tests.faults.nodes import LONG, wait_until
from tickets.schema import Call, InboundSms, Ticket, TimelineEntry, WebhookEvent
from tickets.states import CallState, TimelineKind

pytestmark = pytest.mark.fault

CALLERS = 60 if LONG else 5
# A provider waits fifteen seconds for a document; then the caller hears that something went wrong, and is cut off.
LONGEST_SILENCE_SECONDS = 12.0


@contextmanager
def killed(place: Place) -> Iterator[None]:
    place.kill_postgres()
    yield
    place.revive()


@contextmanager
def frozen(place: Place) -> Iterator[None]:
    """A black hole: connections stand, and nobody answers on them."""
    server = place.engines.pids["postgres"]
    listed = Path(f"/proc/{server}/task/{server}/children").read_text()
    everybody = [server, *map(int, listed.split())]
    _signal_all(everybody, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal_all(everybody, signal.SIGCONT)


@contextmanager
def full(place: Place) -> Iterator[None]:
    """No connection is left for us."""
    place.as_superuser("alter role hotline_app connection limit 0")
    place.drop_connections()
    try:
        yield
    finally:
        place.as_superuser("alter role hotline_app connection limit -1")


def _signal_all(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        os.kill(pid, number)


TROUBLES: list[Callable[[Place], object]] = [killed, frozen, Place.read_only, full]


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda one: one.__name__)
def test_callers_hear_words_and_every_event_becomes_a_ticket_once_when_the_database_is_back(
    place: Place, carrier: Carrier, trouble
):
    place.start_web()
    carrier.post("voice", call_form(9_000))
    slowest, spoken = 0.0, []

    with trouble(place):
        for number in range(1, CALLERS + 1):
            for kind, form in (
                ("voice", call_form(number)),
                ("sms", sms_form(number, "Cống nghẹt, nước ngập đường ở phường Sài Gòn")),
            ):
                began = time.monotonic()
                answer = carrier.post(kind, form)
                slowest = max(slowest, time.monotonic() - began)
                assert answer.status_code == 200
                if kind == "voice":
                    spoken.append(answer.text)
        waiting = [one.webhook.form.get("call_sid") or one.webhook.form["message_sid"] for one in place.spool.waiting()]
        drafts = list(place.spool.folder.glob("*.draft"))
    emptied = wait_until(lambda: place.spool.depth() == 0)

    for document in spoken:
        assert_is_failsafe(document)
    assert slowest < LONGEST_SILENCE_SECONDS, "a caller heard nothing until the provider gave up"
    assert set(expected_sids()) <= set(waiting)
    assert drafts == []
    assert emptied, f"{place.spool.depth()} events were not replayed"
    assert list(place.spool.refused.iterdir()) == []
    assert_everybody_has_one_ticket(place)


def expected_sids() -> list[str]:
    callers = range(1, CALLERS + 1)
    return [call_form(n)["CallSid"] for n in callers] + [sms_form(n, "")["MessageSid"] for n in callers]


def assert_is_failsafe(document: str) -> None:
    """Both languages, and a way to leave a message."""
    root = ElementTree.fromstring(document)
    said = " ".join(say.text or "" for say in root.iter("Say"))
    assert root.find(".//Record") is not None
    assert re.search(r"[ăâđêôơưạảấầ]", said), said
    assert re.search(r"\b(please|message|call)\b", said, re.IGNORECASE), said


def assert_everybody_has_one_ticket(place: Place) -> None:
    with place.factory() as session:
        sid = func.coalesce(WebhookEvent.form["call_sid"].as_string(), WebhookEvent.form["message_sid"].as_string())
        events = Counter(session.scalars(select(sid)))
        calls = session.execute(
            select(Call.call_sid, Call.state, Call.ticket_id).where(Call.call_sid != call_form(9_000)["CallSid"])
        ).all()
        texts = session.execute(select(InboundSms.message_sid, InboundSms.ticket_id)).all()
        told = select(TimelineEntry.ticket_id).where(
            TimelineEntry.kind == TimelineKind.CALL, TimelineEntry.params["what"].as_string() == "failsafe"
        )
        failsafes = Counter(session.scalars(told))
    assert all(count == 1 for count in events.values())
    assert set(expected_sids()) <= set(events)
    assert len(calls) == len(texts) == CALLERS
    assert {row.state for row in calls} == {CallState.FAILSAFE}
    assert None not in {row.ticket_id for row in (*calls, *texts)}
    assert len({row.ticket_id for row in (*calls, *texts)}) == 2 * CALLERS
    assert {row.ticket_id: failsafes[row.ticket_id] for row in calls} == {row.ticket_id: 1 for row in calls}


def test_an_event_repeated_while_the_database_was_away_and_after_it_is_one_event(place: Place, carrier: Carrier):
    place.start_web()
    form = sms_form(1, "Cống nghẹt ở phường Sài Gòn")

    with killed(place):
        for _ in range(3):
            assert carrier.post("sms", form).status_code == 200
    assert carrier.post("sms", form).status_code == 200
    assert wait_until(lambda: place.spool.depth() == 0)

    with place.factory() as session:
        assert session.scalar(select(func.count()).select_from(WebhookEvent)) == 1
        assert session.scalar(select(func.count()).select_from(Ticket)) == 1


def test_events_kept_by_a_process_that_is_then_killed_are_replayed_by_the_next(place: Place, carrier: Carrier):
    place.start_web()
    with killed(place):
        carrier.post("voice", call_form(1))
        place.stop_web()
    assert place.spool.depth() == 1

    # Nobody asks the next one for anything.
    place.web = spawn("web", place.settings, log=place.folder / "web.log")

    assert wait_until(lambda: place.spool.depth() == 0)
    with place.factory() as session:
        assert session.scalars(select(Call.ticket_id)).one() is not None


def test_the_form_says_that_nothing_was_saved_and_keeps_what_was_typed_and_sends_it_later(place: Place):
    place.start_web()
    browser = requests.Session()
    browser.headers["Accept-Language"] = "en"
    shown = browser.get(place.base_url, timeout=20).text
    typed = {
        "body": "Xe rác không tới hẻm <12> đã ba ngày.", "place": "phường Sài Gòn", "phone": "0901234567",
        "name": "Nguyễn Văn An",
    }  # fmt: skip

    with killed(place):
        refused = browser.post(place.base_url, data={**fields_of(shown, "/"), **typed}, timeout=30)
    kept = fields_of(refused.text, "/")
    accepted = browser.post(place.base_url, data={**kept, "told": kept.getlist("told")}, timeout=30)

    assert refused.status_code == 503
    assert "Nothing was saved" in refused.text
    assert {name: kept[name].strip() for name in typed} == typed
    assert accepted.status_code == 200
    with place.factory() as session:
        tickets = session.scalar(select(func.count()).select_from(Ticket))
        if "/sent/" not in accepted.url:
            accepted = browser.post(place.base_url, data=fields_of(accepted.text, "/"), timeout=30)
            tickets = session.scalar(select(func.count()).select_from(Ticket))
    assert "/sent/" in accepted.url
    assert tickets == 1


@pytest.mark.parametrize("trouble", [killed, full], ids=lambda one: one.__name__)
def test_health_tells_the_reason_while_it_lasts_and_pages_say_so_in_words(place: Place, trouble):
    place.start_web()
    ready = f"{place.base_url}/health/ready"

    def is_well() -> bool:
        return requests.get(ready, timeout=20).json()["checks"]["database"] == "ok"

    # A busy machine may say first that the database did not answer in time.
    before = wait_until(is_well)
    with trouble(place):
        during = requests.get(ready, timeout=20)
        alive = requests.get(f"{place.base_url}/health/live", timeout=20)
        page = requests.get(f"{place.base_url}/directory", timeout=20)
        program = requests.get(
            f"{place.base_url}/api/v1/tickets", headers={"Authorization": "Bearer hl_any"}, timeout=20
        )
    after = wait_until(is_well)

    assert before
    assert during.status_code == 503
    # A busy machine may answer from the clock before the refusal itself arrives: "… within 1.5 s, last heard …".
    assert during.json()["reasons"]["database"].startswith("does not answer")
    assert alive.status_code == 200
    assert page.status_code == 503
    assert "request_id" in program.json() and program.status_code == 503
    assert after
