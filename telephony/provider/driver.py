"""What a provider is to the rest of the product: one driver, found by the account. Only this room knows which it is.

A request over the wire becomes fields of our own names; what we want of a provider is asked of its carrier. To add a
provider, write a driver, name it in `drivers.DRIVERS`, and its settings in `provider_settings.py`: nothing outside this
room changes.

The fields, all of them texts; what a driver does not know is left out, what has no name here keeps the provider's:

calls       call_sid, parent_call_sid (an agent's leg), call_status (as in `status_rank`), call_seconds (of one that is
            over), answered_by (human or machine, where it is known), direction, from, to, called,
            forwarded_from, keys, speech, dial_status, dial_bridged, dial_seconds, failed_url
recordings  recording_sid, recording_status (completed or not), recording_seconds
texts       message_sid, from, to, body, opt_out (stop, start, help: the carrier's own word for it), pictures (their
            numbers of those that came with it, with spaces between; no address: see `picture_source`), of a list
            picture_count (how many came with it: `picture_numbers` tells which)
deliveries  message_sid, message_status (queued, sending, sent, delivered, undelivered, failed or canceled),
            error_code (the provider's, for people), trouble (OPTED_OUT, PASSING: see tickets/outbox/posting.py)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from telephony.provider.account import ProviderAccount
from telephony.provider.outcome import GiveUp, Outcome

Setting = Callable[[str], str]
# A kind of event, its fields, and when it happened if that is known.
Event = tuple[str, Mapping[str, str], datetime | None]


class ProviderUnreachable(Exception):
    """It did not answer, or not as it should; asked again later. `status` is that of its answer, if there was one."""

    def __init__(self, words: str, *, status: int | None = None) -> None:
        super().__init__(words)
        self.status = status


@dataclass(frozen=True)
class WireRequest:
    """A request as it came: names of `headers` in small letters, `form` and `query` with repeated names."""

    method: str
    raw_path: str
    raw_query: str
    headers: Mapping[str, str]
    form: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class HandedOver:
    """A text that they have taken from us, by their number for it."""

    sid: str
    text: str


@dataclass(frozen=True)
class RecordingSource:
    """Where a recording or picture lies; built from configuration and ids alone, so that no webhook names a host."""

    address: str
    credentials: tuple[str, str]
    # Where the provider may send us on to, once and over TLS; these hosts are not told who we are.
    media_hosts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Probe:
    """A request that the provider could have sent, signed; for asking whether it would reach us."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class LineAddresses:
    """Where the provider turns to when somebody calls or texts this number of ours; empty: nowhere."""

    phone: str
    voice: str
    texts: str
    fallback: str


class Carrier(Protocol):
    """What we ask of a provider over the network; everything may raise ProviderUnreachable but for what is judged."""

    def let_in(self) -> None:
        """Whether our number and password open it, by something that costs nothing."""

    def line_addresses(self) -> Iterable[LineAddresses] | None:
        """Of all numbers we have there; None from whoever lists none."""

    def send_sms(self, *, to: str, sender: str, text: str, report_to: str) -> Outcome:
        """Hand a text over; `report_to` is where its delivery may be told, with the message's number in it."""

    def texts_handed_over(self, *, to: str, since: datetime) -> Iterable[HandedOver]:
        """What we gave them for this phone since then, whether or not we heard their answer."""

    def place_call(self, *, to: str, sender: str, document: str, report_to: str) -> Outcome:
        """Ring somebody and follow the document; how it went is told to `report_to`, which names the message."""

    def ring_agent(self, *, to: str, sender: str, document: str, report_to: str) -> Outcome:
        """Ring one of us, at a number or `client:` and a name, and follow the document once they answer."""

    def calls_handed_over(self, *, to: str, since: datetime) -> Iterable[str] | None:
        """Theirs of the calls we gave them for this phone since then; None from whoever lists no calls."""

    def end_leg(self, call_sid: str) -> None:
        """Hang up one side of a call."""

    def lead_leg(self, call_sid: str, *, url: str) -> None:
        """Take one side of a call to another of our steps."""

    def pause_recording(self, call_sid: str) -> None:
        """Keep nothing of what is said on this call from now, until told to go on."""

    def resume_recording(self, call_sid: str) -> None:
        """Go on with it; what was not being recorded stays so."""

    def pause_room_recording(self, room: str) -> None:
        """The same of a talk of several, by the name of its room."""

    def resume_room_recording(self, room: str) -> None:
        """Go on with it."""

    def call_status(self, call_sid: str) -> str | None:
        """How a call stands there; None for one they do not know."""

    def texts_since(self, at: datetime) -> Iterable[Event]:
        """All texts that came in, to the end of their list."""

    def calls_since(self, at: datetime) -> Iterable[Event]:
        """All calls to us that began since then and are over."""

    def recordings_since(self, at: datetime) -> Iterable[Event]:
        """All recordings that were completed."""

    def recording_source(self, recording_sid: str) -> RecordingSource:
        """From where its sound is fetched, as WAV."""

    def delete_recording(self, recording_sid: str) -> None:
        """Ours is complete; gone already is as good."""

    def picture_source(self, message_sid: str, picture_sid: str) -> RecordingSource:
        """From where a picture that came with a text is fetched."""

    def picture_numbers(self, message_sid: str) -> Sequence[str]:
        """Their numbers of the pictures that came with a text, of which its webhook never told us."""


