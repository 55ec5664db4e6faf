"""The audit trail to read, narrowed by who, what and when."""

from flask import g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app.web.administration.blueprint import AUDITING, blueprint
from app.web.frame.access import signed_in
from app.web.frame.current import rules
from app.web.frame.menu import in_menu
from app.web.pieces.ledger_filters import address, midnight, number
from app.web.pieces.names import in_locale
from app.wording.trail_details import people_in, shown_details
from app.wording.trail_words import AUDIT_ACTIONS, action_word
from tickets.audit.trail import TrailFilter, trail
from tickets.audit.verifications import last_verifications
from tickets.directory.people import names_of
from tickets.people.references import read_reference
from tickets.states import Role

_HERE = "/administration/audit"
_FIELDS = ("who", "action", "reference", "request", "from", "to")


@blueprint.get(_HERE)
@in_menu(_l("Audit trail"), order=6, icon="lock")
@in_menu(_l("Audit trail"), order=8, under="administration")
@signed_in(*AUDITING)
def audit_trail() -> ResponseReturnValue:
    given = {name: request.args.get(name, "").strip()[:80].replace("\0", "") for name in _FIELDS}
    wanted = TrailFilter(
        who=given["who"],
        action=given["action"],
        reference=read_reference(given["reference"]) or given["reference"],
        request_id=given["request"],
        from_at=midnight(given["from"]),
        to_at=midnight(given["to"], days=1),
    )
    before = number(request.args.get("before", ""))
    lines, next_id = trail(g.session, g.viewer, wanted, before_id=before)
    categories = {one.code: in_locale(one.name, one.name_en) for one in rules().routing.categories.values()}
    people = names_of(g.session, {number for line in lines for number in people_in(line.params or {})})
    return render_template(
        "administration/audit.html",
        lines=[(line, list(shown_details(line.params or {}, categories, people))) for line in lines],
        may_read_ledger=g.viewer.holds(Role.AUDITOR),
        last=next(iter(last_verifications(g.session, limit=1)), None),
        actions=_actions(given["action"]),
        asked=given,
        is_filtered=any(given.values()),
        next_url=address(_HERE, {**given, "before": str(next_id)}) if next_id is not None else None,
        first_url=address(_HERE, given) if before is not None else None,
    )


def _actions(asked: str) -> list[tuple[str, str]]:
    """All that is ever recorded, in the order of its words; an address may ask for the beginning of a code instead."""
    known = sorted(((code, action_word(code)) for code in AUDIT_ACTIONS), key=lambda one: one[1].casefold())
    return known if not asked or asked in AUDIT_ACTIONS else [(asked, asked), *known]
