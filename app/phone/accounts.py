"""The phone providers of this installation, from settings alone: signatures hold while the database is down."""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

from app.settings import Settings
from telephony.provider.account import ProviderAccount, ProviderKind, provider_account

SIMULATED = "sim"
TWILIO = "twilio"
# The fake carrier's REST side is served by our own web process.
CARRIER_PATH = "/simulated-carrier"


def provider_accounts(settings: Settings) -> Mapping[str, ProviderAccount]:
    """By the name that stands in `/webhooks/<account>/…`; an account we do not have does not exist."""
    accounts = {}
    if settings.simulator_allowed:
        accounts[SIMULATED] = simulated_account(settings)
    if settings.twilio_account_sid and settings.twilio_auth_token:
        accounts[TWILIO] = _twilio_account(settings)
    return accounts


def sending_account(settings: Settings) -> ProviderAccount | None:
    """The account by which we send SMS and place calls: the real one where there is one."""
    accounts = provider_accounts(settings)
    return accounts.get(TWILIO) or accounts.get(SIMULATED)


def simulated_account(settings: Settings) -> ProviderAccount:
    """The built-in carrier; its secrets follow from ours, so that its phone can sign without asking anybody."""
    return provider_account(
        name=SIMULATED,
        kind=ProviderKind.SIM,
        account_sid="AC" + _derived(settings, "sim account")[:32],
        auth_token=_derived(settings, "sim token"),
        api_base_url=settings.base_url + CARRIER_PATH,
    )


def _twilio_account(settings: Settings) -> ProviderAccount:
    """Twilio itself, or whoever speaks its language at TWILIO_BASE_URL."""
    account = provider_account(
        name=TWILIO,
        kind=_kind_at(settings.twilio_base_url),
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_token,
        previous_auth_token=settings.twilio_auth_token_previous or None,
        api_base_url=settings.twilio_base_url,
    )
    return account.with_api_key(settings.twilio_api_key or None, settings.twilio_api_secret or None)


def _kind_at(base_url: str) -> ProviderKind:
    """Whoever speaks Twilio's language at another address does not speak all of it."""
    host = urlsplit(base_url).hostname or ""
    if host.endswith(".signalwire.com"):
        return ProviderKind.SIGNALWIRE
    return ProviderKind.SOMLENG if "somleng" in host else ProviderKind.TWILIO


def _derived(settings: Settings, purpose: str) -> str:
    return hmac.new(settings.secret_key.encode(), b"hotline/" + purpose.encode(), hashlib.sha256).hexdigest()
