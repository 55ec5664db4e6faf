"""Whether the telephone provider lets us in: asked of a call that there never was, which costs nothing."""

from collections.abc import Iterator

from app.cli.finding import Finding
from app.phone.accounts import SIMULATED, sending_account
from app.settings import Settings
from telephony.provider.driver import ProviderUnreachable
from telephony.provider.drivers import driver_of

_NO_CALL = "CA" + "0" * 32
_NOT_LET_IN = (401, 403)


def provider_findings(settings: Settings) -> Iterator[Finding]:
    """Nothing where only the built-in carrier is set up, which is asked with the public address."""
    account = sending_account(settings)
    if account is None or account.name == SIMULATED:
        return
    try:
        driver_of(account).carrier(account).call_status(_NO_CALL)
    except ProviderUnreachable as trouble:
        yield Finding("provider", "failed", f"{account.name} {_why(trouble)}, so no message leaves and no call is led")
    else:
        yield Finding("provider", "ok", f"{account.name} lets us in")


def _why(trouble: ProviderUnreachable) -> str:
    status = getattr(trouble.__cause__, "status", None)
    if status in _NOT_LET_IN:
        return f"refuses our account ({status}: set its number and token or key anew)"
    if status is not None:
        return f"answers {status} to a question that every account may ask (see what it says of its own state)"
    return f"is not reached from here ({trouble.__cause__ or trouble}: may this machine reach it?)"
