"""A signed event to our own public address and back: what is a genuine signature answered, and what a forged one?"""

import urllib.error
import urllib.request

from app.settings import Settings
from telephony.provider.account import ProviderAccount
from telephony.provider.driver import Probe
from telephony.provider.drivers import driver_of

# A kind of event we do not use: stored and answered without touching any call.
_PATH = "/webhooks/{account}/doctor"


def probe_address(settings: Settings, account: ProviderAccount) -> str:
    return settings.base_url + _PATH.format(account=account.name)


def round_trip(settings: Settings, account: ProviderAccount) -> tuple[int, int]:
    """The statuses of both. Raises OSError or HTTPException when the address is not reached."""
    url, driver = probe_address(settings, account), driver_of(account)
    genuine = _post(url, driver.probe(account, url))
    return genuine, _post(url, driver.probe(account, url, is_forged=True))


def is_right(genuine: int, forged: int) -> bool:
    return genuine in (200, 204) and forged == 403


def speaks_for_us(genuine: int, forged: int) -> bool:
    """As a proxy does with the fail-safe document while no process of ours stands behind it."""
    return genuine == forged == 200


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
