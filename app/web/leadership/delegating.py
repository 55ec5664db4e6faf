"""A leader asks a colleague to answer for a level, with the reason; it stays on both desks."""

from collections.abc import Mapping
from datetime import datetime

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select

from app.web.frame.access import signed_in
from app.web.frame.fault_words import fault_words
from app.web.frame.once import is_first
from app.web.leadership.answering import no_longer_theirs
from app.web.leadership.blueprint import TOLD, blueprint
from app.web.pieces.kept_drafts import discard, keep_told, keep_typed
from app.web.pieces.typed_forms import form_about
from app.wording.raised_words import delay_sentence, matter_for_outsiders
from app.wording.spoken_time import moment_phrase
from escalation.acknowledging.delegate import LONGEST_ASKING, delegate, may_ask
from escalation.acknowledging.right import rights_to_answer
from escalation.queries.raised import Raised, fired_levels, load_raised
from tickets.directory.absences import leave_of
from tickets.directory.colleagues import Colleague, colleagues_of
from tickets.errors import InvalidInput, NotAllowed, NotFound
from tickets.schema import PlannedStep, Ticket
from tickets.states import DraftForm
from tickets.typed_text import typed_number
from tickets.work.drafts import About, about_step


@blueprint.get("/leadership/steps/<int:step_id>/delegate")
@signed_in(*TOLD)
def ask_colleague(step_id: int) -> ResponseReturnValue:
    return _page(step_id, errors={}, status=200)


@blueprint.post("/leadership/steps/<int:step_id>/delegate/draft")
@signed_in(*TOLD)
def delegation_draft(step_id: int) -> ResponseReturnValue:
    _mine(step_id)
    return keep_told(DraftForm.DELEGATION, _about(step_id))


@blueprint.post("/leadership/steps/<int:step_id>/delegate")
@signed_in(*TOLD)
def delegated(step_id: int) -> ResponseReturnValue:
    form = request.form
    try:
        with g.session.begin_nested():
            done = delegate(
                g.session,
                step_id,
                from_id=g.viewer.staff_id,
                to_id=typed_number(form.get("to", "")),
                reason=form.get("reason", "").replace("\0", ""),
                now=g.now,
            )
    except NotAllowed as refused:
        if rights_to_answer(g.session, [step_id], viewer=g.viewer, now=g.now):
            # Theirs to answer, and not to pass on: the page offers it to nobody.
            raise NotFound("step", step_id) from refused
        return no_longer_theirs(step_id)
    except InvalidInput as wrong:
        keep_typed(DraftForm.DELEGATION, _about(step_id))
        return _page(step_id, errors={wrong.field: fault_words(wrong)}, status=400)
    is_first()
    discard(DraftForm.DELEGATION, _about(step_id))
    if done.is_repeat:
        flash(_("%(name)s has been asked already and has not given it back.", name=done.name), "success")
    else:
        flash(
            _("%(name)s is asked and told. It stays on your list until one of you answers.", name=done.name), "success"
        )
    return redirect("/leadership", code=303)


def _about(step_id: int) -> About:
    """With its ticket, so that what was typed about it is erased with it."""
    return about_step(step_id, ticket_id=g.session.get_one(PlannedStep, step_id).ticket_id)


def _page(step_id: int, *, errors: Mapping[str, str], status: int) -> Response:
    raised = _mine(step_id)
    told_at = next((p.told_at for p in raised.told if p.staff_id == g.viewer.staff_id), raised.fired_at)
    page = render_template(
        "leadership/delegate.html",
        raised=raised,
        sentence=delay_sentence(raised, matter=matter_for_outsiders(raised), since=told_at, now=g.now),
        colleagues=_colleagues(),
        longest=LONGEST_ASKING,
        form=form_about(
            DraftForm.DELEGATION,
            _about(step_id),
            key=str(step_id),
            draft_url=f"/leadership/steps/{step_id}/delegate/draft",
        ),
        errors=errors,
    )
    return Response(page, status, mimetype="text/html")


def _mine(step_id: int) -> Raised:
    """The level that was raised, of somebody who may ask a colleague about it; for everybody else there is none."""
    mine = rights_to_answer(g.session, [step_id], viewer=g.viewer, now=g.now).get(step_id)
    restricted = select(Ticket.is_restricted).join(PlannedStep, PlannedStep.ticket_id == Ticket.id)
    is_restricted = g.session.scalar(restricted.where(fired_levels(), PlannedStep.id == step_id))
    if mine is None or is_restricted is None:
        raise NotFound("step", step_id)
    if not may_ask(g.session, step_id, mine, staff_id=g.viewer.staff_id, is_restricted=is_restricted):
        raise NotFound("step", step_id)
    return load_raised(g.session, [step_id])[0]


def _colleagues() -> list[tuple[str, str]]:
    """Whom the reader may ask to answer instead: deputies first and named so, whoever is on leave last and named so."""
    found = colleagues_of(g.session, g.viewer.staff_id, now=g.now)
    leaves = leave_of(g.session, [one.staff_id for one in found], from_at=g.now)
    away = {one.staff_id: one.ends_at for one in leaves if one.starts_at <= g.now}
    return [
        (str(one.staff_id), _named(one, away.get(one.staff_id)))
        for one in sorted(found, key=lambda one: one.staff_id in away)
    ]


def _named(one: Colleague, away_until: datetime | None) -> str:
    if away_until is not None:
        return _("%(name)s (on leave until %(moment)s)", name=one.name, moment=moment_phrase(away_until, g.now))
    return _("%(name)s (deputy)", name=one.name) if one.stands_in else one.name
