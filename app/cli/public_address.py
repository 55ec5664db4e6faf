"""A signed webhook to our own public address and back: does a call that the provider announces reach us?"""

import urllib.error
import urllib.request
from http.client import HTTPException

from app.cli.finding import Finding, Weight
from app.phone.accounts import sending_account
from app.settings import Settings
from telephony.provider.driver import Probe
from telephony.provider.drivers import driver_of

# A kind of event we do not use: stored and answered without touching any call.
PATH = "/webhooks/{account}/doctor"


def signed_round_trip(settings: Settings) -> Finding:
    """Whether events reach us from outside.

    A genuine signature must be accepted and a forged one refused: anything else means that a proxy on the way
    changes the address, or that the answer is not ours.
    """
    account = sending_account(settings)
    if account is None:
        return _found("warning", "no phone provider is set, so no call can arrive")
    url = settings.base_url + PATH.format(account=account.name)
    driver = driver_of(account)
    try:
        genuine = _post(url, driver.probe(account, url))
        forged = _post(url, driver.probe(account, url, is_forged=True))
    except (OSError, HTTPException) as error:
        words = f"{url} is not reached from here ({error}); is ./hotline web running?"
        return _found("failed" if settings.production else "warning", words)
    if genuine == forged == 200:
        words = (
            f"{settings.base_url} answers 200 whatever is asked, as a proxy does with the fail-safe document while no "
            "./hotline web runs behind it"
        )
        return _found("failed", words)
    if genuine in (200, 204) and forged == 403:
        return _found("ok", f"a signed webhook reaches us at {settings.base_url}, a forged one is refused")
    return _found(
        "failed",
        f"{url} answered {genuine} to a genuine and {forged} to a forged signature, where 200 and 403 are right: a "
        "proxy may change the path, or HOTLINE_PUBLIC_BASE_URL may not be the address it serves",
    )


def _found(weight: Weight, words: str) -> Finding:
    return Finding("public address", weight, words)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A provider that is sent elsewhere does not post again, and our signature is nobody else's business."""

    def redirect_request(self, *_asked: object) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


def _post(url: str, probe: Probe) -> int:
    request = urllib.request.Request(  # noqa: S310  (the address was checked to be http or https)
        url,
        data=probe.body,
        headers=dict(probe.headers),
    )
    try:
        with _OPENER.open(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
