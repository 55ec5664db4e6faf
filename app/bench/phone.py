"""TwiML webhooks: how fast they are answered at twenty new calls a second, and with how many statements.

Callers, web process and database share the machine, so the callers are cheap: each keeps one plain connection, as a
provider does, and a provider's own bookkeeping is left out.
"""

import http.client
import secrets
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree

from app.bench.measure import Figure, MeasuredNothing, Times, counted, times_of
from app.bench.web_process import web_process
from app.phone.accounts import provider_accounts
from app.settings import Settings
from app.simulator.telephone import SimulatedCaller, Telephone
from app.storage.play_progress import TellProgress
from app.web.factory import create_app
from telephony.provider.account import ProviderAccount
from telephony.provider.signatures import sign

_CALLS_A_SECOND = 20
_CALLING_SECONDS = 15
TURN_LIMIT_MS = 150.0
# How a call ends whose ticket was opened: the caller is in the queue, and has no patience to wait there.
_END = "hung_up_in_queued"
# The steps of a call whose statements are counted; `opening` is the one in which the ticket is opened.
_STEPS = {"voice", "opening", "place", "queue"}
_CALLER = SimulatedCaller(
    number="+84900000000",
    to="+842838000000",
    presses=("1",),
    words=("phường Bến Nghé quận 1 cũ",),
    patience_seconds=0,
)


@dataclass(frozen=True, slots=True)
class _Answered:
    status_code: int
    text: str


class _Stopwatch(Telephone):
    """A telephone that notes how long each webhook took; status callbacks are not what a caller waits for."""

    taken: list[float]
    connection: http.client.HTTPConnection

    def _post(self, url: str, fields: dict[str, str]) -> _Answered:
        given = {"AccountSid": self.account.account_sid, **self._whole(fields)}
        address = url.split("#", 1)[0]
        headers = {
            "X-Twilio-Signature": sign(self.account.auth_token, address, given),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        parts = urlsplit(address)
        begun = time.perf_counter()
        self.connection.request("POST", f"{parts.path}?{parts.query}".rstrip("?"), urlencode(given), headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        if parts.path.rsplit("/", 1)[-1] != "status":
            self.taken.append(time.perf_counter() - begun)
        return _Answered(answer.status, text)

    def _tell_carrier(self) -> None:
        """Only the simulated carrier wants to be told when a line is free."""


def run(settings: Settings, *, say: TellProgress) -> list[Figure]:
    account = provider_accounts(settings)["sim"]
    with web_process(settings) as base_url:
        say(f"Calling {_CALLS_A_SECOND} times a second for {_CALLING_SECONDS} s …")
        # The first callers of a process that has just started may hear the fail-safe document; they are not judged.
        _spread(account, base_url, calls=10, is_judged=False)
        times = _spread(account, base_url, calls=_CALLS_A_SECOND * _CALLING_SECONDS)
    most = _statements(settings, account)
    opening = most.pop("opening")
    return [
        Figure(
            f"TwiML webhook at {_CALLS_A_SECOND} calls/s",
            f"p50 {times.p50:.0f} ms, p99 {times.p99:.0f} ms, {len(times.seconds)} requests",
            f"p99 < {TURN_LIMIT_MS:.0f} ms",
            times.p99 < TURN_LIMIT_MS,
        ),
        Figure("  statements, most", str(max(most.values())), "≤ 8", max(most.values()) <= 8),
        Figure("  statements where the ticket is opened", str(opening), "≤ 12", opening <= 12),
    ]


def _spread(account: ProviderAccount, base_url: str, *, calls: int, is_judged: bool = True) -> Times:
    """Start calls at an even pace, whatever the answers take."""
    taken: list[float] = []
    phones, threads = [], []
    for number in range(calls):
        caller = SimulatedCaller(**{**vars(_CALLER), "number": f"+8490{number:07d}"})
        phone = _Stopwatch(account, base_url, caller, tell=lambda _step: None, sleep=lambda _seconds: None)
        phone.taken, phone.connection = taken, http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=30)
        phones.append(phone)
        threads.append(threading.Thread(target=phone.call))
        threads[-1].start()
        time.sleep(1 / _CALLS_A_SECOND)
    for thread in threads:
        thread.join()
    if is_judged:
        _refuse_unfinished(phones)
    return times_of(taken)


def _refuse_unfinished(phones: list[_Stopwatch]) -> None:
    """Raises MeasuredNothing unless every caller came into the queue, and no error or fail-safe document on the way."""
    ends = Counter(phone.end for phone in phones)
    if set(ends) != {_END}:
        raise MeasuredNothing(f"of {len(phones)} callers not all came into the queue: {dict(ends)}")


def _statements(settings: Settings, account: ProviderAccount) -> dict[str, int]:
    """The most statements of each step of a call, and of the one that opens the ticket."""
    app = create_app(settings)
    client, engine = app.test_client(), app.webhook_sessions.kw["bind"]
    most: dict[str, int] = defaultdict(int)
    for number in range(4):
        base: dict[str, Any] = {
            "AccountSid": account.account_sid,
            "CallSid": f"CA{secrets.token_hex(16)}",
            "From": f"+8491{number:07d}",
            "To": _CALLER.to,
            "CallStatus": "in-progress",
            "Direction": "inbound",
        }
        url: str | None = f"{settings.base_url}/webhooks/sim/voice"
        answers: list[dict[str, str]] = [{"CallStatus": "ringing"}, {"Digits": "1"}, {"SpeechResult": _CALLER.words[0]}]
        for fields in [*answers, {}, {}]:
            if url is None:
                break
            form = {**base, **fields}
            with counted(engine) as sent:
                answer = client.post(
                    url.removeprefix(settings.base_url),
                    base_url=settings.base_url,
                    data=form,
                    headers={"X-Twilio-Signature": sign(account.auth_token, url, form)},
                )
            step = urlsplit(url).path.rsplit("/", 1)[-1]
            opens = any('insert into "ticket" ' in statement for statement in sent)
            # The first round fills the caches of the process.
            if number:
                name = "opening" if opens else step
                most[name] = max(most[name], len(sent))
            url = _next(answer.get_data(as_text=True))
    if missing := _STEPS - set(most):
        raise MeasuredNothing(f"no call came to {', '.join(sorted(missing))}")
    return dict(most)


def _next(document: str) -> str | None:
    root = ElementTree.fromstring(document)  # noqa: S314  (our own answer)
    for verb in root.iter():
        if verb.tag in ("Gather", "Record", "Dial") and verb.get("action"):
            return str(verb.get("action")).split("#")[0]
        if verb.tag == "Redirect" and verb.text:
            return verb.text.split("#")[0]
    return None
