"""The telephone providers we have accounts with, and what each of them can do.

A provider is data: several may be in use at once, and the webhook's path, never its body, says which one is speaking.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from tickets.city import city


class ProviderKind(StrEnum):
    TWILIO = "twilio"
    SOMLENG = "somleng"
    SIGNALWIRE = "signalwire"
    # A trunk of the city's carrier behind the city's own server, which speaks the language of the first.
    OWN_TRUNK = "own_trunk"
    # Texts alone, over a domestic gateway.
    GATEWAY = "gateway"
    SIM = "sim"
    # Of a shape of its own: its driver says what it can do.
    OTHER = "other"


class Capability(StrEnum):
    """What a provider understands beyond Say, Play, Gather of keys, Record, Dial of a number, Redirect, Hangup."""

    PAUSE = "pause"
    SPEECH = "speech"
    CONFERENCE = "conference"
    ENQUEUE = "enqueue"
    SIP = "sip"
    # A telephone in a browser, by its name at the provider.
    CLIENT = "client"
    # Whoever picks up a telephone hears a document of ours before the two are connected.
    WHISPER = "whisper"
    RECORDING_DUAL = "recording_dual"
    GOOGLE_VOICES = "google_voices"
    URL_OVERRIDES = "url_overrides"
    SMS_INBOUND = "sms_inbound"
    # Texts may bring pictures with them.
    MMS = "mms"
    SMS_OUTBOUND = "sms_outbound"
    VOICE = "voice"
    ANSWERED_BY = "answered_by"


# In characters, as the strictest of these providers has it; a longer text is refused as a whole.
LONGEST_TEXT = 1600

SIGNATURE_HEADER = "X-Twilio-Signature"
# Asked before those of another order; of the same order whoever can least beside it, because it is for this alone.
USUAL_ORDER = 100


@dataclass(frozen=True)
class ProviderAccount:
    """One account at one provider; `name` is the `<account>` of `/webhooks/<account>/…`.

    During a rotation both the current and the previous token are good for incoming signatures; only the current one
    signs what we send. `driver` names who speaks with the provider, `kind` which dialect of Twilio's language it has.
    """

    name: str
    kind: ProviderKind
    account_sid: str
    auth_token: str = field(repr=False)
    previous_auth_token: str | None = field(default=None, repr=False)
    api_key: str | None = None
    api_secret: str | None = field(default=None, repr=False)
    api_base_url: str = ""
    capabilities: frozenset[Capability] = frozenset()
    driver: str = "twilio"
    signature_header: str = SIGNATURE_HEADER
    # What of it is switched off sends nothing more; what it reports is heard all the same.
    sends: bool = True
    order: int = USUAL_ORDER
    # Longer texts are refused by it.
    longest_text: int = LONGEST_TEXT
    # In whose name texts and calls go out; empty: in that of the city's line.
    text_sender: str = ""
    call_sender: str = ""
    # Hosts to which it may send us on for a recording; they are never shown who we are.
    media_hosts: tuple[str, ...] = ()
    # Who reads aloud in the city's language, where it is not the usual voice.
    voice: str = ""
    # Registered texts by the beginning they have in common with ours: see `gateway_driver`.
    templates: tuple[tuple[str, str], ...] = ()
    # Where voice and text are kept, empty for at home, and the decision that allows it to be abroad.
    country: str = ""
    decision_no: str = ""

    @property
    def is_undecided(self) -> bool:
        """Data of citizens would lie abroad without anybody having decided it."""
        return self.country not in ("", city().country) and not self.decision_no

    @property
    def is_simulated(self) -> bool:
        """What it brings is a trial, and nobody's matter."""
        return self.kind is ProviderKind.SIM

    @property
    def tokens(self) -> tuple[str, ...]:
        """The tokens an incoming signature may have been made with; an empty token is never one of them."""
        return tuple(token for token in (self.auth_token, self.previous_auth_token) if token)

    def can(self, capability: Capability) -> bool:
        return capability in self.capabilities

    def with_api_key(self, key: str | None, secret: str | None) -> ProviderAccount:
        """The same account, whose REST calls are made with a key that can be withdrawn by itself."""
        return replace(self, api_key=key, api_secret=secret)
