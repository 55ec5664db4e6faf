"""Many callers and their agents in injected time, on the product's own code.

What is real: every step of a call is a signed webhook to the application and its answer a document that is followed;
rings, acceptance, wrap-up and the sweep are the functions that console and scheduler call. What is not: no network, no
processes, no clock: one request follows the other, on one connection, at the instant that the script gives it. Nobody
asks the carrier what it never told: a hang-up that is lost is found by silence alone, which costs agents.
"""

import heapq
import itertools
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from random import Random
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.phone.accounts import simulated_account
from app.phone.answers import Phones
from app.phone.call_control import lead_to_agent
from app.rehearsal.call_script import Agents, CallScript, comes_at
from app.rehearsal.ideal_queue import Comes
from app.simulator.heard_call import ENDED_BY_US, HeardCall, signed_form
from app.web.frame.application import HotlineApp
from app.wording.spoken_length import spoken_seconds
from telephony.call import end
from telephony.calls import find_call
from telephony.desk import Desk
from telephony.floor import offers, presence
from telephony.floor.wrap_up import finish_wrap_up
from telephony.provider.account import ProviderAccount
from telephony.sweep import sweep
from tickets.errors import NotAllowed, NotFound
from tickets.people.actor import staff_actor
from tickets.schema import Offer

SWEEP_SECONDS, BEAT_SECONDS = 3.0, 15.0
# After the last caller came, so long is waited for all to be heard.
_DRAIN_SECONDS = 3_600.0
_FORGOTTEN_AFTER = 200
_ANONYMOUS = "anonymous"


@dataclass
class Worker:
    """An agent: free, ringing or talking is what the product says; who talks with whom is what the carrier knows."""

    staff_id: int
    kind: Agents
    away_until: float = 0.0
    talks_with: HeardCall | None = None