class WithoutVoice:
    """The other half of a carrier that only carries texts, and lists none."""

    def let_in(self) -> None:
        """Nothing can be asked of it."""

    def line_addresses(self) -> Iterable[LineAddresses] | None:
        return None

    def texts_handed_over(self, *, to: str, since: datetime) -> Iterable[HandedOver]:
        return ()

    def place_call(self, *, to: str, sender: str, document: str, report_to: str) -> Outcome:
        return GiveUp("no_voice", "this provider carries no calls")

    def ring_agent(self, *, to: str, sender: str, document: str, report_to: str) -> Outcome:
        return GiveUp("no_voice", "this provider carries no calls")

    def calls_handed_over(self, *, to: str, since: datetime) -> Iterable[str] | None:
        return ()

    def end_leg(self, call_sid: str) -> None:
        """There is none."""

    def lead_leg(self, call_sid: str, *, url: str) -> None:
        """There is none."""

    def pause_recording(self, call_sid: str) -> None:
        raise ProviderUnreachable("no recordings")

    def resume_recording(self, call_sid: str) -> None:
        raise ProviderUnreachable("no recordings")

    def pause_room_recording(self, room: str) -> None:
        raise ProviderUnreachable("no recordings")

    def resume_room_recording(self, room: str) -> None:
        raise ProviderUnreachable("no recordings")

    def call_status(self, call_sid: str) -> str | None:
        return None

    def texts_since(self, at: datetime) -> Iterable[Event]:
        return ()

    def calls_since(self, at: datetime) -> Iterable[Event]:
        return ()

    def recordings_since(self, at: datetime) -> Iterable[Event]:
        return ()

    def recording_source(self, recording_sid: str) -> RecordingSource:
        raise ProviderUnreachable("no recordings")

    def delete_recording(self, recording_sid: str) -> None:
        raise ProviderUnreachable("no recordings")

    def picture_source(self, message_sid: str, picture_sid: str) -> RecordingSource:
        raise ProviderUnreachable("no pictures")

    def picture_numbers(self, message_sid: str) -> Sequence[str]:
        return []


class Driver(Protocol):
    """Stateless; one for all accounts at this provider."""

    @property
    def name(self) -> str:
        """As `ProviderAccount.driver` has it."""

    @property
    def nothing_to_do(self) -> str:
        """The body that answers a text for which nothing is wanted of the provider."""

    def said_back(self, words: str) -> str:
        """The body by which whoever wrote a text reads this at once, the way they wrote; else `nothing_to_do`."""

    def accounts(self, setting: Setting) -> Iterable[ProviderAccount]:
        """Those set up here; `setting` gives HOTLINE_… by the name after it in small letters, '' when it is not set."""

    def refusal(self, account: ProviderAccount, request: WireRequest, *, public_base_url: str) -> str:
        """Why this request is not believed to be the provider's; empty when it is."""

    def fields(self, account: ProviderAccount, request: WireRequest) -> Mapping[str, str]:
        """What a believed request says, in our names."""

    def probe(self, account: ProviderAccount, url: str, *, is_forged: bool = False) -> Probe:
        """A request to `url` that concerns nobody."""

    def carrier(self, account: ProviderAccount) -> Carrier:
        """Kept by whoever asks: it holds connections."""
