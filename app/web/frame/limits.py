"""How often one address may guess and one session may cause costs, and how much one request may carry.

A city's offices share one address, and so do a carrier's subscribers: what honest people do is never counted by it.
"""

import hashlib
import math
import time
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any, TypeVar

import structlog
from flask import Request, Response, current_app, request
from flask_limiter import Limiter, RouteLimit
from flask_limiter.util import get_remote_address
from limits import RateLimitItemPerHour
from redis.exceptions import RedisError

from app.web.frame.session_cookie import SESSION_COOKIE, token_hash
from tickets.sheets.grid import LARGEST_FILE

log = structlog.get_logger()

View = TypeVar("View", bound=Callable[..., Any])

# Never on a provider's webhooks.
limiter = Limiter(get_remote_address, default_limits=[], strategy="fixed-window")

# Answers to whoever did not know what they had to know: a wrong password, code or number, an unknown address.
_GUESSED_WRONG = frozenset({400, 401, 403, 404, 410, 422})


def guesses(limit: str) -> RouteLimit:
    """So many wrong guesses may come from one address; right ones are not counted."""
    return limiter.limit(limit, deduct_when=_was_wrong)


def _was_wrong(response: Response) -> bool:
    return response.status_code in _GUESSED_WRONG


def by_session() -> str:
    """A whole office comes from one address: each session is counted by itself."""
    return token_hash(request.cookies.get(SESSION_COOKIE, "") or request.remote_addr or "")


def minutes_to_wait() -> int:
    """Until the limit that this request has met allows another one, by the clock that counts it; at least one."""
    met = limiter.current_limit
    return max(1, math.ceil((met.reset_at - time.time()) / 60)) if met is not None else 1


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
