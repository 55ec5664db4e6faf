"""A leader's answer by the page: acknowledge, with an instruction or a new date; sent twice, it counts once."""

from flask import Response, flash, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import exists, select

from app.web.frame.access import signed_in
from app.web.frame.fault_words import fault_words
from app.web.frame.once import is_first
from app.web.leadership.answer_form import read_answer
from app.web.leadership.blueprint import TOLD, blueprint
from app.web.leadership.reached import place_asked, show_list
from app.web.pieces.kept_drafts import discard, keep_told, keep_typed
from app.web.pieces.ledger_filters import address
from app.wording.spoken_time import moment_phrase
from escalation.acknowledging.acknowledge import AlreadyAcknowledged, acknowledge
from escalation.acknowledging.right import rights_to_answer
from escalation.queries.raised import fired_levels
from tickets.errors import InvalidInput, NotAllowed, NotFound
from tickets.schema import PlannedStep, StepRecipient
from tickets.states import DraftForm
from tickets.work.drafts import About, about_step


@blueprint.post("/leadership/steps/<int:step_id>")
@signed_in(*TOLD)
def answer(step_id: int) -> ResponseReturnValue:
    try:
        with g.session.begin_nested():
            given = read_answer(request.form)
            done = acknowledge(
                g.session,
                step_id,
                staff_id=g.viewer.staff_id,
                instruction=given.instruction,
                new_due_at=given.new_due_at,
                via="web",
                now=g.now,
            )
    except AlreadyAcknowledged as other:
        words = _("%(name)s has already responded, %(moment)s.", name=other.by, moment=moment_phrase(other.at, g.now))
        return show_list(step_id=step_id, typed=request.form, errors={"": words}, status=409)
    except NotAllowed:
        return no_longer_theirs(step_id)
    except InvalidInput as wrong:
        keep_typed(DraftForm.INSTRUCTION, about(step_id))
        return show_list(step_id=step_id, typed=request.form, errors={wrong.field: fault_words(wrong)}, status=400)
    is_first()
    discard(DraftForm.INSTRUCTION, about(step_id))
    if done.is_further:
        flash(_("Sent. The unit has been told."), "success")
    elif not done.is_repeat:
        flash(_("Acknowledged. The unit has been told."), "success")
    return back_to_the_list()


@blueprint.post("/leadership/steps/<int:step_id>/draft")
@signed_in(*TOLD)
def draft(step_id: int) -> ResponseReturnValue:
    """Keep what is typed into the answer for a level that reached this person."""
    return keep_told(DraftForm.INSTRUCTION, about(step_id))


def no_longer_theirs(step_id: int) -> Response:
    """Their list, with what they typed for a level that went on to somebody else meanwhile.

    Whom it was not raised to must not learn that it was raised.
    """
    about(step_id)
    words = _("This is no longer yours to answer: somebody else answers for it now, or you have given it back.")
    return show_list(step_id=step_id, typed=request.form, errors={"": words}, status=409)


def back_to_the_list() -> ResponseReturnValue:
    """To the page of it from which the answer was sent."""
    here = {name: place_asked(name) for name in ("after", "answered_after")}
    return redirect(address("/leadership", here), code=303)


def about(step_id: int) -> About:
    """Whom the level was not raised to, and who does not answer for it today, must not learn of it (A4).

    What is still to come was raised to nobody.
    """
    told = exists().where(StepRecipient.step_id == PlannedStep.id, StepRecipient.staff_id == g.viewer.staff_id)
    level = select(PlannedStep.ticket_id, told).where(fired_levels(), PlannedStep.id == step_id)
    found = g.session.execute(level).one_or_none()
    if found is None or not (found[1] or rights_to_answer(g.session, [step_id], viewer=g.viewer, now=g.now)):
        raise NotFound("step", step_id)
    return about_step(step_id, ticket_id=found[0])
