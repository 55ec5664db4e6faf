"""The proof that nobody has changed the audit trail: asked for here, computed by the worker, with what was found."""

from flask import flash, g, redirect, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.web.administration.blueprint import AUDITING, blueprint
from app.web.frame.access import signed_in
from tickets.audit import entries
from tickets.audit.verifications import ask_for_verification, last_verifications
from tickets.outbox.posting import POSTED

_HERE = "/administration/audit/verify"


@blueprint.get(_HERE)
@signed_in(*AUDITING)
def verification() -> ResponseReturnValue:
    """How far the proof is, and what the last ones found; whoever leaves comes back to it."""
    found = last_verifications(g.session)
    running = found[0] if found and found[0][0].ended_at is None else None
    return render_template(
        "administration/audit_proof.html", here=_HERE, running=running, ended=[one for one in found if one[0].ended_at]
    )


@blueprint.post(_HERE)
@signed_in(*AUDITING)
def verify() -> ResponseReturnValue:
    """The whole chain is computed again from the entries as they stand, and what was written with them compared."""
    asked = ask_for_verification(g.session, staff_id=g.viewer.staff_id, request_id=g.actor.request_id, now=g.now)
    if asked is None:
        flash(_("The trail is being verified already; this is how far it is."), "info")
        return redirect(_HERE, code=303)
    entries.record(
        g.session, actor=g.actor, action="audit.verification_asked", subject_kind="audit", subject_id=None, now=g.now
    )
    g.session.info[POSTED] = True
    return redirect(_HERE, code=303)
