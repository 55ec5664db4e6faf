"""SMS and calls through the provider's official client, with time limits and the base address of the account."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.rest import Client
from urllib3.exceptions import NewConnectionError

from app.delivery.letter import Letter
from app.phone.notice_calls import first_document
from telephony.provider.account import Capability, ProviderAccount
from telephony.provider.http_client import RebasingHttpClient
from telephony.provider.outcome import GiveUp, Outcome, Sent, TryAgain, Unknown
from telephony.sms.text import sms_size

OPT_OUT = 21610
# Twilio: too many requests, and the account's own limits; they pass.
BUSY = frozenset({429, 20429, 14107, 30022})
SERVER_TROUBLE = 500
# No connection came about; or one did and its answer never came.
UNREACHABLE = "unreachable"
LOST = "lost"
# Retries of status callbacks, told to the provider in the fragment of the address.
RETRY_FRAGMENT = "#rc=3&rp=all"


@dataclass(frozen=True)
class Carrier:
    """An account with the client that speaks for it; `public_base_url` is where the provider reports back to."""

    account: ProviderAccount
    client: Client
    public_base_url: str

    def send_sms(self, letter: Letter) -> Outcome:
        """Hand an SMS over; an answer we could not wait for is tried again, under at-least-once."""
        return self._attempt(letter, self._create_message)

    def call(self, letter: Letter) -> Outcome:
        """Ring somebody, say the text twice and take a key; a call whose answer is lost is not placed again."""
        outcome = self._attempt(letter, self._create_call)
        if isinstance(outcome, TryAgain) and outcome.code == LOST:
            return Unknown(outcome.error)
        return outcome

    def _create_message(self, letter: Letter) -> Sent:
        message = self.client.messages.create(
            to=letter.address,
            from_=letter.from_phone,
            body=letter.text,
            status_callback=self._callback("sms-status", letter),
        )
        return Sent(self.account.name, message.sid, sms_size(letter.text).segments)

    def _create_call(self, letter: Letter) -> Sent:
        document = first_document(
            letter.id, letter.text, locale=letter.locale, account=self.account, base_url=self.public_base_url
        )
        call = self.client.calls.create(to=letter.address, from_=letter.from_phone, twiml=document, timeout=30)
        return Sent(self.account.name, call.sid)

    def _attempt(self, letter: Letter, create: Any) -> Outcome:
        try:
            sent: Sent = create(letter)
        except TwilioRestException as refused:
            return _judged(refused)
        except (requests.RequestException, TwilioException) as trouble:
            return TryAgain(UNREACHABLE if _never_left(trouble) else LOST, type(trouble).__name__)
        return sent

    def _callback(self, kind: str, letter: Letter) -> str:
        """The message's own id rides along: a callback may overtake our record of the provider's."""
        fragment = RETRY_FRAGMENT if self.account.can(Capability.URL_OVERRIDES) else ""
        return f"{self.public_base_url}/webhooks/{self.account.name}/{kind}?m={letter.id}{fragment}"


@cache
def carrier_of(account: ProviderAccount, public_base_url: str) -> Carrier:
    """One client per account and process: it keeps its connections."""
    http = RebasingHttpClient(account.api_base_url)
    if account.api_key and account.api_secret:
        client = Client(account.api_key, account.api_secret, account.account_sid, http_client=http)
    else:
        client = Client(account.account_sid, account.auth_token, http_client=http)
    return Carrier(account, client, public_base_url)


def _never_left(trouble: Exception) -> bool:
    """Whether no connection came about, so that the carrier cannot have heard of it."""
    if isinstance(trouble, requests.ConnectTimeout):
        return True
    cause = trouble.args[0] if trouble.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)


def _judged(refused: TwilioRestException) -> Outcome:
    code = int(refused.code or refused.status)
    if code == OPT_OUT:
        return GiveUp(str(code), refused.msg, opted_out=True)
    if code in BUSY or refused.status == 429 or refused.status >= SERVER_TROUBLE:
        return TryAgain(str(code), refused.msg)
    return GiveUp(str(code), refused.msg)
