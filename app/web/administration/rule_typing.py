"""Rules as they are typed: what the page of a form tells becomes the draft of whoever types."""

from flask import g, request
from flask.typing import ResponseReturnValue

from app.web.administration.blueprint import DRAFTING_CHAINS, blueprint
from app.web.administration.draft_kinds import draft_kind
from app.web.administration.drafting import must_draft
from app.web.frame.access import signed_in
from app.web.frame.once import has_acted
from tickets.errors import NotFound
from tickets.promises.rule_drafts import DraftOf, RuleKind, TypedRule, keep_draft
from tickets.typed_text import typed_number

_TYPED = (RuleKind.CHAIN, RuleKind.POLICY, RuleKind.CALENDAR)


@blueprint.post("/administration/drafts/<kind>/<int:rule_id>/typed")
@signed_in(*DRAFTING_CHAINS)
def rule_typed(kind: str, rule_id: int) -> ResponseReturnValue:
    """Hidden fields are not told with the words: from which version the form was begun stands in the address."""
    if kind not in _TYPED:
        raise NotFound("draft", kind)
    must_draft(kind)
    of = DraftOf(g.viewer.staff_id, RuleKind(kind), rule_id)
    fields = draft_kind(of).typed({**request.form, **request.args}, rule_id)
    if has_acted():
        return "", 410
    keep_draft(g.session, of, TypedRule(fields, typed_number(request.args.get("seen", "")) or 0), now=g.now)
    return "", 204
