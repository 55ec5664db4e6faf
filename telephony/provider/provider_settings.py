"""What may be set for each provider, as data: `app/settings.py` reads and judges these, drivers ask for them."""

from dataclasses import dataclass


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
)
