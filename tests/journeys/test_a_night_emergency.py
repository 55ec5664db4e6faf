"""A night emergency whose first two people do not answer: the third is rung within six minutes (A3).

When the shift ends before anybody has answered for it, whoever comes on duty is rung as the first was (A4).

On real engines in injected time: the scheduler's and the worker's own work, a carrier on loopback, and its reports as
signed requests to the webhooks.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from app.storage.database import transaction
from app.web.api.escalation_view import escalations_of
from app.web.factory import create_app
from escalation.firing.pursue import pursue
from escalation.firing.sweep import tick
from escalation.queries.succession import hand_over
from telephony.provider.signatures import sign
from tests.app.delivery.delivering_office import Office
from tests.escalation.scene import holder, level_at, on_shift, step, ticket, told, ward
from tests.fake_carrier import FakeCarrier, fake_carrier
from tickets.schema import Acknowledgement, EscalationAttempt, Shift
from tickets.states import Priority

# Half past two in the city.
NIGHT = datetime(2026, 11, 23, 19, 30, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
TOKEN = "t" * 32


class Night:
    """Minutes pass five seconds at a time; telephones that are not `awake` ring for half a minute in vain."""

    def __init__(self, committed, settings, carrier: FakeCarrier) -> None:
        account = {"twilio_account_sid": "AC" + "1" * 32, "twilio_auth_token": TOKEN, "twilio_base_url": carrier.url}
        self.office, self.carrier = Office(committed, settings, **account), carrier
        self.app = create_app(self.office.delivery.settings, engine=committed.engine)
        self.awake: set[str] = set()
        # Who takes the call, hears it and presses nothing: a provider that tells people from machines says so.
        self.listens: set[str] = set()
        self.calls: list[tuple[datetime, str]] = []
        self._handled = 0
        self._reports: list[tuple[datetime, str, dict[str, str]]] = []

    def live(self, since: datetime, until: datetime) -> None:
        self.office.now = since
        while self.office.now <= until:
            for work in (tick, pursue, *self._each_minute()):
                with transaction(self.office.factory) as session:
                    work(session, now=self.office.now)
            self.office.deliver()
            self._take_what_was_handed_over()
            self._report()
            self.office.now += 5 * SECOND

    def _each_minute(self) -> tuple[Callable[..., object], ...]:
        return (hand_over,) if self.office.now.second == 0 else ()

    def _take_what_was_handed_over(self) -> None:
        taken = self.carrier.received[self._handled :]
        for number, form in enumerate(taken, self._handled + 1):
            self._handled += 1
            sid, now = f"SM{number:032}", self.office.now
            if "Twiml" not in form:
                lost = {"MessageSid": sid, "MessageStatus": "undelivered", "ErrorCode": "30005"}
                self._reports.append((now + 10 * SECOND, form["StatusCallback"], lost))
                continue
            self.calls.append((now, form["To"]))
            if form["To"] in self.listens:
                heard = {"CallSid": sid, "CallStatus": "completed", "AnsweredBy": "human", "CallDuration": "20"}
                self._reports.append((now + 20 * SECOND, form["StatusCallback"], heard))
                continue
            if form["To"] not in self.awake:
                self._reports.append(
                    (now + 30 * SECOND, form["StatusCallback"], {"CallSid": sid, "CallStatus": "no-answer"})
                )
                continue
            question = ElementTree.fromstring(form["Twiml"]).find("Gather").get("action")
            self._reports.append((now + 10 * SECOND, question, {"CallSid": sid, "Digits": "1"}))
            self._reports.append(
                (now + 15 * SECOND, form["StatusCallback"], {"CallSid": sid, "CallStatus": "completed"})
            )

    def _report(self) -> None:
        for due in [one for one in self._reports if one[0] <= self.office.now]:
            self._reports.remove(due)
            _, url, fields = due
            url, form = url.split("#")[0], {"AccountSid": "AC" + "1" * 32, **fields}
            with self.office.factory() as session, self.app.bound_to(session, self.office.now):
                local = urlsplit(url)
                answer = self.app.test_client().post(
                    f"{local.path}?{local.query}",
                    data=form,
                    headers={"X-Twilio-Signature": sign(TOKEN, url, MultiDict(form))},
                    base_url=f"{local.scheme}://{local.netloc}",
                )
                assert answer.status_code in (200, 204)
                session.commit()


@pytest.fixture
def night(committed, settings) -> Iterator[Night]:
    with fake_carrier() as carrier:
        yield Night(committed, settings, carrier)


def test_the_third_person_is_rung_within_six_minutes_when_two_do_not_answer_and_nobody_after_them(night):
    with transaction(night.office.factory) as session:
        unit = ward(session)
        first, second = (
            on_shift(session, "section_head", unit, now=NIGHT),
            holder(session, "section_head", unit, now=NIGHT),
        )
        third = holder(session, "section_head", unit, kind="deputy", now=NIGHT)
        fourth = holder(session, "ward_chair", unit, now=NIGHT)
        matter = ticket(session, unit, arrived_at=NIGHT, priority=Priority.EMERGENCY)
        at = level_at(session, matter, 1)
    night.awake.add(third.phone)

    night.live(at, at + 10 * MINUTE)

    rung = [(phone, when - at) for when, phone in night.calls]
    assert [phone for phone, _ in rung] == [first.phone] * 2 + [second.phone] * 2 + [third.phone]
    assert rung[-1][1] <= 6 * MINUTE
    with transaction(night.office.factory) as session:
        assert told(session, matter, 1) == [first.id, second.id, third.id]
        level = step(session, matter, 1)
        assert session.get_one(Acknowledgement, level.id).staff_id == third.id
        shown = [
            (a["to"], a["method"], a["state"], a["why"]) for a in escalations_of(session, matter.id)[-1]["attempts"]
        ]
        assert [one for one in shown if one[0] == first.name and one[1] != "screen"] == [
            (first.name, "voice", "failed", "no_answer"),
            (first.name, "voice", "failed", "no_answer"),
            (first.name, "sms", "failed", "30005"),
        ]
        assert (third.name, "voice", "acknowledged", "") in shown
        about = session.scalars(select(EscalationAttempt.staff_id).where(EscalationAttempt.step_id == level.id))
        assert fourth.id not in set(about)


def test_whoever_comes_on_duty_is_rung_for_an_emergency_that_the_last_shift_heard_of_and_did_not_answer(night):
    with transaction(night.office.factory) as session:
        unit = ward(session)
        matter = ticket(session, unit, arrived_at=NIGHT, priority=Priority.EMERGENCY)
        at = level_at(session, matter, 1)
        change = at + 10 * MINUTE
        goes, comes = (on_shift(session, "section_head", unit, now=at, hours=hours) for hours in (1, 12))
        for turn in session.scalars(select(Shift)):
            turn.starts_at, turn.ends_at = (
                (at - MINUTE, change) if turn.staff_id == goes.id else (change, change + 8 * 60 * MINUTE)
            )
        second = holder(session, "section_head", unit, now=NIGHT)
    night.listens.add(goes.phone)
    night.awake.add(second.phone)

    night.live(at, change + 8 * MINUTE)

    rung = [(phone, when) for when, phone in night.calls]
    assert [phone for phone, _ in rung] == [goes.phone, comes.phone, comes.phone, second.phone]
    assert rung[1][1] <= change + MINUTE
    with transaction(night.office.factory) as session:
        assert told(session, matter, 1) == [goes.id, comes.id, second.id]
        assert session.get_one(Acknowledgement, step(session, matter, 1).id).staff_id == second.id


def test_an_emergency_that_somebody_answered_for_rings_nobody_when_the_shift_changes(night):
    with transaction(night.office.factory) as session:
        unit = ward(session)
        matter = ticket(session, unit, arrived_at=NIGHT, priority=Priority.EMERGENCY)
        at = level_at(session, matter, 1)
        change = at + 3 * MINUTE
        goes, comes = (on_shift(session, "section_head", unit, now=at, hours=hours) for hours in (1, 12))
        for turn in session.scalars(select(Shift)):
            turn.starts_at, turn.ends_at = (
                (at - MINUTE, change) if turn.staff_id == goes.id else (change, change + 8 * 60 * MINUTE)
            )
    night.awake.add(goes.phone)

    night.live(at, change + 5 * MINUTE)

    assert [phone for _, phone in night.calls] == [goes.phone]
    assert comes.phone not in {form["To"] for form in night.carrier.received}
