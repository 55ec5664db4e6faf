"""TwiML webhooks: how fast they are answered at twenty new calls a second, and with how many statements."""

import threading
import time
from collections import defaultdict
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import requests

from app.bench.measure import Figure, Times, counted, times_of
from app.bench.stage import Say
from app.bench.web_process import web_process
from app.factory import create_app
from app.provider_accounts import provider_accounts
from app.settings import Settings
from app.simulator.telephone import Caller, Telephone
from telephony.provider import ProviderAccount
from telephony.signatures import sign

_CALLS_A_SECOND = 20
_SECONDS = 15
LIMIT_MS = 150.0
_CALLER = Caller(
    number="+84900000000",
    to="+842838000000",
    presses=("1",),
    words=("phường Bến Nghé quận 1 cũ",),
    patience_seconds=0,
)


class _Stopwatch(Telephone):
    """A telephone that notes how long each webhook took; status callbacks are not what a caller waits for."""

    def _post(self, url: str, fields: dict[str, str]) -> requests.Response:
        begun = time.perf_counter()
        answer = super()._post(url, fields)
        name = urlsplit(url).path.rsplit("/", 1)[-1]
        if name != "status":
            self.taken.append(time.perf_counter() - begun)
        return answer

    taken: list[float]


def run(settings: Settings, *, say: Say) -> list[Figure]:
    account = provider_accounts(settings)["sim"]
    with web_process(settings) as base_url:
        say(f"Calling {_CALLS_A_SECOND} times a second for {_SECONDS} s …")
        _spread(account, base_url, calls=10)
        times = _spread(account, base_url, calls=_CALLS_A_SECOND * _SECONDS)
    most = _statements(settings, account)
    opening = most.pop("opening")
    return [
        Figure(
            f"TwiML webhook at {_CALLS_A_SECOND} calls/s",
            f"p50 {times.p50:.0f} ms, p99 {times.p99:.0f} ms, {len(times.seconds)} requests",
            f"p99 < {LIMIT_MS:.0f} ms",
            times.p99 < LIMIT_MS,
        ),
        Figure("  statements, most", str(max(most.values())), "≤ 8", max(most.values()) <= 8),
        Figure("  statements where the ticket is opened", str(opening), "≤ 12", opening <= 12),
    ]


def _spread(account: ProviderAccount, base_url: str, *, calls: int) -> Times:
    """Start calls at an even pace, whatever the answers take."""
    taken: list[float] = []
    threads = []
    for number in range(calls):
        caller = Caller(**{**vars(_CALLER), "number": f"+8490{number:07d}"})
        phone = _Stopwatch(account, base_url, caller, tell=lambda _step: None, sleep=lambda _seconds: None)
        phone.taken = taken
        threads.append(threading.Thread(target=phone.call))
        threads[-1].start()
        time.sleep(1 / _CALLS_A_SECOND)
    for thread in threads:
        thread.join()
    return times_of(taken)


def _statements(settings: Settings, account: ProviderAccount) -> dict[str, int]:
    """The most statements of each step of a call, and of the one that opens the ticket."""
    app = create_app(settings)
    client, engine = app.test_client(), app.webhook_sessions.kw["bind"]
    most: dict[str, int] = defaultdict(int)
    for number in range(4):
        base: dict[str, Any] = {
            "AccountSid": account.account_sid,
            "CallSid": f"CAstatements{number:04d}",
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
            opens = any("insert into ticket " in statement.lower() for statement in sent)
            # The first round fills the caches of the process.
            if number:
                name = "opening" if opens else step
                most[name] = max(most[name], len(sent))
            url = _next(answer.get_data(as_text=True))
    return {"opening": 0, **most}


def _next(document: str) -> str | None:
    root = ElementTree.fromstring(document)  # noqa: S314  (our own answer)
    for verb in root.iter():
        if verb.tag in ("Gather", "Record", "Dial") and verb.get("action"):
            return str(verb.get("action")).split("#")[0]
        if verb.tag == "Redirect" and verb.text:
            return verb.text.split("#")[0]
    return None
