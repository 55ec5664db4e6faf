"""The one table that turns what went wrong into a status and words: a page for people, problem+json for programs."""

import errno
from dataclasses import dataclass

import structlog
from flask import Response, g, jsonify, request
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException

from app.storage.database_faults import DatabaseFault, fault_of
from app.storage.media_kept import MediaGone, MediaUnreachable
from app.web.frame.fault_words import fault_words
from app.web.frame.field_errors import FieldErrors, field_error
from app.web.frame.giving_way import GivesWay
from app.web.frame.limits import minutes_to_wait
from app.web.frame.program_words import busy_words, program_words
from tickets import errors as domain

log = structlog.get_logger()

_STATUS: dict[type[Exception], int] = {
    domain.NotFound: 404,
    domain.NotAllowed: 403,
    domain.InvalidInput: 400,
    domain.TransitionNotAllowed: 409,
    domain.AlreadyAssigned: 409,
    domain.PinWrong: 403,
    domain.PinLocked: 429,
    domain.KeyReused: 422,
    domain.ReopeningWindowOver: 409,
    domain.OwingUnitAlone: 403,
    domain.AboutItself: 403,
    domain.CitizensOwnWord: 403,
    domain.InDispute: 409,
    domain.LaterDueNeedsApproval: 403,
    domain.PromiseBroken: 409,
}


_ONLY_SHOWS = ("GET", "HEAD")

# What was sent is well formed but does not fit what stands now; at another time it would.
_STATE_FAULTS = frozenset(
    {
        "not_in_the_future",
        "later_than_allowed",
        "past",
        "clock_stopped",
        "level_over",
        "no_phone",
        "number_premium",
        "number_refused",
        "came_from_no_other",
        "not_suspected",
        "no_such_ticket",
        "same_ticket",
        "restricted_not_linked",
        "not_yours_to_link",
        "not_to_be_expected",
        "is_duplicate",
        "appeal_not_linked",
        "appeal_is_decided",
        "no_open_appeal",
        "is_appeal",
        "not_closed",
        "too_late",
        "appealed_before",
        "master_is_duplicate",
        "master_over",
        "no_duplicate",
    }
)


@dataclass(frozen=True, slots=True)
class ShownError:
    """An error as it is shown: status, a short title, a sentence that says what now."""

    status: int
    title: str
    words: str


def trouble_of(error: Exception) -> ShownError:
    """Words and status for anything a view raised; the unexpected is a 500 that tells nothing of the inside."""
    shown = _shown_to_people(error)
    if not wants_json():
        return shown
    words = busy_words() if isinstance(error, GivesWay) else program_words(error, shown.status)
    return ShownError(shown.status, *words) if words is not None else shown


def _shown_to_people(error: Exception) -> ShownError:
    if isinstance(error, domain.HotlineError):
        status = next((s for kind, s in _STATUS.items() if isinstance(error, kind)), 400)
        if isinstance(error, domain.InvalidInput) and error.code in _STATE_FAULTS:
            status = 409
        return _domain_trouble(error, status)
    if isinstance(error, FieldErrors | DataError):
        # DataError: a number no row can have, a letter no text can hold; nobody types those by mistake.
        return _http_trouble(400)
    if isinstance(error, CSRFError):
        return ShownError(
            400,
            _("This form is no longer valid"),
            _("Go back, reload the page and send it again."),
        )
    if isinstance(error, HTTPException):
        return _busy() if isinstance(error, GivesWay) else _http_trouble(error.code or 500)
    return _trouble_below(error)


def _trouble_below(error: Exception) -> ShownError:
    """Of the database, of this machine's disk, of the store of media; whatever else is our fault."""
    if isinstance(error, MediaGone | MediaUnreachable):
        return _media_trouble(error)
    fault = fault_of(error)
    if fault not in (None, DatabaseFault.REFUSED) or _is_disk_full(error):
        return ShownError(503, _("Not available at the moment"), _passing_words(fault))
    return _http_trouble(500)


def _media_trouble(error: MediaGone | MediaUnreachable) -> ShownError:
    if isinstance(error, MediaGone):
        return ShownError(
            404,
            _("The file is missing"),
            _("It is on record, but it no longer lies where it was kept. Please tell your administrator."),
        )
    return ShownError(
        503,
        _("Not available at the moment"),
        _("Pictures and recordings cannot be reached at the moment. Nothing is lost; please try again later."),
    )


def _busy() -> ShownError:
    return ShownError(
        503,
        _("Very busy at the moment"),
        _("Calls, texts and reports are taken first. This page can be opened again in a few seconds."),
    )


