"""Errors as programs are told of them: of their request, where a page speaks of pages and buttons."""

from flask_babel import gettext as _
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException

from app.web.frame.field_errors import FieldErrors
from tickets import errors as domain

Words = tuple[str, str]
# What tells no more than its status; everything else has words of its own.
_ONLY_A_STATUS = HTTPException | FieldErrors | DataError | domain.NotFound | domain.NotAllowed


def program_words(error: Exception, status: int) -> Words | None:
    """Title and sentence for a program; None where what people read says it as well."""
    return _by_status().get(status) if isinstance(error, _ONLY_A_STATUS) else _by_kind().get(type(error))


def busy_words() -> Words:
    return (
        _("Very busy at the moment"),
        _("Calls, texts and reports are taken first. Send the request again in a few seconds."),
    )


def _by_kind() -> dict[type[Exception], Words]:
    return {
        domain.AlreadyAssigned: (
            _("Somebody else has taken it"),
            _("Somebody else took this ticket a moment ago. Nothing was changed."),
        ),
        domain.TransitionNotAllowed: (
            _("That is not possible now"),
            _("The ticket has changed in the meantime. Read it again to see how it stands now."),
        ),
        domain.LaterDueNeedsApproval: (
            _("A later date needs approval"),
            _("Only a supervisor may set it; an earlier date needs no approval."),
        ),
        domain.CitizensOwnWord: (
            _("Only the citizen can withdraw it"),
            _("A request is withdrawn by the citizen who made it, not by a program."),
        ),
    }


def _by_status() -> dict[int, Words]:
    return {
        400: (_("That could not be understood"), _("The request is not in the form that this address expects.")),
        403: (_("No access"), _("This request is not open to the unit or the scopes of the token.")),
        404: (_("Not found"), _("There is nothing at this address, or it is not open to the token.")),
        405: (_("Not possible this way"), _("This address does not answer this method.")),
        413: (_("Too large"), _("The body of the request is larger than this address takes.")),
        415: (_("Not possible this way"), _("The body of the request is of a type that this address does not take.")),
        429: (_("Too many requests"), _("Wait a minute and send the request again.")),
        503: (_("Not available at the moment"), _("Send the request again in a minute.")),
    }
