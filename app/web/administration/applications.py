"""New rules on their way to open tickets: how far each has come, and what it has moved."""

from flask import g, render_template
from flask.typing import ResponseReturnValue

from app.web.administration.blueprint import LOOKING_AT_RULES, blueprint
from app.web.frame.access import signed_in
from tickets.errors import NotFound
from tickets.promises.applying import applications, progress_of

_HERE = "/administration/applications"


@blueprint.get(_HERE)
@signed_in(*LOOKING_AT_RULES)
def rule_applications() -> ResponseReturnValue:
    return render_template("administration/applications.html", applications=applications(g.session))


@blueprint.get(f"{_HERE}/<int:application_id>")
@signed_in(*LOOKING_AT_RULES)
def one_application(application_id: int) -> ResponseReturnValue:
    """Looked at again every few seconds until it is done."""
    progress = progress_of(g.session, application_id)
    if progress is None:
        raise NotFound("rule_application", application_id)
    return render_template("administration/application.html", progress=progress)
