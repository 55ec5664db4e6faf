"""The note that a turn hands over: written at its end, kept as it is typed, read by the next."""

from collections.abc import Mapping

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.web.frame.access import signed_in
from app.web.frame.fault_words import fault_words
from app.web.rota.blueprint import ON_THE_ROTA, blueprint
from tickets.directory.handovers import MOST_LETTERS, keep_draft, own_turn_to_hand_over, typed_so_far, write_note
from tickets.directory.shifts import DutyTurn
from tickets.errors import InvalidInput

_NOTE = "/my/duty/shifts/<int:shift_id>/note"


@blueprint.get(_NOTE)
@signed_in(*ON_THE_ROTA)
def note(shift_id: int) -> ResponseReturnValue:
    return _page(_own(shift_id), typed_so_far(g.session, shift_id))


@blueprint.post(f"{_NOTE}/draft")
@signed_in(*ON_THE_ROTA)
def note_draft(shift_id: int) -> ResponseReturnValue:
    _own(shift_id)
    keep_draft(g.session, shift_id, request.form.get("words", "")[:MOST_LETTERS])
    return "", 204


@blueprint.post(_NOTE)
@signed_in(*ON_THE_ROTA)
def hand_over(shift_id: int) -> ResponseReturnValue:
    turn, words = _own(shift_id), request.form.get("words", "")
    try:
        write_note(g.session, turn, words, actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        return _page(turn, words, errors={wrong.field: fault_words(wrong)}, status=400)
    flash(_("Handed over: the next shift reads it when it begins."), "success")
    return redirect("/my/duty", code=303)


def _own(shift_id: int) -> DutyTurn:
    return own_turn_to_hand_over(g.session, shift_id, staff_id=g.viewer.staff_id, now=g.now)


def _page(turn: DutyTurn, words: str, *, errors: Mapping[str, str] | None = None, status: int = 200) -> Response:
    page = render_template("rota/note.html", turn=turn, words=words, most=MOST_LETTERS, errors=errors or {})
    return Response(page, status, mimetype="text/html")
