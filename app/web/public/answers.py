"""Answers for everybody: the guidance in force, searched with or without accents."""

from flask import Blueprint, g, render_template, request
from flask.typing import ResponseReturnValue

from app.web.frame.access import public
from tickets.queries.guidance import counts_of, public_answer, public_answers
from tickets.states import GuidanceUseKind
from tickets.typed_text import clean_text, typed_number
from tickets.work.guidance import note_use

blueprint = Blueprint("answers", __name__)

_ANSWERS_SHOWN = 50
# Fewer could tell a neighbour how somebody's own matter was answered.
_LEAST_ANSWERED = 5


@blueprint.get("/answers")
@public
def answer_list() -> ResponseReturnValue:
    said = clean_text(request.args.get("q", "")[:200], 200, field="q")
    before = typed_number(request.args.get("before", ""))
    found = public_answers(g.session, text=said, before=before, limit=_ANSWERS_SHOWN + 1)
    shown = found[:_ANSWERS_SHOWN]
    before = shown[-1].id if len(found) > len(shown) else None
    return render_template("public/answers.html", said=said, answers=shown, before=before)


@blueprint.get("/answers/<int:number>")
@public
def one_answer(number: int) -> ResponseReturnValue:
    one = public_answer(g.session, number)
    # Whoever steers guidance looks at it here too; that is no reader.
    if getattr(g, "viewer", None) is None:
        note_use(g.session, one.id, GuidanceUseKind.PUBLIC, g.now.date().isoformat(), again=True)
    answered = counts_of(g.session, [one.id])[one.id].answered
    return render_template("public/answer.html", one=one, answered=answered if answered >= _LEAST_ANSWERED else 0)
