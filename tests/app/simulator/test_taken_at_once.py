"""Whoever waits is fetched when an agent takes the call, and when it is taken back from hold, not at the next turn."""

import threading
from contextlib import suppress
from datetime import timedelta

import requests
from sqlalchemy import select

from app.clock import utc_now
from app.phone.accounts import simulated_account
from app.simulator.carrier import SimulatedCarrier
from app.simulator.telephone import SimulatedCaller, Telephone
from app.web.frame.session_cookie import SESSION_COOKIE, token_hash
from telephony.floor import presence
from tests.app.web.public.public_forms import fields_of
from tests.factories import staff
from tests.faults.nodes import HANG_SECONDS, wait_until
from tests.telephony.floor.ringing import open_offer_of
from tickets.schema import Call, Presence, WebSession
from tickets.states import PresenceState, Role

# A caller waits twenty seconds for the next turn; looking at the line once a second, one who is fetched waits two.
MOST_SECONDS = 2


class Console:
    """An agent's browser without script."""

    def __init__(self, settings, committed):
        now = utc_now()
        with committed.factory() as session:
            person = staff(session, role=Role.AGENT, at="26740")
            # Talking to somebody else: the floor is staffed, and whoever calls waits.
            presence.go_available(session, person.id, now=now).state = PresenceState.ON_CALL
            session.add(
                WebSession(
                    token_hash=token_hash("an-agent"), staff_id=person.id, created_at=now, last_seen_at=now,
                    expires_at=now + timedelta(days=1), second_factor_at=now,
                )
            )  # fmt: skip
            session.commit()
            self.staff_id = person.id
        self.base_url, self.browser = settings.base_url, requests.Session()
        self.browser.cookies.set(SESSION_COOKIE, "an-agent")

    def press(self, address, **fields):
        page = self.browser.get(f"{self.base_url}/console", timeout=30).text
        answer = self.browser.post(f"{self.base_url}{address}", data={**fields_of(page, address), **fields}, timeout=30)
        assert answer.ok, answer.text[:2000]


class Line:
    """A telephone whose seconds pass when the test lets them."""

    def __init__(self, settings, to):
        caller = SimulatedCaller("+84901234567", to, ("1",), ("phường Sài Gòn, rác không ai lấy",))
        self.told, self.seconds, self.passes = [], 0.0, threading.Semaphore(0)
        self.telephone = Telephone(
            simulated_account(settings), settings.base_url, caller, self.told.append, self._sleep
        )
        self.carrier = SimulatedCarrier(settings.data_dir / "carrier")
        threading.Thread(target=self._ring, daemon=True).start()

    def _ring(self):
        # Whoever still waits when the test is over hears the line go dead.
        with suppress(requests.ConnectionError):
            self.telephone.call()

    def _sleep(self, seconds):
        self.seconds += seconds
        self.passes.acquire(timeout=HANG_SECONDS)

    def is_led(self, times):
        """Whether the carrier was told so often to lead the line elsewhere."""
        return int((self.carrier.call(self.telephone.call_sid) or {}).get("changes", 0)) == times

    def is_connected(self, times):
        return sum("Dial" in document.verbs for document in self.told) == times

    def seconds_until(self, done):
        """What passes on the line until it is so."""
        began = self.seconds
        while not done():
            self.passes.release()
            assert wait_until(lambda seen=self.seconds: self.seconds > seen or done())
        return self.seconds - began


def test_a_caller_is_fetched_when_an_agent_takes_the_call_and_when_it_is_taken_back(web, committed, line):
    console = Console(web, committed)
    phone = Line(web, line)
    assert wait_until(lambda: phone.telephone.state == "queued" and phone.seconds), "waits for the next turn"
    with committed.factory() as session:
        presence.free(session.get_one(Presence, console.staff_id), now=utc_now())
        session.commit()
    console.press("/console/presence", state="available")
    with committed.factory() as session:
        offer, call_id = open_offer_of(session, console.staff_id).id, session.scalar(select(Call.id))

    console.press(f"/console/offers/{offer}/accept")
    assert wait_until(lambda: phone.is_led(1))
    assert phone.seconds_until(lambda: phone.is_connected(1)) <= MOST_SECONDS

    console.press(f"/console/calls/{call_id}/hold")
    assert wait_until(lambda: phone.is_led(2))
    phone.seconds_until(lambda: phone.told[-1].step == "hold")
    console.press(f"/console/calls/{call_id}/take-back")
    assert wait_until(lambda: phone.is_led(3))
    assert phone.seconds_until(lambda: phone.is_connected(2)) <= MOST_SECONDS
