"""A draft before it holds: what it would do to open tickets, counted by the worker; then it is published."""

from collections.abc import Callable

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.seeding.drafted import bring_in_drafted
from app.seeding.imports import FileRefused
from app.web.administration.blueprint import DRAFTING_CHAINS, blueprint
from app.web.administration.draft_kinds import days_of, draft_kind
from app.web.administration.drafting import may_publish, must_draft
from app.web.administration.policy_warnings import policy_warnings
from app.web.administration.rule_trial import MOST_TOLD, as_trial, count_draft, publish_for
from app.web.frame.access import signed_in
from tickets.errors import NotAllowed, NotFound
from tickets.outbox.draft_news import hand_over_draft
from tickets.promises.previews import ask_for_preview, preview_of
from tickets.promises.rule_drafts import DraftOf, RuleKind, TypedRule, keep_draft, kept_draft, throw_away

_HERE = "/administration/drafts/<kind>/<int:rule_id>"


@blueprint.get(_HERE)
@signed_in(*DRAFTING_CHAINS)
def preview_draft(kind: str, rule_id: int) -> ResponseReturnValue:
    """How far the count of open tickets is, or what it found; whoever leaves comes back to it."""
    of, draft = _draft(kind, rule_id)
    try:
        return _page(of, draft)
    except FileRefused:
        return _back_to_the_form(of)


@blueprint.post(_HERE)
@signed_in(*DRAFTING_CHAINS)
def publish_draft(kind: str, rule_id: int) -> ResponseReturnValue:
    """`to`: "new" for matters that come from now on, "open" for those in progress too; "preview": count, once more.

    "discard" throws the draft away; "hand_over" puts it before administrators, who alone publish.
    """
    of, draft = _draft(kind, rule_id)
    deed = request.form.get("to")
    if deed == "discard":
        throw_away(g.session, of)
        flash(_("Your draft is thrown away; nothing else has changed."), "info")
        return redirect(draft_kind(of).list, code=303)
    if deed == "preview":
        return count_draft(of, _text(of, draft))
    if deed == "hand_over":
        return _hand_over(of, draft)
    if not may_publish(g.viewer):
        raise NotAllowed("publish_rule")
    if draft.seen_version != _newest(of):
        keep_draft(g.session, of, TypedRule(draft.fields, _newest(of)), now=g.now)
        return _page(of, draft, is_overtaken=True, status=409)
    try:
        to, back = request.form.get("to", ""), draft_kind(of).list
        answer = publish_for(_publishing(of, draft), to=to, back=back, unused=_unused(of))
    except FileRefused:
        return _back_to_the_form(of)
    throw_away(g.session, of)
    return answer


def _hand_over(of: DraftOf, draft: TypedRule) -> ResponseReturnValue:
    handed = hand_over_draft(g.session, of, draft, by=g.viewer, actor=g.actor, now=g.now)
    for theirs in handed:
        # Whoever opens it finds what it would do, and need not ask for the count first.
        ask_for_preview(g.session, theirs, _text(of, draft), now=g.now)
    if handed:
        flash(_("Handed over: administrators find it among their drafts, and are told."), "success")
    else:
        flash(_("Handed to nobody: each administrator has a draft of this chain already."), "warning")
    return redirect(draft_kind(of).list, code=303)


def _back_to_the_form(of: DraftOf) -> ResponseReturnValue:
    """Something it names has gone since it was looked at."""
    flash(_("It can no longer be published as it stands: see what is wrong beside the fields."), "warning")
    return redirect(draft_kind(of).form(of.rule_id), code=303)


def _draft(kind: str, rule_id: int) -> tuple[DraftOf, TypedRule]:
    must_draft(kind)
    # Words have a page of their own.
    if kind not in set(RuleKind) - {RuleKind.WORDS}:
        raise NotFound("draft", kind)
    of = DraftOf(g.viewer.staff_id, RuleKind(kind), rule_id)
    draft = kept_draft(g.session, of)
    if draft is None:
        raise NotFound("draft", rule_id)
    return of, draft


def _text(of: DraftOf, draft: TypedRule) -> str:
    """What the draft says as a file would; as it was typed where it can no longer be read."""
    return draft_kind(of).text(draft.fields)


def _publishing(of: DraftOf, draft: TypedRule) -> Callable[[], object]:
    return lambda: bring_in_drafted(g.session, of.kind, _text(of, draft), actor=g.actor, now=g.now)


def _unused(of: DraftOf) -> str:
    """A chain alone tells nobody: somebody who never wrote one would wait for it in vain."""
    if of.kind is not RuleKind.CHAIN:
        return ""
    return _("Published, but no promise uses this chain yet, so it tells nobody: choose it for one under Promises.")


def _newest(of: DraftOf) -> int:
    return draft_kind(of).newest(g.session, of.rule_id) if of.rule_id else 0


def _page(of: DraftOf, draft: TypedRule, *, is_overtaken: bool = False, status: int = 200) -> Response:
    preview = preview_of(g.session, of, _text(of, draft))
    found = as_trial(preview.found) if preview is not None and preview.found else None
    page = render_template(
        "administration/rule_preview.html",
        name=draft_kind(of).name(draft.fields),
        days=days_of(draft.fields) if of.kind is RuleKind.DAYS else [],
        here=f"/administration/drafts/{of.kind.value}/{of.rule_id}",
        form=draft_kind(of).form(of.rule_id),
        preview=preview,
        is_chain=of.kind is RuleKind.CHAIN,
        trial=found,
        told=found.told[:MOST_TOLD] if found is not None else [],
        most_told=MOST_TOLD,
        is_overtaken=is_overtaken,
        may_publish=may_publish(g.viewer),
        warnings=policy_warnings(g.session, draft.fields) if of.kind is RuleKind.POLICY else [],
    )
    return Response(page, status, mimetype="text/html")
