"""G2: the same signed event any number of times, in any order, at once and after a restart, is one event."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
import requests
from sqlalchemy import func, select

from telephony.sms.intent import TextIntent, parse_sms
from tests.faults.breakable import Carrier, Place, call_form, sms_form
from tests.faults.nodes import LONG, wait_until
from tickets.schema import Call, Contact, InboundSms, OutboundMessage, Ticket, WebhookEvent
from tickets.states import Channel

pytestmark = pytest.mark.fault

CALLERS = 120 if LONG else 12
MOST_TIMES = 20 if LONG else 5
AT_ONCE = 4


@dataclass(frozen=True)
class Event:
    """A request of the provider, which it may send again at any time."""

    kind: str
    form: tuple[tuple[str, str], ...]

    def send(self, carrier: Carrier) -> tuple[int, str]:
        answer = carrier.post(self.kind, dict(self.form))
        return answer.status_code, answer.text


def event(kind: str, form: dict[str, str]) -> Event:
    return Event(kind, tuple(form.items()))


def events() -> list[Event]:
    """Every caller rings, and is told of as ended; every writer sends one text and has it confirmed."""
    found = []
    for number in range(1, CALLERS + 1):
        found.append(event("voice", call_form(number)))
        found.append(event("sms", sms_form(number, f"Đèn đường hỏng ở phường Sài Gòn, số {number}")))
        found.append(event("amd-status", call_form(number, AnsweredBy="human")))
    return found


def send_all(carrier: Carrier, many: list[Event]) -> dict[Event, Counter[tuple[int, str]]]:
    answers: dict[Event, Counter[tuple[int, str]]] = defaultdict(Counter)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for one, answer in zip(many, pool.map(lambda one: one.send(carrier), many), strict=True):
            answers[one][answer] += 1
    return answers


def without_product(answers: Iterable[tuple[int, str]]) -> set[tuple[int, str]]:
    """Those that need no product.

    They are right where a process was cold, or the machine had too much to do, and the deadline of an answer passed.
    """
    return {answer for answer in answers if "failsafe-thanks" in answer[1]}


def rows(place: Place) -> dict[str, int]:
    with place.factory() as session:
        return {
            table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0
            for table in (WebhookEvent, Call, Contact, InboundSms, Ticket, OutboundMessage)
        }


def test_events_repeated_shuffled_at_once_and_after_a_restart_count_once_and_get_one_answer(
    place: Place, carrier: Carrier
):
    assert isinstance(parse_sms("Đèn đường hỏng ở phường Sài Gòn, số 1"), TextIntent)
    chance = random.Random(23)
    each = events()
    many = [one for one in each for _ in range(chance.randint(1, MOST_TIMES))]
    chance.shuffle(many)
    place.start_web()
    # Places and rules are read by a process's first request; what is told here is not about a cold start.
    requests.get(f"{place.base_url}/health/ready", timeout=20)

    answers = send_all(carrier, [*each, *many])
    counted = rows(place)
    place.stop_web()
    place.start_web()
    again = send_all(carrier, each)

    # One that came while a process was still cold lies on the disk until it is taken up, which is soon.
    assert wait_until(lambda: not list(place.spool.folder.rglob("*.json"))), "some were set aside"
    assert counted["webhook_event"] == len(each)
    assert counted["call"] == CALLERS
    assert counted["inbound_sms"] == CALLERS
    assert counted["contact"] == 2 * CALLERS
    assert rows(place) == counted
    of_the_product = {one: {*answers[one], *again[one]} - without_product(answers[one] + again[one]) for one in each}
    assert {one.kind: told for one, told in of_the_product.items() if len(told) > 1} == {}
    with place.factory() as session:
        tickets = session.scalar(select(func.count()).where(Ticket.channel == Channel.SMS))
    assert tickets == CALLERS


def test_one_event_from_eight_directions_at_the_same_moment_is_one_call(place: Place, carrier: Carrier):
    place.start_web()
    rung = 0

    def from_everywhere() -> set[tuple[int, str]]:
        nonlocal rung
        rung += 1
        ring = event("voice", call_form(rung))
        with ThreadPoolExecutor(8) as pool:
            return set(pool.map(lambda _: ring.send(carrier), range(16)))

    def is_one_answer_of_the_product() -> bool:
        answers = from_everywhere()
        late = without_product(answers)
        assert len(answers - late) <= 1
        return not late

    # There is another caller until all sixteen are answered in time.
    assert wait_until(is_one_answer_of_the_product)
    assert wait_until(lambda: not list(place.spool.folder.rglob("*.json"))), "some were set aside"
    assert rows(place)["call"] == rung
