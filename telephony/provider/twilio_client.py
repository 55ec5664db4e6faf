"""Twilio's REST side through its official client, with time limits and the base address of the account."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client
from urllib3.exceptions import NewConnectionError

from telephony.provider.account import Capability, ProviderAccount
from telephony.provider.driver import Event, ProviderUnreachable, RecordingSource
from telephony.provider.http_client import CONNECT_SECONDS, READ_SECONDS, RebasingHttpClient
from telephony.provider.outcome import AccountTrouble, GiveUp, Outcome, Sent, TryAgain, Unknown
from telephony.provider.spoken_document import STATUS_RETRIES
from telephony.provider.twilio_codes import OPT_OUT, SERVER_TROUBLE, is_final, is_of_the_account

if TYPE_CHECKING:
    from collections.abc import Iterator

RING_SECONDS = 30
# No connection came about; or one did and its answer never came.
UNREACHABLE = "unreachable"
LOST = "lost"


@dataclass(frozen=True)
class TwilioCarrier:
    """An account with the client that speaks for it."""

    account: ProviderAccount
    client: Client
    http: RebasingHttpClient

    @classmethod
    def of(cls, account: ProviderAccount) -> TwilioCarrier:
        http = RebasingHttpClient(account.api_base_url)
        key, secret = (account.api_key, account.api_secret) if account.api_key and account.api_secret else ("", "")
        client = (
            Client(key, secret, account.account_sid, http_client=http)
            if key
            else Client(account.account_sid, account.auth_token, http_client=http)
        )
        return cls(account, client, http)

    def send_sms(self, *, to: str, sender: str, text: str, report_to: str) -> Outcome:
        """An answer we could not wait for is tried again, under at-least-once."""
        retries = STATUS_RETRIES if self.account.can(Capability.URL_OVERRIDES) else ""

        def create() -> str:
            message = self.client.messages.create(to=to, from_=sender, body=text, status_callback=report_to + retries)
            return str(message.sid)

        return self._attempt(create)

    def place_call(self, *, to: str, sender: str, document: str) -> Outcome:
        """A call whose answer is lost is not placed again."""

        def create() -> str:
            return str(self.client.calls.create(to=to, from_=sender, twiml=document, timeout=RING_SECONDS).sid)

        outcome = self._attempt(create)
        if isinstance(outcome, TryAgain) and outcome.code == LOST:
            return Unknown(outcome.error)
        return outcome

    def end_leg(self, call_sid: str) -> None:
        with _reached():
            self.client.calls(call_sid).update(status="completed")

    def lead_leg(self, call_sid: str, *, url: str) -> None:
        with _reached():
            self.client.calls(call_sid).update(url=url, method="POST")

    def call_status(self, call_sid: str) -> str | None:
        with _reached():
            try:
                return str(self.client.calls(call_sid).fetch().status)
            except TwilioRestException as refused:
                if refused.status == 404:
                    return None
                raise

    def texts_since(self, at: datetime, *, limit: int) -> Iterable[Event]:
        with _reached():
            listed = self.client.messages.list(date_sent_after=at, limit=limit)
        return [_text(message) for message in listed if str(message.direction) == "inbound"]

    def recordings_since(self, at: datetime, *, limit: int) -> Iterable[Event]:
        with _reached():
            made = self.client.recordings.list(date_created_after=at, limit=limit)
        return [_recording(one) for one in made if str(one.status) == "completed"]

    def recording_source(self, recording_sid: str) -> RecordingSource:
        return RecordingSource(f"{self._recording(recording_sid)}.wav", self._credentials)

    def delete_recording(self, recording_sid: str) -> None:
        with _reached():
            answer = requests.delete(
                f"{self._recording(recording_sid)}.json",
                auth=self._credentials,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
            )
        if answer.status_code not in (204, 404):
            raise ProviderUnreachable(f"status {answer.status_code}")

    def _recording(self, recording_sid: str) -> str:
        safe = "".join(c for c in recording_sid if c.isalnum() or c == "-")
        return f"{self.account.api_base_url}/2010-04-01/Accounts/{self.account.account_sid}/Recordings/{safe}"

    @property
    def _credentials(self) -> tuple[str, str]:
        if self.account.api_key and self.account.api_secret:
            return self.account.api_key, self.account.api_secret
        return self.account.account_sid, self.account.auth_token

    def _attempt(self, create: Callable[[], str]) -> Outcome:
        try:
            return Sent(self.account.name, create())
        except TwilioRestException as refused:
            return _judged(refused, account=self.account.name, after_seconds=self.http.retry_after_seconds)
        except (requests.RequestException, TwilioException) as trouble:
            return TryAgain(UNREACHABLE if _never_left(trouble) else LOST, type(trouble).__name__)


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except (TwilioException, requests.RequestException) as trouble:
        raise ProviderUnreachable(type(trouble).__name__) from trouble


def _text(message: Any) -> Event:
    told = {"message_sid": message.sid, "from": message.from_ or "", "to": message.to or "", "body": message.body or ""}
    return "sms", told, message.date_sent if isinstance(message.date_sent, datetime) else None


def _recording(one: Any) -> Event:
    told = {"call_sid": one.call_sid or "", "recording_sid": one.sid, "recording_status": "completed"}
    return "recording", {**told, "recording_seconds": str(one.duration or 0)}, None


def _never_left(trouble: Exception) -> bool:
    """Whether no connection came about, so that the carrier cannot have heard of it."""
    if isinstance(trouble, requests.ConnectTimeout):
        return True
    cause = trouble.args[0] if trouble.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)


def _judged(refused: TwilioRestException, *, account: str, after_seconds: float) -> Outcome:
    """Given up is only what the provider's own code says of the number or the words; what we do not know may pass."""
    code, status = int(refused.code or refused.status), int(refused.status)
    if code == OPT_OUT:
        return GiveUp(str(code), refused.msg, opted_out=True)
    if is_of_the_account(code, status):
        return AccountTrouble(account, str(code), refused.msg)
    if status < SERVER_TROUBLE and is_final(code):
        return GiveUp(str(code), refused.msg)
    return TryAgain(str(code), refused.msg, after_seconds=after_seconds)
