"""A signed webhook to our own public address and back: does a call that the provider announces reach us?"""

from http.client import HTTPException

from app.cli.finding import Finding, Weight
from app.cli.unreached import why_unreached
from app.phone.accounts import sending_account
from app.phone.round_trip import is_right, probe_address, round_trip, speaks_for_us
from app.settings import Settings


def signed_round_trip(settings: Settings) -> Finding:
    """Whether events reach us from outside.

    A genuine signature must be accepted and a forged one refused: anything else means that a proxy on the way
    changes the address, or that the answer is not ours.
    """
    account = sending_account(settings)
    if account is None:
        return _found("warning", "no phone provider is set, so no call can arrive")
    url = probe_address(settings, account)
    try:
        genuine, forged = round_trip(settings, account)
    except (OSError, HTTPException) as error:
        words = f"{url} is not reached from here ({why_unreached(error)}); are the proxy and ./hotline web running?"
        return _found("failed" if settings.production else "warning", words)
    if speaks_for_us(genuine, forged):
        words = (
            f"{settings.base_url} answers 200 whatever is asked, as a proxy does with the fail-safe document while no "
            "./hotline web runs behind it"
        )
        return _found("failed", words)
    if is_right(genuine, forged):
        return _found("ok", f"a signed webhook reaches us at {settings.base_url}, a forged one is refused")
    return _found(
        "failed",
        f"{url} answered {genuine} to a genuine and {forged} to a forged signature, where 200 and 403 are right: a "
        "proxy may change the path, or HOTLINE_PUBLIC_BASE_URL may not be the address it serves",
    )


def _found(weight: Weight, words: str) -> Finding:
    return Finding("public address", weight, words)
