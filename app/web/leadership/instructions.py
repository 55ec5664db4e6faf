"""What I instructed and what became of it: each instruction with its unit, its time and the answer to it."""

from flask import g, render_template
from flask.typing import ResponseReturnValue

from app.web.frame.access import signed_in
from app.web.leadership.blueprint import TOLD, blueprint
from escalation.queries.instructed import instructed_by, that_may_be_opened


@blueprint.get("/leadership/instructions")
@signed_in(*TOLD)
def instructions() -> ResponseReturnValue:
    tasks = instructed_by(g.session, g.viewer, now=g.now)
    return render_template(
        "leadership/instructions.html",
        tasks=tasks,
        may_be_opened=that_may_be_opened(g.session, g.viewer, tasks),
        me=g.viewer.staff_id,
    )
