"""Whoever was asked to answer for a colleague gives it back, with the reason."""

from flask import flash, g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.web.frame.access import signed_in
from app.web.frame.fault_words import fault_words
from app.web.frame.once import is_first
from app.web.leadership.answering import about, back_to_the_list, no_longer_theirs
from app.web.leadership.blueprint import TOLD, blueprint
from app.web.leadership.reached import show_list
from escalation.acknowledging.decline import decline
from tickets.errors import InvalidInput, NotAllowed


@blueprint.post("/leadership/steps/<int:step_id>/decline")
@signed_in(*TOLD)
def declined(step_id: int) -> ResponseReturnValue:
    reason = request.form.get("reason", "").replace("\0", "")
    try:
        with g.session.begin_nested():
            decline(g.session, step_id, staff_id=g.viewer.staff_id, reason=reason, now=g.now)
    except NotAllowed:
        return no_longer_theirs(step_id)
    except InvalidInput as wrong:
        # A level that is over is refused before anybody's right to it is asked.
        about(step_id)
        return show_list(step_id=step_id, typed=request.form, errors={wrong.field: fault_words(wrong)}, status=400)
    is_first()
    flash(_("Given back. Whoever asked you is told."), "success")
    return back_to_the_list()
