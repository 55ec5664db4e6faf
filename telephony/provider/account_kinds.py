"""The kinds of accounts a city may add as rows, each with what is usual for it; what was typed stands instead."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from telephony.provider.account import CAPABILITIES, LONGEST_TEXT, SIGNATURE_HEADER, Capability, ProviderKind


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

    @property
    def capabilities(self) -> frozenset[Capability]:
        return CAPABILITIES[self.kind]

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
        AccountKind(ProviderKind.OWN_TRUNK, "Somleng", "twilio", SIGNATURE_HEADER, "", ""),
        AccountKind(ProviderKind.GATEWAY, "SMS gateway", "gateway", "X-Hotline-Digest", "", "", 480),
        AccountKind(ProviderKind.SOMLENG, "Somleng", "twilio", SIGNATURE_HEADER, "https://api.somleng.org", "KH"),
        AccountKind(ProviderKind.TWILIO, "Twilio", "twilio", SIGNATURE_HEADER, "https://api.twilio.com", "US"),
        AccountKind(ProviderKind.SIGNALWIRE, "SignalWire", "twilio", "X-SignalWire-Signature", "", "US"),
    )
}


def kind_at(base_url: str) -> ProviderKind:
    """Whoever speaks Twilio's language at another address does not speak all of it."""
    host = urlsplit(base_url).hostname or ""
    if host.endswith(".signalwire.com"):
        return ProviderKind.SIGNALWIRE
    return ProviderKind.SOMLENG if "somleng" in host else ProviderKind.TWILIO