@dataclass
class CallCentre:
    """`faults` are what must never be: a caller let go, one answered twice, an agent with two callers."""

    app: HotlineApp
    session: Session
    script: CallScript
    line: str
    begins_at: datetime
    workers: list[Worker]
    calls: list[HeardCall] = field(default_factory=list)
    comers: list[Comes] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    _heap: list[tuple[float, int, Callable[[float], None]]] = field(default_factory=list)
    _order: "itertools.count[int]" = field(default_factory=itertools.count)
    _known_offers: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.account: ProviderAccount = simulated_account(self.app.settings)
        self.phones = Phones(self.app.settings, self.app.reference)
        self.client = self.app.test_client()
        self.chance = Random(self.script.seed)  # noqa: S311  (no secret is made of it)
        self.luck = Random(self.script.seed + 1)  # noqa: S311  (of the carrier, so that trouble changes no caller)
        self._talks = {worker.staff_id: worker for worker in self.workers}

    def run(self, progress: Callable[[int], None] = lambda _percent: None) -> None:
        """From the first caller to the last, and until nobody is on the line any more."""
        last = self.script.minutes * 60
        self._people_come()
        self.later(0.0, self._sweep)
        self.later(0.0, self._beat)
        done = 0
        while self._heap and self._heap[0][0] <= last + _DRAIN_SECONDS:
            now, _, act = heapq.heappop(self._heap)
            if now > last and all(call.ended for call in self.calls):
                break
            self._do(act, now)
            if (percent := int(100 * min(now / last, 1))) != done:
                done = percent
                progress(percent)
        self.faults.update("left on the line" for call in self.calls if not call.ended)

    def _do(self, act: Callable[[float], None], now: float) -> None:
        with self.app.bound_to(self.session, self.clock(now)):
            act(now)
            self._ring_at_agents(now)
            # As every request and every job does: nothing is open for longer than an instant.
            self.session.commit()
        self.requests += 1
        if self.requests % _FORGOTTEN_AFTER == 0:
            self.session.expunge_all()

    def clock(self, now: float) -> datetime:
        return self.begins_at + timedelta(seconds=now)

    def later(self, at: float, act: Callable[[float], None]) -> None:
        heapq.heappush(self._heap, (at, next(self._order), act))

    # What people do.

    def _people_come(self) -> None:
        """Drawn all at once: when they come, how long they bear it, how long their talk takes."""
        for at in comes_at(self.script, self.chance):
            self._plan_call(at)
        for worker in self.workers:
            for minute, length in worker.kind.pauses:
                self.later(minute * 60, partial(self._pause, worker, length * 60))

    def _plan_call(self, at: float) -> None:
        number = len(self.calls)
        call = HeardCall(
            sid=f"CA{self.script.seed:08x}{number:024x}",
            number=_ANONYMOUS if self.chance.random() < self.script.withheld else f"+8490{number:07d}",
            to=self.line,
            keys=self._keys(),
            patience=self.chance.expovariate(1 / self.script.patience_seconds),
            talk=self.chance.expovariate(1.0),
            wrap_up=self.chance.expovariate(1.0),
            exchange=self,
        )
        self.calls.append(call)
        self.later(at, lambda now: call.ring(f"{self.base_url}/voice", now))

    def _keys(self) -> list[str]:
        drawn, kinds = self.chance.random(), self.script.keys
        kind = next((one for one in kinds if (drawn := drawn - one.share) < 0), kinds[-1])
        english = ["*"] if self.chance.random() < self.script.english else []
        return english + [key.strip() for key in kind.press.split(",") if key.strip()]

    def _pause(self, worker: Worker, seconds: float, now: float) -> None:
        if worker.talks_with is not None:
            self.later(now + 10, lambda then: self._pause(worker, seconds, then))
            return
        try:
            with self.session.begin_nested():
                presence.go_away(self.session, worker.staff_id, reason="break", now=self.clock(now))
        except NotAllowed:
            # They are rung or finish a call: the pause begins after it.
            self.later(now + 10, lambda then: self._pause(worker, seconds, then))
            return
        worker.away_until = now + seconds
        self.later(now + seconds, lambda then: self._come_back(worker, then))

    def _come_back(self, worker: Worker, now: float) -> None:
        presence.go_available(self.session, worker.staff_id, now=self.clock(now))
        offers.offer_waiting_calls(self.session, now=self.clock(now))

    # What a telephone asks of the world.

    @property
    def base_url(self) -> str:
        return f"{self.app.settings.base_url}/webhooks/{self.account.name}"

    def ask(self, call: HeardCall, url: str, fields: dict[str, str], now: float) -> str | None:
        """Signed, as a provider sends it; asked twice, it must say the same."""
        text = self._post(call, url, fields)
        if self.luck.random() < self.script.trouble.repeated and text != self._post(call, url, fields):
            self.faults["another answer to the same request"] += 1
        if text is None:
            self.faults["no answer"] += 1
        return text

    def spoken_seconds(self, words: str, locale: str) -> float:
        return spoken_seconds(words, locale)

    def tell(self, call: HeardCall, fields: dict[str, str], now: float) -> None:
        trouble, url = self.script.trouble, f"{self.base_url}/status"
        if self.luck.random() < trouble.lost:
            return
        times = 2 if self.luck.random() < trouble.repeated else 1
        for _ in range(times):
            # Late ones overtake each other: the order is lost with them.
            late = self.luck.random() * trouble.late_seconds if self.luck.random() < trouble.late else 0.0
            self.later(now + late, lambda _then: self._told(call, url, fields))

    def _told(self, call: HeardCall, url: str, fields: Mapping[str, str]) -> None:
        if self._post(call, url, fields) is None:
            self.faults["a callback was not taken"] += 1

    def _post(self, call: HeardCall, url: str, fields: Mapping[str, str]) -> str | None:
        address = url.split("#", maxsplit=1)[0]
        form, headers = signed_form(self.account, address, call, fields)
        parts = urlsplit(address)
        answer = self.client.post(
            f"{parts.path}?{parts.query}".rstrip("?"), base_url=self.app.settings.base_url, data=form, headers=headers
        )
        text = answer.get_data(as_text=True)
        return text if answer.status_code in (200, 204) else None

    def waits(self, call: HeardCall, now: float) -> None:
        """In line from now, as long as there is patience."""
        kind = self.workers[0].kind
        keeps = call.talk * kind.talk_seconds + call.wrap_up * kind.wrap_up_seconds
        self.comers.append(Comes(now, call.patience, keeps))
        self.later(now + call.patience, lambda then: self._loses_patience(call, then))

    def _loses_patience(self, call: HeardCall, now: float) -> None:
        if call.talks == 0 and not call.left_message:
            call.hang_up("gave_up", now)

    def connected(self, call: HeardCall, now: float) -> None:
        row = find_call(self.session, account=self.account.name, call_sid=call.sid)
        worker = self._talks.get(row.agent_id) if row is not None and row.agent_id is not None else None
        if worker is None:
            self.faults["connected to nobody"] += 1
            return
        if call.talks > 1:
            self.faults["answered twice"] += 1
        if worker.talks_with is not None:
            self.faults["one agent with two callers"] += 1
        worker.talks_with = call
        self.later(now + call.talk * worker.kind.talk_seconds, lambda then: self._end_talk(worker, call, then))

    # What agents do, and the house by itself.

    def _ring_at_agents(self, now: float) -> None:
        """Whatever rings anew is answered after a while by whoever sits there."""
        asked = select(Offer.id, Offer.staff_id).where(Offer.outcome.is_(None))
        for offer_id, staff_id in self.session.execute(asked).all():
            worker = self._talks.get(staff_id)
            if worker is None or offer_id in self._known_offers:
                continue
            self._known_offers.add(offer_id)
            self.later(now + worker.kind.answers_after_seconds, partial(self._accept, worker, offer_id))

    def _accept(self, worker: Worker, offer_id: int, now: float) -> None:
        try:
            with self.session.begin_nested():
                row = offers.accept(self.session, offer_id, staff_id=worker.staff_id, now=self.clock(now))
        except NotFound:
            return
        call = next((one for one in self.calls if one.sid == row.call_sid), None)
        changes = lead_to_agent(row, base_url=self.app.settings.base_url)
        if call is None or self.luck.random() < self.script.trouble.rest_fails:
            # Who cannot be led is connected at the next turn of the hold loop.
            return
        seconds = self.luck.random() * self.script.trouble.rest_seconds
        for change in changes:
            self.later(now + seconds, partial(self._lead, call, change.url))

    def _lead(self, call: HeardCall, url: str, now: float) -> None:
        """Too late where the hold loop has brought the caller to the agent meanwhile."""
        if call.connected_at is None and call.talks == 0:
            call.lead(url, now)

    def _end_talk(self, worker: Worker, call: HeardCall, now: float) -> None:
        worker.talks_with = None
        row = find_call(self.session, account=self.account.name, call_sid=call.sid)
        if row is None:
            return
        end.finish_talk(self.session, row.id, staff_id=worker.staff_id, now=self.clock(now))
        call.agent_hung_up(now)
        self.later(now + call.wrap_up * worker.kind.wrap_up_seconds, lambda then: self._ready(worker, row.id, then))

    def _ready(self, worker: Worker, call_id: int, now: float) -> None:
        finish_wrap_up(self.session, call_id, said="", actor=staff_actor(worker.staff_id), now=self.clock(now))
        presence.end_wrap_up(self.session, worker.staff_id, now=self.clock(now))
        offers.offer_waiting_calls(self.session, now=self.clock(now))

    def _sweep(self, now: float) -> None:
        sweep(self.session, self._desk, now=self.clock(now))
        self.later(now + SWEEP_SECONDS, self._sweep)

    def _desk(self, account: str) -> Desk | None:
        return self.phones.desk(self.session, account, now=self.begins_at)

    def _beat(self, now: float) -> None:
        for worker in self.workers:
            presence.heartbeat(self.session, worker.staff_id, now=self.clock(now))
        self.later(now + BEAT_SECONDS, self._beat)


def let_go(call: HeardCall) -> bool:
    """Whether the hotline ended it for somebody who had met nobody, left nothing and asked for nothing else."""
    return call.ended in (ENDED_BY_US, "no_answer") and call.talks == 0 and not call.left_message and call.wants_person
