"""What may be set for each provider, as data: `app/settings.py` reads and judges these, drivers ask for them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from telephony.provider.account_kinds import ACCOUNT_KINDS, kind_at
from tickets.city import city


@dataclass(frozen=True)
class ProviderSetting:
    """HOTLINE_ and its name in capitals; `beside` is another setting without which it means nothing."""

    name: str
    beside: str = ""
    is_address: bool = False
    names_an_account: bool = False
    """Set only where there is an account, so that the built-in telephone is no longer wanted."""


# A new provider's are further lines here.
PROVIDER_SETTINGS = (
    ProviderSetting("twilio_account_sid", beside="twilio_auth_token", names_an_account=True),
    ProviderSetting("twilio_auth_token", beside="twilio_account_sid"),
    ProviderSetting("twilio_auth_token_previous"),
    ProviderSetting("twilio_api_key", beside="twilio_api_secret"),
    ProviderSetting("twilio_api_secret", beside="twilio_api_key"),
    ProviderSetting("twilio_base_url", is_address=True),
    ProviderSetting("twilio_country"),
    ProviderSetting("twilio_decision"),
)


def undecided(setting: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    """Of accounts that are set: the setting that must hold the decision, and the country where data would lie."""
    country = setting("twilio_country").upper() or ACCOUNT_KINDS[kind_at(setting("twilio_base_url"))].country
    if setting("twilio_account_sid") and country not in ("", city().country) and not setting("twilio_decision"):
        yield "twilio_decision", country
