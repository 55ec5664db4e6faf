"""What I instructed and what became of it: each instruction with its unit, its time and the answer to it."""

from flask import g, render_template
from flask.typing import ResponseReturnValue

from app.web.frame.access import signed_in
from app.web.leadership.blueprint import TOLD, blueprint
from escalation.queries.instructed import instructed_by


@blueprint.get("/leadership/instructions")
@signed_in(*TOLD)
def instructions() -> ResponseReturnValue:
    return render_template(
        "leadership/instructions.html",
        tasks=instructed_by(g.session, g.viewer, now=g.now),
        me=g.viewer.staff_id,
    )
