"""Who may call an endpoint: every view declares it with one of these decorators; an undeclared one answers 403."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from flask import abort, current_app, g, redirect, request
from flask.typing import ResponseReturnValue

from app.settings import is_loopback
from app.web.frame.api_tokens import optional_token, require_scope
from app.web.frame.page_address import page_address
from app.web.frame.session_cookie import signed_in_person
from tickets.people.actor import citizen_actor, staff_actor
from tickets.states import Role

View = TypeVar("View", bound=Callable[..., Any])

_SIGNS_OF_A_PROXY = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")


@dataclass(frozen=True, slots=True)
class Access:
    """What a view declared: `kind` is one of `_GATES`; `roles` are for staff, `scope` is for bearer."""

    kind: str
    roles: frozenset[Role] = frozenset()
    scope: str = ""


def _declare(access: Access) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.access = access  # type: ignore[attr-defined]
        return view

    return mark


def public(view: View) -> View:
    """Anybody may call it. A signed-in person is still known, for links and language."""
    return _declare(Access("public"))(view)


def asks_nobody(view: View) -> View:
    """Anybody may call it, and it is not looked up who that is: it answers also while the database says nothing."""
    return _declare(Access("unasked"))(view)


def signed_in(*roles: Role) -> Callable[[View], View]:
    """People who hold at least one of `roles` somewhere; none given: anybody who is signed in."""
    return _declare(Access("staff", frozenset(roles)))


def password_given(view: View) -> View:
    """People who gave their password but perhaps not their second factor yet: only the page that asks for it."""
    return _declare(Access("halfway"))(view)


def signed_webhook(view: View) -> View:
    """A provider; the view itself checks the signature, because only it knows the account."""
    return _declare(Access("webhook"))(view)


def bearer(scope: str) -> Callable[[View], View]:
    """A program with a token that carries `scope`; the API's own gate checks it and answers in problem+json."""
    return _declare(Access("bearer", scope=scope))


def open_data(view: View) -> View:
    """Open data of the API: anybody may read it; a valid token is known and lifts the rate limit."""
    return _declare(Access("open"))(view)


def internal(view: View) -> View:
    """Monitoring: loopback, or the metrics token as a bearer."""
    return _declare(Access("internal"))(view)


def declared(view: Callable[..., Any] | None) -> Access | None:
    found = getattr(view, "access", None)
    return found if isinstance(found, Access) else None


def check_access(view: Callable[..., Any] | None) -> ResponseReturnValue | None:
    """None when the request may go on; else the answer it gets instead. Sets `g.viewer` and `g.actor`."""
    g.actor = citizen_actor(g.get("request_id", ""))
    if request.routing_exception is not None or request.endpoint == "static":
        return None
    access = declared(view)
    if access is None:
        abort(403)
    return _GATES[access.kind](access)


def _open_gate(_access: Access) -> None:
    """Nobody is asked; a webhook's view checks its signature itself, because only it knows the account."""


def _bearer_gate(access: Access) -> None:
    require_scope(g.session, access.scope, now=g.now)


def _open_data_gate(_access: Access) -> None:
    optional_token(g.session, now=g.now)


def _public_gate(_access: Access) -> None:
    person = signed_in_person(g.session, now=g.now)
    if person:
        g.viewer = person.viewer
        g.actor = staff_actor(person.viewer.staff_id, g.request_id)


def _staff_gate(access: Access) -> ResponseReturnValue | None:
    _public_gate(access)
    person = signed_in_person(g.session, now=g.now)
    if person is None:
        return _sign_in_first()
    if access.kind == "halfway":
        return None
    if not person.wholly:
        return redirect("/sign-in/code?next=" + quote(page_address()), code=303)
    if access.roles and not person.viewer.roles & access.roles:
        abort(403)
    return None


def _sign_in_first() -> ResponseReturnValue:
    """A script gets an answer it can understand: it must not put the sign-in page into a corner of another one."""
    if "HX-Request" in request.headers or "X-CSRFToken" in request.headers:
        return "", 401
    ended = "" if request.method == "GET" else "&ended=1"
    return redirect("/sign-in?next=" + quote(page_address()) + ended, code=303)


def _internal_gate(_access: Access) -> None:
    token = current_app.config["HOTLINE_METRICS_TOKEN"]
    given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    if token and given and hmac.compare_digest(token.encode(), given.encode()):
        return
    # Behind a proxy on this machine every request comes from loopback, and a proxy may pass on no address at all: what
    # bears a sign of one, or asks for us by another name than this machine's own, is not local.
    forwarded = any(name in request.headers for name in _SIGNS_OF_A_PROXY)
    asked_for = urlsplit(f"//{request.host}").hostname or ""
    if forwarded or not is_loopback(asked_for) or not is_loopback(request.remote_addr or ""):
        abort(403)


_GATES: dict[str, Callable[[Access], ResponseReturnValue | None]] = {
    "public": _public_gate,
    "halfway": _staff_gate,
    "staff": _staff_gate,
    "unasked": _open_gate,
    "webhook": _open_gate,
    "bearer": _bearer_gate,
    "open": _open_data_gate,
    "internal": _internal_gate,
}
