"""The providers' door: who is asking is checked first, an answer is always given, and nothing that was told is lost."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

import structlog
from flask import Blueprint, Response, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.exceptions import RequestEntityTooLarge

from app.phone.answers import SPOKEN_STEPS, PhoneBook, Phones, answer
from app.phone.circuit_breaker import CircuitBreaker
from app.phone.deadline import TookTooLong, within
from app.phone.replay import Replayer
from app.phone.resting import AtWork, may_rest
from app.phone.spool import Spool
from app.phone.without_database import WithoutDatabase
from app.storage import database_faults
from app.storage.database import repeated, transaction
from app.storage.database_faults import DatabaseFault
from app.web.frame.access import signed_webhook
from app.web.frame.application import HotlineApp
from app.web.frame.current import hotline, settings
from telephony.provider.account import ProviderAccount
from telephony.provider.driver import WireRequest
from telephony.provider.drivers import driver_of
from telephony.provider.held_turn import recalled
from telephony.provider.webhook_inbox import Webhook, WebhookAnswer, refuse

blueprint = Blueprint("webhooks", __name__, url_prefix="/webhooks/<account>")
blueprint.without_csrf = True  # type: ignore[attr-defined]

# A caller hears silence while we think: after this long it is better to say that we do.
DEADLINE_SECONDS = 1.0
# A process that has just begun reads and compiles while it answers: its callers wait longer, and providers for fifteen.
FIRST_DEADLINE_SECONDS = 4.0
_YOUNG_SECONDS = 20.0
# Whoever is not believed waits so long for the accounts to be read again.
LEARNING_SECONDS = 0.5
# Refusals written per minute and process: a flood of forgeries must not become a flood of rows.
MOST_REFUSALS_A_MINUTE = 60

# A caller who hears the fail-safe document, or waits for the database to come back, is in no row of ours.
_FAILSAFE = ("hotline_webhook_failsafe", "Events answered without the product: by why it could not")
_DATABASE, _FAULT = "database", "fault"
_RESTED = ("hotline_webhook_rested", "Turns of waiting callers put off by a round of music, because many were at work")

log = structlog.get_logger()


@dataclass
class Door:
    """What this process keeps for its webhooks: accounts and documents, breaker, spool and its replayer."""

    phones: Phones
    spool: Spool
    replayer: Replayer
    breaker: CircuitBreaker = field(default_factory=CircuitBreaker)
    at_work: AtWork = field(default_factory=AtWork)
    refusals: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    opened_at: float = field(default_factory=time.monotonic)
    # Whether an event was answered by the whole product; a process that never did so is young for a while only.
    has_answered: bool = False

    @property
    def deadline_seconds(self) -> float:
        is_young = not self.has_answered and time.monotonic() - self.opened_at < _YOUNG_SECONDS
        return FIRST_DEADLINE_SECONDS if is_young else DEADLINE_SECONDS

    @property
    def without_database(self) -> WithoutDatabase:
        return WithoutDatabase(self.phones, self.spool, self.replayer)


def door() -> Door:
    """Made once in each process, by `open_door`."""
    app = hotline()
    made: Door | None = app.extensions.get("webhook_door")
    if made is None:
        phones = Phones(app.settings, app.reference)
        spool = Spool.in_data_dir(app.settings.data_dir)
        made = Door(phones, spool, Replayer(spool, phones, app.sessions, app.time))
        app.extensions["webhook_door"] = made
        for why in (_DATABASE, _FAULT):
            # From nothing to one is a growth only where the nothing was told.
            app.counts.add(*_FAILSAFE, {"why": why}, 0)
        app.counts.add(*_RESTED, {}, 0)
        made.replayer.wake_if_needed()
    return made


@blueprint.before_app_request
def open_door() -> None:
    """Take in what was kept on disk, and read places and rules: a process's first caller must not wait for them.

    When a worker begins, and else at the first request. Every request sees to it that changed accounts are known.
    """
    app = hotline()
    if app.is_bound:
        return
    if "webhook_door" in app.extensions:
        here = door()
        if not here.breaker.is_open:
            here.phones.known.renew_beside(app.webhook_sessions)
            # By the pages' connections: callers need theirs.
            here.phones.recordings.renew_beside(app.sessions)
    else:
        here = door()
        threading.Thread(target=_read_ahead, args=(here, app), daemon=True, name="warm-up").start()


def _read_ahead(here: Door, app: HotlineApp) -> None:
    here.phones.known.renew(app.webhook_sessions)
    here.phones.recordings.renew(app.sessions)
    try:
        with transaction(app.sessions) as session:
            now = app.time.read(session)
            for account in here.phones.accounts:
                here.phones.desk(session, account, now=now)
    except Exception:
        log.warning("webhook.not_warm", exc_info=True)


@blueprint.route("/<kind>", methods=["GET", "POST"], strict_slashes=False)
@signed_webhook
def receive(account: str, kind: str) -> ResponseReturnValue:
    """Every event of every account. A bad signature is 403 and an unknown account 404, both without a body."""
    here = door()
    # No event has a NUL in its name, and PostgreSQL keeps none.
    if "\0" in kind:
        return Response("", 404)
    try:
        wire = wire_request()
        known, reason = _judged(here, account, wire)
    except RequestEntityTooLarge:
        known, reason = here.phones.accounts.get(account), "too_large"
    if known is None:
        return Response("", 404)
    if reason:
        _note_refusal(here, account, reason)
        return Response("", 403)
    webhook = recalled(Webhook(account, kind, _fields(known, wire), _query()), here.phones.reference.keys.pin)
    return _response(_answered(here, webhook, received_at=g.now))


def _judged(here: Door, account: str, wire: WireRequest) -> tuple[ProviderAccount | None, str]:
    """Who asks, and why they are not believed. Whoever is not known or not believed is judged by what is new, if any.

    So that an account which was added, or whose token was changed, on another node a moment ago is believed at once.
    """
    book = here.phones.book
    known = book.accounts.get(account)
    reason = "" if known is None else _refusal(known, wire)
    if (known is None or reason) and _has_changed(here, book):
        known = here.phones.accounts.get(account)
        reason = "" if known is None else _refusal(known, wire)
    return known, reason


def _refusal(known: ProviderAccount, wire: WireRequest) -> str:
    return driver_of(known).refusal(known, wire, public_base_url=settings().base_url)


def _has_changed(here: Door, book: PhoneBook) -> bool:
    """Whether the accounts are others than in this book; the database is asked every two seconds at most."""
    app = hotline()
    if app.is_bound or here.breaker.is_open:
        return False
    sessions = app.webhook_sessions
    try:
        return within(LEARNING_SECONDS, lambda: here.phones.known.differs(book.rows, sessions))
    except TookTooLong:
        return False


def wire_request() -> WireRequest:
    return WireRequest(
        method=request.method,
        raw_path=_raw_path(),
        raw_query=request.environ.get("QUERY_STRING", ""),
        headers={name.lower(): value for name, value in request.headers.items()},
        form=request.form,
        query=request.args,
        body=b"" if request.form else request.get_data(cache=True),
    )


def _raw_path() -> str:
    """The path as it came over the wire: gunicorn keeps it whole, other servers only the decoded one."""
    raw = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or ""
    if raw.startswith("/"):
        return str(raw).split("?", 1)[0]
    # Quoted again as senders do; the test client and the development server leave nothing else.
    return request.root_path.rstrip("/") + _quoted(request.path)


def _quoted(path: str) -> str:
    return quote(path, safe="/!$&'()*+,;=:@-._~")


def _fields(account: ProviderAccount, wire: WireRequest) -> Mapping[str, str]:
    told = driver_of(account).fields(account, wire)
    return {name: value.replace("\0", "") for name, value in told.items()}


def _query() -> Mapping[str, str]:
    return {name: value.replace("\0", "") for name, value in request.args.items()}


def _answered(here: Door, webhook: Webhook, *, received_at: datetime) -> WebhookAnswer:
    """The answer of the product, or, whatever goes wrong, one that needs nothing but memory and disk."""
    app = hotline()
    if held := here.without_database.held_after_failure(webhook):
        _count_failsafe(_DATABASE)
        return held
    if app.is_bound:
        return answer(g.session, webhook, here.phones, received_at=received_at, now=received_at)
    if not here.breaker.allows():
        _count_failsafe(_DATABASE)
        return here.without_database.answer(webhook, received_at=received_at, passes=True)
    if here.at_work.are_many and may_rest(webhook):
        app.counts.add(*_RESTED, {})
        return here.without_database.rest(webhook)
    # Taken out of the request's context here: the thread that works has none.
    sessions = app.webhook_sessions
    try:
        return within(here.deadline_seconds, lambda: _in_transaction(sessions, webhook, here, received_at))
    except Exception as trouble:
        passes = isinstance(trouble, TookTooLong) or database_faults.passes(trouble)
        if passes:
            log.warning("webhook.database", kind=webhook.kind, reason=type(trouble).__name__)
        else:
            log.exception("webhook.failed", kind=webhook.kind)
    _count_failsafe(_DATABASE if passes else _FAULT)
    return here.without_database.answer(webhook, received_at=received_at, passes=passes)


def _count_failsafe(why: str) -> None:
    hotline().counts.add(*_FAILSAFE, {"why": why})


def _in_transaction(
    factory: sessionmaker[Session], webhook: Webhook, here: Door, received_at: datetime
) -> WebhookAnswer:
    """Tells the breaker how it went also when nobody waits for it any more."""
    try:
        with here.at_work.one_more():
            given = repeated(
                factory,
                lambda session: answer(session, webhook, here.phones, received_at=received_at, now=received_at),
            )
    except Exception as trouble:
        fault = database_faults.fault_of(trouble)
        if fault is DatabaseFault.AWAY:
            here.breaker.failed()
        elif fault not in (None, DatabaseFault.CROWDED):
            here.breaker.succeeded()
        raise
    here.breaker.succeeded()
    here.has_answered = True
    return given


def _note_refusal(here: Door, account: str, reason: str) -> None:
    log.warning("webhook.refused", account=account, reason=reason, path=request.path[:200])
    now = time.monotonic()
    with here.lock:
        here.refusals[:] = [at for at in here.refusals if now - at < 60]
        if len(here.refusals) >= MOST_REFUSALS_A_MINUTE or here.breaker.is_open:
            return
        here.refusals.append(now)
    app = hotline()
    if app.is_bound:
        refuse(g.session, account=account, path=request.path, reason=reason, now=g.now)
        return
    noted = (app.webhook_sessions, account, request.path, reason, g.now)
    threading.Thread(target=_write_refusal, args=noted, daemon=True, name="refusal").start()


def _write_refusal(factory: sessionmaker[Session], account: str, path: str, reason: str, at: datetime) -> None:
    """Beside the request: whoever is not believed gets the same answer when the note cannot be written."""
    try:
        with transaction(factory) as session:
            refuse(session, account=account, path=path, reason=reason, now=at)
    except Exception as trouble:
        log.warning("webhook.refusal_not_noted", reason=type(trouble).__name__)


def _response(given: WebhookAnswer) -> Response:
    if given.status == 204 or not given.body:
        return Response("", given.status)
    return Response(given.body, given.status, content_type="text/xml; charset=utf-8")


@blueprint.errorhandler(Exception)
def last_resort(error: Exception) -> ResponseReturnValue:
    """Something before or after the work itself went wrong; the caller hears words all the same."""
    log.error("webhook.broken", exc_info=error)
    _count_failsafe(_FAULT)
    arguments = request.view_args or {}
    kind, account = arguments.get("kind", ""), arguments.get("account", "")
    here = door()
    if kind not in SPOKEN_STEPS or account not in here.phones.accounts:
        return Response("", 503)
    webhook = recalled(Webhook(account, kind, {}, _query()), here.phones.reference.keys.pin)
    held = here.without_database.held(webhook, passes=False)
    return _response(held or here.phones.failsafe_answer(webhook))
