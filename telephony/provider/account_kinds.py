"""The one place that knows what each kind of account can do and what is usual for it; what was typed stands instead."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from telephony.provider.account import LONGEST_TEXT, SIGNATURE_HEADER, Capability, ProviderAccount, ProviderKind

C = Capability
_TEXTS = frozenset({C.SMS_INBOUND, C.SMS_OUTBOUND})
# Somleng is the smallest common denominator: of its verbs none is silent, listens to speech, joins or lets us speak to
# whoever picks up, and it dials numbers and SIP addresses only. Twilio alone reads connection overrides from the
# fragment of a URL. SignalWire rings no browser by name and names its voices otherwise. The built-in simulator can all
# that Twilio can, so that development sees the richest conversation; tests take the others' sets to see the poorest.
CAPABILITIES: Mapping[ProviderKind, frozenset[Capability]] = {
    ProviderKind.TWILIO: frozenset(Capability),
    ProviderKind.SOMLENG: frozenset({C.VOICE, C.SIP}) | _TEXTS,
    ProviderKind.OWN_TRUNK: frozenset({C.VOICE, C.SIP}),
    ProviderKind.GATEWAY: _TEXTS,
    ProviderKind.SIGNALWIRE: frozenset(Capability) - {C.CLIENT, C.URL_OVERRIDES, C.GOOGLE_VOICES},
    ProviderKind.SIM: frozenset(Capability),
}
# More than is usual, where a city has it beside: its own Somleng may also carry texts.
_MORE: Mapping[ProviderKind, frozenset[Capability]] = {ProviderKind.OWN_TRUNK: _TEXTS}


@dataclass(frozen=True)
class AccountKind:
    """`label` is the name people know it by; the gateway's is a word of ours and is said by the page."""

    kind: ProviderKind
    label: str
    driver: str
    signature_header: str
    api_base_url: str
    # Where its data lie as a rule; empty: at home.
    country: str
    longest_text: int = LONGEST_TEXT
    # Where it sends us on to for what it keeps; what a city names of its own stands instead.
    media_hosts: tuple[str, ...] = ()
    # Whether it leads a caller out of what goes on, and tells of the legs that it dials. Where it does neither, a talk
    # ends with the caller's leg, and that it began is known from the agent's telephone, or by its lasting.
    steers_talks: bool = True

    @property
    def capabilities(self) -> frozenset[Capability]:
        return CAPABILITIES[self.kind]

    @property
    def possible(self) -> frozenset[Capability]:
        """What its language has words for at all; nobody can tick more, and a row that says more is not believed."""
        return self.capabilities | _MORE.get(self.kind, frozenset())

    @property
    def carries_calls(self) -> bool:
        return Capability.VOICE in self.capabilities

    @property
    def needs_key(self) -> bool:
        """Whether its signatures are made with another secret than its REST side is opened with."""
        return self.kind is ProviderKind.SIGNALWIRE


ACCOUNT_KINDS: Mapping[ProviderKind, AccountKind] = {
    one.kind: one
    for one in (
        AccountKind(ProviderKind.OWN_TRUNK, "Somleng", "twilio", SIGNATURE_HEADER, "", "", steers_talks=False),
        AccountKind(ProviderKind.GATEWAY, "SMS gateway", "gateway", "X-Hotline-Digest", "", "", 480),
        AccountKind(
            ProviderKind.SOMLENG,
            "Somleng",
            "twilio",
            SIGNATURE_HEADER,
            "https://api.somleng.org",
            "KH",
            steers_talks=False,
        ),
        AccountKind(
            ProviderKind.TWILIO,
            "Twilio",
            "twilio",
            SIGNATURE_HEADER,
            "https://api.twilio.com",
            "US",
            media_hosts=("mms.twiliocdn.com", "media.twiliocdn.com"),
        ),
        AccountKind(ProviderKind.SIGNALWIRE, "SignalWire", "twilio", "X-SignalWire-Signature", "", "US"),
    )
}


def steers_talks(account: ProviderAccount) -> bool:
    usual = ACCOUNT_KINDS.get(account.kind)
    return usual is None or usual.steers_talks


def kind_at(base_url: str) -> ProviderKind:
    """Whoever speaks Twilio's language at another address does not speak all of it."""
    host = urlsplit(base_url).hostname or ""
    if host.endswith(".signalwire.com"):
        return ProviderKind.SIGNALWIRE
    return ProviderKind.SOMLENG if "somleng" in host else ProviderKind.TWILIO


def provider_account(
    *,
    name: str,
    kind: ProviderKind,
    account_sid: str,
    auth_token: str,
    previous_auth_token: str | None = None,
    api_base_url: str = "",
) -> ProviderAccount:
    """An account with its kind's capabilities and, unless told otherwise, its kind's public REST address."""
    usual = ACCOUNT_KINDS.get(kind)
    return ProviderAccount(
        name=name,
        kind=kind,
        account_sid=account_sid,
        auth_token=auth_token,
        previous_auth_token=previous_auth_token,
        api_base_url=api_base_url or (usual.api_base_url if usual else ""),
        capabilities=CAPABILITIES[kind],
        media_hosts=usual.media_hosts if usual else (),
    )
