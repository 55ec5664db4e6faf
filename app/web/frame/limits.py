"""How often one address may call what guesses or costs, and how much one request may carry."""

import hashlib
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any, TypeVar

import structlog
from flask import Request, current_app
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits import RateLimitItemPerHour
from redis.exceptions import RedisError

from tickets.sheets.grid import LARGEST_FILE

log = structlog.get_logger()

View = TypeVar("View", bound=Callable[..., Any])

# Never on a provider's webhooks.
limiter = Limiter(get_remote_address, default_limits=[], strategy="fixed-window")

# Confirmations that forms sent by anybody may cause to one phone or mailbox.
_TOLD_BY_FORMS = RateLimitItemPerHour(5)

# Ten thousand letters of Vietnamese are ninety kilobytes in a form; the largest file of promises is a megabyte in one.
LARGEST_REQUEST = 2 * 1024 * 1024
# Five pictures of ten megabytes and the text around them.
LARGEST_WITH_PICTURES = 52 * 1024 * 1024


def network_of(address: str) -> str:
    """Who asks from this address: whoever has one IPv6 address has 2^64 of them, so that their network is one asker."""
    try:
        known = ip_address(address)
    except ValueError:
        return address
    return str(ip_network(f"{known}/64", strict=False)) if known.version == 6 else address


def may_be_told(address: str) -> bool:
    """Whether this phone or mailbox may get another unasked message: somebody else may have typed it into a form.

    Asked before the request's transaction is opened. Without Redis nothing is held back: a citizen's number is worth
    more than a nuisance prevented.
    """
    return _asked(lambda key: limiter.limiter.test(_TOLD_BY_FORMS, "told", key), address)


def count_told(address: str) -> None:
    """One more message was caused to this phone or mailbox. Counted once the transaction is over."""
    _asked(lambda key: limiter.limiter.hit(_TOLD_BY_FORMS, "told", key), address)


def _asked(ask: Callable[[str], bool], address: str) -> bool:
    if not address or not limiter.enabled:
        return True
    try:
        return ask(hashlib.sha256(address.encode()).hexdigest())
    except RedisError as trouble:
        log.warning("limits.not_counted", reason=type(trouble).__name__)
        return True


def takes_pictures(view: View) -> View:
    """This view's forms carry pictures; nothing else may send more than a text."""
    view.takes_pictures = True  # type: ignore[attr-defined]
    return view


def takes_tables(view: View) -> View:
    """This view's form carries a file of rows."""
    view.takes_tables = True  # type: ignore[attr-defined]
    return view


class MeasuredRequest(Request):
    """A request that may be large only where pictures are taken: anybody can send one, before any signature is seen."""

    # Nobody sets it: Flask's own can be written to, this one follows from the view. mypy refuses both halves of that:
    # a property without a setter over one that has it, and over one that may be None.
    @property  # type: ignore[misc]
    def max_content_length(self) -> int:  # type: ignore[override]
        view = current_app.view_functions.get(self.endpoint or "")
        if getattr(view, "takes_tables", False):
            return LARGEST_FILE + LARGEST_REQUEST
        return LARGEST_WITH_PICTURES if getattr(view, "takes_pictures", False) else LARGEST_REQUEST
