"""A city that goes on reporting while its servers break, and what it was told."""

import itertools
import threading
import time
from dataclasses import dataclass, field

import requests

from app.phone.accounts import simulated_account
from app.settings import Settings
from telephony.provider.signatures import sign
from tests.faults.breakable import sms_form

PAUSE_SECONDS = 0.3
_numbers = itertools.count(1)


@dataclass
class Load:
    """Programs and a provider that try one web node after the other, as a proxy does, until somebody takes it."""

    addresses: list[str]
    settings: Settings
    token: str
    # Each with the monotonic time at which it was acknowledged.
    tickets: dict[str, float] = field(default_factory=dict)
    texts: dict[str, float] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> "Load":
        for report in (self._report, self._report, self._text):
            self.threads.append(threading.Thread(target=self._keep_on, args=(report,), daemon=True))
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join(60)

    def longest_silence(self, *, since: float) -> float:
        """The longest time without a ticket acknowledged to a program, which only the database can do."""
        moments = sorted([since, *(at for at in self.tickets.values() if at >= since)])
        return max((later - earlier for earlier, later in itertools.pairwise(moments)), default=0.0)

    def goes_on(self, *, since: float, count: int = 5) -> bool:
        return sum(at > since for at in list(self.tickets.values())) >= count

    def _keep_on(self, report) -> None:
        while not self.stop.is_set():
            number = next(_numbers)
            while not self.stop.is_set() and not any(report(number, address) for address in self.addresses):
                self.stop.wait(PAUSE_SECONDS)
            self.stop.wait(PAUSE_SECONDS)

    def _report(self, number: int, address: str) -> bool:
        key = f"Cong nghet so {number:06d}"
        answer = _post(
            f"{address}/api/v1/tickets",
            json={"subject": key, "body": "Nước ngập.", "unit": "26740", "phone": f"+8490{number:07d}"},
            headers={"Authorization": f"Bearer {self.token}", "Idempotency-Key": key},
        )
        if answer in (200, 201):
            self.tickets[key] = time.monotonic()
        return answer in (200, 201)

    def _text(self, number: int, address: str) -> bool:
        account = simulated_account(self.settings)
        fields = {"AccountSid": account.account_sid, **sms_form(number, f"Den duong hu so {number}")}
        signature = sign(account.auth_token, f"{self.settings.base_url}/webhooks/sim/sms", fields)
        answer = _post(f"{address}/webhooks/sim/sms", data=fields, headers={"X-Twilio-Signature": signature})
        if answer == 200:
            self.texts[fields["MessageSid"]] = time.monotonic()
        return answer == 200


def _post(url: str, **words: object) -> int:
    try:
        return requests.post(url, timeout=(2, 20), **words).status_code
    except requests.RequestException:
        return 0
