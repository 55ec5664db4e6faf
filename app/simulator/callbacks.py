"""The built-in carrier reports back: status callbacks, signed, in whatever order its trouble lets them leave."""

import threading
import time
from collections.abc import Callable, Mapping

import requests
import structlog

from app.simulator.trouble import StagedTrouble, in_this_order
from telephony.provider.account import ProviderAccount
from telephony.provider.signatures import sign

LATE_SECONDS = 5.0
WEBHOOK_PATIENCE_SECONDS = 15.0

log = structlog.get_logger()


def post_signed(account: ProviderAccount, url: str, fields: Mapping[str, str]) -> requests.Response:
    """One webhook as the carrier sends it. The fragment of an address is for the carrier and never travels."""
    target = url.split("#", 1)[0]
    form = {"AccountSid": account.account_sid, **fields}
    signature = sign(account.auth_token, target, form)
    return requests.post(
        target,
        data=form,
        headers={"X-Twilio-Signature": signature},
        timeout=(5.0, WEBHOOK_PATIENCE_SECONDS),
        allow_redirects=False,
    )


def report(
    account: ProviderAccount,
    url: str,
    statuses: list[str],
    fields: Callable[[str], Mapping[str, str]],
    *,
    trouble: StagedTrouble,
    seconds_before: Mapping[str, float] | None = None,
) -> None:
    """Send the callbacks from a thread of the carrier's own; whoever made the request has its answer already.

    `seconds_before` some of them pass: a telephone rings for a while, a call lasts.
    """
    if url:
        pauses = dict.fromkeys(statuses, LATE_SECONDS if trouble.callbacks == "late" else 0.1) | {
            **(seconds_before or {})
        }
        work = (account, url, in_this_order(statuses, trouble), fields, pauses)
        threading.Thread(target=_send, args=work, daemon=True, name="carrier").start()


def _send(
    account: ProviderAccount,
    url: str,
    statuses: list[str],
    fields: Callable[[str], Mapping[str, str]],
    pauses: Mapping[str, float],
) -> None:
    for status in statuses:
        time.sleep(pauses[status])
        try:
            post_signed(account, url, fields(status))
        except requests.RequestException as trouble:
            log.warning("carrier.callback_failed", reason=type(trouble).__name__)
