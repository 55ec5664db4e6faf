"""A leader passes a level up by the page: the next one comes now; what was typed as an instruction is the reason."""

from flask import flash, g, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.web.frame.access import signed_in
from app.web.frame.fault_words import fault_words
from app.web.frame.once import is_first
from app.web.leadership.answer_form import read_answer
from app.web.leadership.answering import about, back_to_the_list, no_longer_theirs
from app.web.leadership.blueprint import TOLD, blueprint
from app.web.leadership.reached import show_list
from app.web.pieces.kept_drafts import discard, keep_typed
from escalation.acknowledging.pass_up import NothingAbove, pass_up
from tickets.errors import InvalidInput, NotAllowed
from tickets.states import DraftForm


@blueprint.post("/leadership/steps/<int:step_id>/pass-up")
@signed_in(*TOLD)
def passed_up(step_id: int) -> ResponseReturnValue:
    try:
        with g.session.begin_nested():
            reason = read_answer(request.form).instruction
            done = pass_up(g.session, step_id, staff_id=g.viewer.staff_id, reason=reason, via="web", now=g.now)
    except NothingAbove:
        words = _("There is no level above this one any more.")
        return show_list(step_id=step_id, typed=request.form, errors={"": words}, status=409)
    except NotAllowed:
        return no_longer_theirs(step_id)
    except InvalidInput as wrong:
        keep_typed(DraftForm.INSTRUCTION, about(step_id))
        return show_list(step_id=step_id, typed=request.form, errors={wrong.field: fault_words(wrong)}, status=400)
    is_first()
    discard(DraftForm.INSTRUCTION, about(step_id))
    if done.is_repeat:
        flash(_("Level %(level)s had already been told.", level=done.level), "success")
    else:
        flash(_("Passed up. Level %(level)s is told now.", level=done.level), "success")
    return back_to_the_list()
