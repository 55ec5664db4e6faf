"""The domestic gateway's REST side: hand a text over, ask for the account."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from urllib3.exceptions import HTTPError as BrokenConnection
from urllib3.exceptions import NewConnectionError

from telephony.provider.account import ProviderAccount
from telephony.provider.driver import ProviderUnreachable, WithoutVoice
from telephony.provider.gateway_codes import FOR_GOOD, OF_US, REFUSES_OUR_TEXTS, TAKEN
from telephony.provider.gateway_signing import signed_headers
from telephony.provider.http_client import CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS, retry_after
from telephony.provider.limited_answer import LimitedAnswer
from telephony.provider.outcome import AccountTrouble, GiveUp, Outcome, Sent, TryAgain
from telephony.provider.timely_session import timely_session
from telephony.provider.twilio_client import LOST, UNREACHABLE
from telephony.provider.twilio_codes import ACCOUNT_STATUSES, SERVER_TROUBLE

_LONGEST_ANSWER_BYTES = 64 * 1024


@dataclass(frozen=True)
class _Answer:
    status: int
    code: int
    id: str
    words: str
    after_seconds: float


@dataclass(frozen=True)
class GatewayCarrier(WithoutVoice):
    """An account with the connections that speak for it."""

    account: ProviderAccount
    http: requests.Session = field(default_factory=partial(timely_session, WHOLE_SECONDS), repr=False)

    def send_sms(self, *, to: str, sender: str, text: str, report_to: str) -> Outcome:
        """Our number of the message goes with it: a text that comes twice is taken once by them."""
        if len(text) > self.account.longest_text:
            return GiveUp("too_long", f"{len(text)} characters, {self.account.longest_text} are taken")
        told = {"to": to, "brand": sender, "text": text, "reference": _number_of(report_to), "report_to": report_to}
        if template := self._template(text):
            told["template"] = template
        try:
            return self._judged(self._post("/messages", told))
        except requests.RequestException as trouble:
            if _never_left(trouble):
                return TryAgain(UNREACHABLE, type(trouble).__name__)
            return TryAgain(LOST, type(trouble).__name__, may_have_left=True)

    def let_in(self) -> None:
        try:
            answer = self._post("/account", {})
        except requests.RequestException as trouble:
            raise ProviderUnreachable(type(trouble).__name__) from trouble
        if answer.status != requests.codes.ok or answer.code != TAKEN:
            raise ProviderUnreachable(f"{answer.status} {answer.words}".strip(), status=answer.status)

    def _template(self, text: str) -> str:
        """Of the registered texts that begin as this one, the one that has most in common with it."""
        fitting = [(len(begin), id) for begin, id in self.account.templates if text.startswith(begin)]
        return max(fitting, default=(0, ""))[1]

    def _post(self, path: str, told: dict[str, str]) -> _Answer:
        url = self.account.api_base_url + path
        body = json.dumps(told, ensure_ascii=False).encode()
        with self.http.post(
            url,
            data=body,
            headers=signed_headers(self.account, url, body),
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,
            stream=True,
        ) as answer:
            try:
                limited = LimitedAnswer(answer, most_bytes=_LONGEST_ANSWER_BYTES, seconds=WHOLE_SECONDS)
                said = _said(limited.whole())
            except BrokenConnection as cut:
                raise requests.ConnectionError(cut) from cut
            code = said.get("code")
            return _Answer(
                answer.status_code,
                code if isinstance(code, int) else -1,
                str(said.get("id") or "")[:128],
                str(said.get("error") or "")[:200],
                retry_after(answer.headers.get("Retry-After", ""), now=datetime.now(UTC)),
            )

    def _judged(self, answer: _Answer) -> Outcome:
        """Given up is only what their own code says of the number or the words; what we do not know may pass."""
        code, words = str(answer.code if answer.code >= 0 else answer.status), answer.words
        if answer.status == requests.codes.ok and answer.code == TAKEN and answer.id:
            return Sent(self.account.name, answer.id)
        if answer.code == REFUSES_OUR_TEXTS:
            return GiveUp(code, words, opted_out=True)
        if answer.code in FOR_GOOD:
            return GiveUp(code, words)
        if answer.code in OF_US or answer.status in ACCOUNT_STATUSES:
            return AccountTrouble(self.account.name, code, words)
        # Whoever says yes and gives no number may have taken it; so may a server that broke.
        is_doubtful = answer.status >= SERVER_TROUBLE or answer.code == TAKEN
        return TryAgain(code, words, after_seconds=answer.after_seconds, may_have_left=is_doubtful)


def _said(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _number_of(report_to: str) -> str:
    return parse_qs(urlsplit(report_to).query).get("m", [""])[0]


def _never_left(trouble: requests.RequestException) -> bool:
    """Whether no connection came about, so that they cannot have heard of it."""
    if isinstance(trouble, requests.ConnectTimeout):
        return True
    cause = trouble.args[0] if trouble.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)
