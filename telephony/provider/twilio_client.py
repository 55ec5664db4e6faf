"""Twilio's REST side through its official client, with time limits and the base address of the account."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import requests
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.rest import Client
from urllib3.exceptions import NewConnectionError

from telephony.provider.account import Capability, ProviderAccount
from telephony.provider.driver import Event, HandedOver, LineAddresses, ProviderUnreachable, RecordingSource
from telephony.provider.http_client import CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS, RebasingHttpClient
from telephony.provider.limited_answer import NotTheirs
from telephony.provider.outcome import AccountTrouble, GiveUp, Outcome, Sent, TryAgain, Unknown
from telephony.provider.spoken_document import STATUS_RETRIES
from telephony.provider.status_rank import is_final_call_state
from telephony.provider.timely_session import timely_session
from telephony.provider.twilio_codes import OPT_OUT, SERVER_TROUBLE, is_final, is_of_the_account

if TYPE_CHECKING:
    from collections.abc import Iterator

RING_SECONDS = 30
# What is told of a call of ours; its end always is.
CALL_EVENTS = ["ringing", "answered", "completed"]
# The most a list gives at once; read to its end.
PAGE = 1000
PAGES_OF_A_LIST = 1000
# No connection came about; or one did and its answer never came.
# The newest of what one phone was sent; nobody gets as many in an outage.
MOST_LISTED_FOR_ONE = 200
# Some who speak this language list no messages at all: there at least once is all that can be had.
LISTS_NOTHING = frozenset({404, 405, 501})
# Their clock is not ours.
CLOCKS_APART = timedelta(minutes=5)
_NO_CALL = "CA" + "0" * 32
# As many as a text may bring.
_MOST_PICTURES = 10
# Their name for the recording that is being made of a call.
_RUNNING = "Twilio.CURRENT"
# The SDK names a class of its own for what is a text.
_PAUSED: Any = "paused"
_GOES_ON: Any = "in-progress"
UNREACHABLE = "unreachable"
LOST = "lost"
NOT_THEIRS = "not_theirs"
# What the SDK raises where an answer is JSON and none of the carrier's: a gateway on the way may say anything.
_NOT_UNDERSTOOD = (ValueError, TypeError, AttributeError, LookupError)


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
        """Whether an answer we could not wait for was a yes is asked with `texts_handed_over`."""
        retries = STATUS_RETRIES if self.account.can(Capability.URL_OVERRIDES) else ""

        def create() -> str:
            message = self.client.messages.create(to=to, from_=sender, body=text, status_callback=report_to + retries)
            return _told(message.sid)

        return self._attempt(create)

    def texts_handed_over(self, *, to: str, since: datetime) -> Iterable[HandedOver]:
        """Not asked by date of sending: what still waits in their queue has none."""
        with _reached():
            try:
                listed = self.client.messages.list(to=to, limit=MOST_LISTED_FOR_ONE)
            except TwilioException as refused:
                if _lists_nothing(refused):
                    return ()
                raise
        mine = [one for one in listed if str(one.direction or "").startswith("outbound")]
        return [HandedOver(str(one.sid), one.body or "") for one in mine if _is_since(one.date_created, since)]

    def place_call(self, *, to: str, sender: str, document: str, report_to: str) -> Outcome:
        """A call whose answer is lost is not placed again."""
        told: dict[str, Any] = {"machine_detection": "Enable"} if self.account.can(Capability.ANSWERED_BY) else {}
        return self._place(to=to, sender=sender, document=document, report_to=report_to, **told)

    def ring_agent(self, *, to: str, sender: str, document: str, report_to: str) -> Outcome:
        """Nobody asks whether a machine answers: whoever is rung has asked for it."""
        return self._place(to=to, sender=sender, document=document, report_to=report_to)

    def _place(self, *, to: str, sender: str, document: str, report_to: str, **told: Any) -> Outcome:
        retries = STATUS_RETRIES if self.account.can(Capability.URL_OVERRIDES) else ""

        def create() -> str:
            call = self.client.calls.create(
                to=to, from_=sender, twiml=document, timeout=RING_SECONDS, status_callback=report_to + retries,
                status_callback_event=CALL_EVENTS, **told,
            )  # fmt: skip
            return _told(call.sid)

        outcome = self._attempt(create)
        if isinstance(outcome, TryAgain) and outcome.code == LOST:
            return Unknown(outcome.error)
        return outcome

    def calls_handed_over(self, *, to: str, since: datetime) -> Iterable[str] | None:
        """Not asked by when it began: what has not rung yet has no beginning."""
        with _reached():
            try:
                listed = self.client.calls.list(to=to, limit=MOST_LISTED_FOR_ONE)
            except TwilioException as refused:
                if _lists_nothing(refused):
                    return None
                raise
        mine = [one for one in listed if str(one.direction or "").startswith("outbound")]
        return [str(one.sid) for one in mine if _is_since(one.date_created, since)]

    def end_leg(self, call_sid: str) -> None:
        with _reached():
            self.client.calls(call_sid).update(status="completed")

    def lead_leg(self, call_sid: str, *, url: str) -> None:
        with _reached():
            self.client.calls(call_sid).update(url=url, method="POST")

    def pause_recording(self, call_sid: str) -> None:
        """What is left out is silence: the recording stays as long as the talk."""
        with _reached():
            self.client.calls(call_sid).recordings(_RUNNING).update(_PAUSED, pause_behavior="silence")

    def resume_recording(self, call_sid: str) -> None:
        with _reached():
            self.client.calls(call_sid).recordings(_RUNNING).update(_GOES_ON)

    def pause_room_recording(self, room: str) -> None:
        with _reached():
            self._of_room(room).update(_PAUSED, pause_behavior="silence")

    def resume_room_recording(self, room: str) -> None:
        with _reached():
            self._of_room(room).update(_GOES_ON)

    def _of_room(self, room: str) -> Any:
        """The recording that is being made of it: it is known by the number it has there, which is asked for."""
        running = self.client.conferences.list(friendly_name=room, status="in-progress", limit=1)
        if not running:
            raise ProviderUnreachable("no such room")
        return self.client.conferences(str(running[0].sid)).recordings(_RUNNING)

    def call_status(self, call_sid: str) -> str | None:
        with _reached():
            try:
                return _told(self.client.calls(call_sid).fetch().status)
            except TwilioRestException as refused:
                if refused.status == 404:
                    return None
                raise

    def let_in(self) -> None:
        """Asked of a call that there never was."""
        self.call_status(_NO_CALL)

    def line_addresses(self) -> Iterable[LineAddresses] | None:
        with _reached():
            try:
                listed = _whole(self.client.incoming_phone_numbers.page(page_size=PAGE))
            except TwilioException as refused:
                if _lists_nothing(refused):
                    return None
                raise
        return [
            LineAddresses(one.phone_number or "", one.voice_url or "", one.sms_url or "", one.voice_fallback_url or "")
            for one in listed
        ]

    def texts_since(self, at: datetime) -> Iterable[Event]:
        with _reached():
            listed = _whole(self.client.messages.page(date_sent_after=at, page_size=PAGE))
        return [_text(message) for message in listed if str(message.direction) == "inbound"]

    def calls_since(self, at: datetime) -> Iterable[Event]:
        with _reached():
            listed = _whole(self.client.calls.page(start_time_after=at, page_size=PAGE))
        ours = [call for call in listed if str(call.direction) == "inbound" and not call.parent_call_sid]
        return [_call(call) for call in ours if is_final_call_state(_said(call.status))]

    def recordings_since(self, at: datetime) -> Iterable[Event]:
        with _reached():
            made = _whole(self.client.recordings.page(date_created_after=at, page_size=PAGE))
        return [_recording(one) for one in made if str(one.status) == "completed"]

    def recording_source(self, recording_sid: str) -> RecordingSource:
        return RecordingSource(f"{self._recording(recording_sid)}.wav", self._credentials, self.account.media_hosts)

    def delete_recording(self, recording_sid: str) -> None:
        with _reached():
            # What it says beside its status is left unread.
            with timely_session(WHOLE_SECONDS).delete(
                f"{self._recording(recording_sid)}.json",
                auth=self._credentials,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
            ) as answer:
                status = answer.status_code
        if status not in (204, 404):
            raise ProviderUnreachable(f"status {status}")

    def picture_source(self, message_sid: str, picture_sid: str) -> RecordingSource:
        address = f"{self._of_account}/Messages/{_only_id(message_sid)}/Media/{_only_id(picture_sid)}"
        return RecordingSource(address, self._credentials, self.account.media_hosts)

    def picture_numbers(self, message_sid: str) -> Sequence[str]:
        """Who keeps none of them answers that there is nothing."""
        with _reached():
            try:
                listed = self.client.messages(_only_id(message_sid)).media.list(limit=_MOST_PICTURES)
            except TwilioException as refused:
                if _lists_nothing(refused):
                    return []
                raise
        return [str(one.sid) for one in listed]

    def _recording(self, recording_sid: str) -> str:
        return f"{self._of_account}/Recordings/{_only_id(recording_sid)}"

    @property
    def _of_account(self) -> str:
        return f"{self.account.api_base_url}/2010-04-01/Accounts/{self.account.account_sid}"

    @property
    def _credentials(self) -> tuple[str, str]:
        if self.account.api_key and self.account.api_secret:
            return self.account.api_key, self.account.api_secret
        return self.account.account_sid, self.account.auth_token

    def _attempt(self, create: Callable[[], str]) -> Outcome:
        try:
            return Sent(self.account.name, create())
        except TwilioRestException as refused:
            return self._judged(refused.code, int(refused.status), str(refused.msg))
        except TwilioServiceException as refused:
            # The newer form of an error (RFC 9457).
            return self._judged(refused.code, int(refused.status), str(refused.detail or refused.title))
        except (requests.RequestException, TwilioException, *_NOT_UNDERSTOOD) as trouble:
            return _unanswered(trouble)

    def _judged(self, said: object, status: int, words: str) -> Outcome:
        """Given up is only what their own code says of the number or the words; what we do not know may pass."""
        code = int(str(said)) if str(said).isdecimal() else status
        if code == OPT_OUT:
            return GiveUp(str(code), words, opted_out=True)
        if is_of_the_account(code, status):
            return AccountTrouble(self.account.name, str(code), words)
        if status < SERVER_TROUBLE and is_final(code):
            return GiveUp(str(code), words)
        # An error of theirs is no word on the message: a gateway that gave up waiting may have passed it on.
        after_seconds = self.http.retry_after_seconds
        return TryAgain(str(code), words, after_seconds=after_seconds, may_have_left=status >= SERVER_TROUBLE)


def _whole(page: Any) -> list[Any]:
    """A list to its end; where a page leads to one that was read already, that is the end."""
    listed, read = list(page), set[str]()
    while page.next_page_url and page.next_page_url not in read and len(read) < PAGES_OF_A_LIST:
        read.add(page.next_page_url)
        page = page.next_page()
        listed += page
    return listed


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except (*_NOT_UNDERSTOOD, TwilioException, requests.RequestException) as trouble:
        raise ProviderUnreachable(type(trouble).__name__, status=getattr(trouble, "status", None)) from trouble


def _lists_nothing(refused: TwilioException) -> bool:
    """The SDK says of a page only that it was not to be had, and puts the answer beside it."""
    answer = refused.args[1] if len(refused.args) > 1 else None
    return getattr(refused, "status", getattr(answer, "status_code", None)) in LISTS_NOTHING


def _only_id(said: str) -> str:
    """Whatever a webhook called it, no path leads out of our account."""
    return "".join(c for c in said if c.isascii() and (c.isalnum() or c == "-"))


def _text(message: Any) -> Event:
    told = {"message_sid": message.sid, "from": message.from_ or "", "to": message.to or "", "body": message.body or ""}
    if str(message.num_media or "0") != "0":
        told["picture_count"] = str(message.num_media)
    return "sms", told, message.date_sent if isinstance(message.date_sent, datetime) else None


def _is_since(at: object, since: datetime) -> bool:
    """What has no instant may be of now."""
    return not isinstance(at, datetime) or at >= since - CLOCKS_APART


def _recording(one: Any) -> Event:
    told = {"call_sid": one.call_sid or "", "recording_sid": one.sid, "recording_status": "completed"}
    at = one.date_created if isinstance(one.date_created, datetime) else None
    return "recording", {**told, "recording_seconds": str(one.duration or 0)}, at


def _call(one: Any) -> Event:
    """At its end, with its length, as its last report would have told."""
    told = {
        "call_sid": one.sid, "call_status": _said(one.status), "direction": "inbound", "from": _caller_of(one),
        "to": one.to or "", "call_seconds": str(one.duration or 0),
    }  # fmt: skip
    return "status", told, one.end_time if isinstance(one.end_time, datetime) else None


def _told(value: object) -> str:
    """What an answer cannot do without: whoever says yes and tells no number, or of a call no state, is not theirs."""
    if not (told := _said(value or "")):
        raise NotTheirs("it tells nothing")
    return told


def _said(status: object) -> str:
    """The SDK says a state as a text or as a member of its own codes."""
    return str(getattr(status, "value", status))


def _unanswered(trouble: Exception) -> TryAgain:
    """Neither yes nor no of the carrier. Whoever spoke in its place may have passed it on, as after an error of theirs:
    they are asked before the next try."""
    if _never_left(trouble):
        return TryAgain(UNREACHABLE, type(trouble).__name__)
    is_heard = isinstance(trouble, NotTheirs) or not isinstance(trouble, (requests.RequestException, TwilioException))
    return TryAgain(NOT_THEIRS if is_heard else LOST, type(trouble).__name__, may_have_left=True)


def _never_left(trouble: Exception) -> bool:
    """Whether no connection came about, so that the carrier cannot have heard of it."""
    if isinstance(trouble, requests.ConnectTimeout):
        return True
    cause = trouble.args[0] if trouble.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError)


def _caller_of(call: Any) -> str:
    """The SDK names the field for calls otherwise than for texts."""
    return str(getattr(call, "_from", None) or getattr(call, "from_", None) or "")
