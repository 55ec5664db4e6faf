"""The phone providers of this installation: the first from settings, further ones from rows kept in memory.

Neither asks a database: signatures hold while it is down.
"""

import hashlib
import hmac
from collections.abc import Mapping

from app.phone.known_accounts import known_accounts
from app.settings import Settings
from telephony.provider.account import Capability, ProviderAccount, ProviderKind
from telephony.provider.account_kinds import provider_account
from telephony.provider.drivers import configured_accounts
from tickets.outbox.letters import BUILT_IN

SIMULATED = BUILT_IN
# The fake carrier's REST side is served by our own web process.
CARRIER_PATH = "/simulated-carrier"


def provider_accounts(settings: Settings) -> Mapping[str, ProviderAccount]:
    """By the name that stands in `/webhooks/<account>/…`; an account we do not have does not exist."""
    return kept_rows(settings) | set_up(settings)


def set_up(settings: Settings) -> dict[str, ProviderAccount]:
    """Those that need no row; their names are taken."""
    accounts = {}
    if settings.simulator_allowed:
        accounts[SIMULATED] = simulated_account(settings)
    return accounts | configured_accounts(settings.of_provider)


def kept_rows(settings: Settings) -> dict[str, ProviderAccount]:
    """Those kept as rows."""
    return {one.name: one for one in known_accounts(settings).rows()}


def undecided(settings: Settings) -> list[ProviderAccount]:
    """Those whose data lie abroad without a recorded decision: named everywhere, and in production nothing is sent.

    Whoever calls or texts us by one is answered all the same: a citizen is not sent away for a decision of ours. One
    that is switched off is not in use, and waits for no decision.
    """
    every = {one.name: one for one in known_accounts(settings).rows()} | set_up(settings)
    return [one for one in every.values() if one.is_undecided and one.sends]


def sending_account(settings: Settings, capability: Capability = Capability.SMS_OUTBOUND) -> ProviderAccount | None:
    """The account by which we send SMS or place calls: a real one before the built-in, then by the order of accounts.

    Of the same order, the one for this alone first.
    """
    able = [one for one in provider_accounts(settings).values() if one.can(capability) and _sends(settings, one)]
    return min(able, key=lambda one: (one.name == SIMULATED, one.order, len(one.capabilities), one.name), default=None)


def _sends(settings: Settings, account: ProviderAccount) -> bool:
    return account.sends and not (settings.production and account.is_undecided)


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
