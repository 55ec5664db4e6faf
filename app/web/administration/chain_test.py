"""A test message for one step of a chain: sent to who stands on it then, its fate shown beside them."""

from flask import flash, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.web.administration.blueprint import ADMINISTERING, blueprint
from app.web.administration.chains import CHAINS_PAGE, looked_at, way
from app.web.frame.access import signed_in
from app.web.frame.fault_words import fault_words
from escalation.queries.tested_steps import send_step_test
from tickets.errors import InvalidInput, NotFound
from tickets.typed_text import typed_number


@blueprint.post(f"{CHAINS_PAGE}/test")
@signed_in(*ADMINISTERING)
def test_step() -> ResponseReturnValue:
    """The address says which staircase it was pressed on, as that page's own does; the form which step."""
    asked, look = looked_at()
    level = typed_number(request.form.get("level", ""))
    seen = next((one for one in look.steps if one.step.level == level), None)
    if asked.wrong or seen is None or look.version_id is None or look.seen is None:
        raise NotFound("chain", asked.chain)
    try:
        told = send_step_test(
            g.session, look.version_id, look.seen.chain, seen, unit_id=asked.matter.unit_id, actor=g.actor, now=g.now
        )
    except InvalidInput as wrong:
        flash(fault_words(wrong), "warning")
    else:
        flash(
            _("A test message is on its way to %(people)s; what becomes of it stands here.", people=", ".join(told)),
            "success",
        )
    return redirect(f"{way()}#staircase", code=303)
