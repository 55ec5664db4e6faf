"""The phone providers of this installation, from settings alone: signatures hold while the database is down."""

import hashlib
import hmac
from collections.abc import Mapping

from app.settings import Settings
from telephony.provider.account import Capability, ProviderAccount, ProviderKind, provider_account
from telephony.provider.drivers import configured_accounts

SIMULATED = "sim"
# The fake carrier's REST side is served by our own web process.
CARRIER_PATH = "/simulated-carrier"


def provider_accounts(settings: Settings) -> Mapping[str, ProviderAccount]:
    """By the name that stands in `/webhooks/<account>/…`; an account we do not have does not exist."""
    accounts = {}
    if settings.simulator_allowed:
        accounts[SIMULATED] = simulated_account(settings)
    return accounts | configured_accounts(settings.of_provider)


def sending_account(settings: Settings, capability: Capability = Capability.SMS_OUTBOUND) -> ProviderAccount | None:
    """The account by which we send SMS or place calls: a real one before the built-in, and one for this alone first."""
    able = [account for account in provider_accounts(settings).values() if account.can(capability)]
    return min(able, key=lambda account: (account.name == SIMULATED, len(account.capabilities)), default=None)


def simulated_account(settings: Settings) -> ProviderAccount:
    """The built-in carrier; its secrets follow from ours, so that its phone can sign without asking anybody."""
    return provider_account(
        name=SIMULATED,
        kind=ProviderKind.SIM,
        account_sid="AC" + _derived(settings, "sim account")[:32],
        auth_token=_derived(settings, "sim token"),
        api_base_url=settings.base_url + CARRIER_PATH,
    )


def _derived(settings: Settings, purpose: str) -> str:
    return hmac.new(settings.secret_key.encode(), b"hotline/" + purpose.encode(), hashlib.sha256).hexdigest()
