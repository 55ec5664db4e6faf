"""Whether the telephone provider lets us in: asked of a call that there never was, which costs nothing."""

from collections.abc import Iterator

from app.cli.finding import Finding
from app.cli.unreached import why_unreached
from app.phone.accounts import SIMULATED, provider_accounts, undecided
from app.settings import Settings
from telephony.provider.account import ProviderAccount
from telephony.provider.driver import ProviderUnreachable
from telephony.provider.drivers import driver_of

_NOT_LET_IN = (401, 403)


def provider_findings(settings: Settings) -> Iterator[Finding]:
    """One for each account but the built-in carrier, which is asked with the public address."""
    for account in provider_accounts(settings).values():
        # Of one that is switched off nothing is wanted, and its contract may be over.
        if account.name != SIMULATED and account.sends:
            yield _access(account)
    for account in undecided(settings):
        words = f"{account.name} keeps voice and text in {account.country}, and no decision that allows it is recorded"
        yield Finding("where data lie", "failed" if settings.production else "warning", words)


def _access(account: ProviderAccount) -> Finding:
    try:
        driver_of(account).carrier(account).let_in()
    except ProviderUnreachable as trouble:
        return Finding(
            "provider", "failed", f"{account.name} {_why(trouble)}, so no message leaves by it and no call is led"
        )
    return Finding("provider", "ok", f"{account.name} lets us in")


def _why(trouble: ProviderUnreachable) -> str:
    status = trouble.status
    if status in _NOT_LET_IN:
        return f"refuses our account ({status}: set its number and token or key anew)"
    if status is not None:
        return f"answers {status} to a question that every account may ask (see what it says of its own state)"
    return f"is not reached from here ({why_unreached(trouble)}; may this machine reach it?)"