def _is_disk_full(error: Exception) -> bool:
    """This machine's own, where pictures are kept."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


def _passing_words(fault: DatabaseFault | None) -> str:
    if request.method in _ONLY_SHOWS:
        # It may be the page after a form that was taken: nobody is to send that a second time.
        return _(
            "It cannot be shown now. Nothing is lost: what was received before is kept. Please try again in a minute."
        )
    if fault in (DatabaseFault.LOCKED, DatabaseFault.DEADLOCK):
        return _("Somebody else is writing to the same matter. Nothing was saved. Please try again in a moment.")
    if fault in (DatabaseFault.READ_ONLY, None):
        return _("Nothing can be kept at the moment. Nothing was saved. Please try again later.")
    return _("Our database is not responding. Nothing was saved. Please try again in a minute.")


def _domain_trouble(error: domain.HotlineError, status: int) -> ShownError:
    if isinstance(error, domain.NotFound | domain.NotAllowed):
        return _http_trouble(status)
    words: dict[type[Exception], tuple[str, str]] = {
        domain.AlreadyAssigned: (
            _("Somebody else has taken it"),
            _("Another colleague took this ticket a moment ago. Nothing you typed was lost."),
        ),
        domain.TransitionNotAllowed: (
            _("That is not possible now"),
            _("The ticket has changed in the meantime. Reload it to see how it stands now."),
        ),
        domain.ReopeningWindowOver: (
            _("It can no longer be reopened"),
            _("Please open a new ticket and quote this reference; the two will be linked."),
        ),
        domain.LaterDueNeedsApproval: (
            _("A later date needs approval"),
            _("Ask your supervisor to set it; you can set an earlier date yourself."),
        ),
        domain.PromiseBroken: (
            _("The promise is broken already"),
            _("What was promised is over and stays on record. Tell the citizen when it will be done in an answer."),
        ),
        domain.OwingUnitAlone: (
            _("No longer for the unit to decide"),
            _(
                "A warning or a report to a higher level has gone out. Only the City Office or a city supervisor may"
                " now set the ticket aside, pause it, ease its promise, send it elsewhere or change what it is about."
            ),
        ),
        domain.AboutItself: (
            _("Not for the unit it is about"),
            _(
                "It may be a complaint about your own unit or its people: only the City Office, or somebody of another"
                " unit, may set it aside, pause it, move it, rename it or say that it accuses nobody."
            ),
        ),
        domain.InDispute: (
            _("The City Office decides who is responsible"),
            _(
                "Units have sent it back and forth. The City Office decides, or has decided, whose it is; it is worked"
                " on where it stands, and the promise to the citizen goes on."
            ),
        ),
        domain.CitizensOwnWord: (
            _("Only the citizen can withdraw it"),
            _("Only the citizen can withdraw a request, on the page where it is tracked."),
        ),
        domain.PinLocked: (_("Too many attempts"), _("Please wait fifteen minutes.")),
        domain.PinWrong: (_("Wrong reference or PIN"), _("Please check both numbers.")),
        domain.KeyReused: (
            _("This key was used before"),
            _("The same Idempotency-Key came with a different request."),
        ),
    }
    if isinstance(error, domain.InvalidInput):
        return ShownError(status, _("That could not be used"), fault_words(error))
    title, sentence = words.get(type(error), (_("That could not be used"), _("Please check what you entered.")))
    return ShownError(status, title, sentence)


def _http_trouble(status: int) -> ShownError:
    words = {
        400: (_("That could not be understood"), _("Please check what you entered and send it again.")),
        403: (
            _("No access"),
            _("You do not have access to this page. If you need it for your work, ask your administrator."),
        ),
        404: (_("Not found"), _("There is no such page, or it is not open to you.")),
        405: (_("Not possible this way"), _("Go back and use the buttons on the page.")),
        413: (
            _("Too large"),
            _("A picture may have at most 10 MB. What you typed was not sent; go back and choose smaller ones."),
        ),
        429: (_("Too many requests"), _wait()),
        503: (_("Not available at the moment"), _("Please try again in a minute.")),
    }
    unexpected = (
        _("Something went wrong on our side"),
        _("The problem has been recorded. Please try once more."),
    )
    title, sentence = words.get(status, unexpected if status >= 500 else words[400])
    return ShownError(status, title, sentence)


def _wait() -> str:
    minutes = minutes_to_wait()
    return ngettext("Please wait a minute and try again.", "Please wait %(num)d minutes and try again.", minutes)


def wants_json() -> bool:
    return request.path.startswith(("/api/", "/health/"))


def problem(trouble: ShownError, errors: list[dict[str, str]] | None = None) -> Response:
    """An RFC 9457 body as contract.md shapes it."""
    body = {
        "type": "about:blank",
        "title": trouble.title,
        "status": trouble.status,
        "detail": trouble.words,
        "errors": errors or [],
        "request_id": g.get("request_id", ""),
    }
    response = jsonify(body)
    response.status_code = trouble.status
    response.content_type = "application/problem+json"
    return response


def field_errors(error: Exception) -> list[dict[str, str]]:
    if isinstance(error, FieldErrors):
        return error.errors
    if isinstance(error, domain.InvalidInput):
        return [field_error(error.field, error.code, fault_words(error))]
    return []
