"""The telephone accounts of this installation, from settings alone: signatures must hold with the database down."""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import urlsplit

from app.settings import Settings
from telephony.provider import ProviderAccount, ProviderKind, provider_account

SIMULATOR = "sim"
TWILIO = "twilio"
# The fake carrier's REST side is served by our own web process.
SIMULATED_CARRIER_PATH = "/simulated-carrier"


def provider_accounts(settings: Settings) -> Mapping[str, ProviderAccount]:
    """By name as in `/webhooks/<name>/…`: `twilio` when it is set up, `sim` where no citizen can be calling."""
    accounts: dict[str, ProviderAccount] = {}
    if settings.twilio_account_sid and settings.twilio_auth_token:
        accounts[TWILIO] = _twilio(settings)
    if settings.simulator_allowed:
        accounts[SIMULATOR] = _simulator(settings)
    return accounts


def sending_account(settings: Settings) -> ProviderAccount | None:
    """The account that carries what we send: the real provider where there is one; None where there is none at all."""
    accounts = provider_accounts(settings)
    return accounts.get(TWILIO) or accounts.get(SIMULATOR)


def _twilio(settings: Settings) -> ProviderAccount:
    """Twilio itself, or whoever speaks its language at TWILIO_BASE_URL."""
    host = urlsplit(settings.twilio_base_url).hostname or ""
    kind = ProviderKind.TWILIO
    if "somleng" in host:
        kind = ProviderKind.SOMLENG
    elif host.endswith("signalwire.com"):
        kind = ProviderKind.SIGNALWIRE
    account = provider_account(
        name=TWILIO,
        kind=kind,
        account_sid=settings.twilio_account_sid,
        auth_token=settings.twilio_auth_token,
        previous_auth_token=settings.twilio_auth_token_previous or None,
        api_base_url=settings.twilio_base_url,
    )
    return account.with_api_key(settings.twilio_api_key or None, settings.twilio_api_secret or None)


def _simulator(settings: Settings) -> ProviderAccount:
    """Its secrets are derived, so that every process of an installation knows the same ones without asking anybody."""
    return provider_account(
        name=SIMULATOR,
        kind=ProviderKind.SIM,
        account_sid="AC" + _derived(settings, "simulator account")[:32],
        auth_token=_derived(settings, "simulator token"),
        api_base_url=settings.base_url + SIMULATED_CARRIER_PATH,
    )


def _derived(settings: Settings, purpose: str) -> str:
    return hmac.new(settings.secret_key.encode(), purpose.encode(), hashlib.sha256).hexdigest()
