"""A promise written by hand: for which matters, and a target for each clock and priority; a draft, then a preview."""

import re
from collections.abc import Mapping

import yaml
from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.seeding.imports import bring_in_rules
from app.web.administration import policy_form
from app.web.administration.amounts import unit_options as time_units
from app.web.administration.blueprint import ADMINISTERING, blueprint
from app.web.administration.file_faults import fault_words_of
from app.web.administration.policy_form import PolicyFields, policy_document, policy_faults
from app.web.administration.rule_trial import count_draft, faults_of
from app.web.frame.access import signed_in
from app.web.frame.once import form_key, is_first
from app.web.pieces.names import category_options, in_locale
from app.web.pieces.unit_choices import unit_codes
from app.wording.codes import channel_word, competence_word
from app.wording.rule_names import rule_name
from tickets.file_errors import RowError
from tickets.promises.policy import SlaPolicy
from tickets.promises.rule_drafts import DraftOf, RuleKind, TypedRule, keep_draft, kept_draft, throw_away
from tickets.promises.rule_history import RulePast, policy_past
from tickets.promises.rule_versions import rules_now
from tickets.states import Channel, Level
from tickets.typed_text import typed_number

_HERE = "/administration/promises/<int:rule_id>/edit"
_FIELD = re.compile(r"(name|category|level|unit|channel|legal_basis|[a-z]{1,20}-[a-z]{1,20}-[a-z]{1,20})")


@blueprint.get(_HERE)
@signed_in(*ADMINISTERING)
def edit_policy(rule_id: int) -> ResponseReturnValue:
    """The draft of this person, else what is in force; `?version=2`: an earlier version. 0 is a new promise."""
    past = policy_past(g.session, rule_id) if rule_id else None
    version = typed_number(request.args.get("version", ""))
    draft = kept_draft(g.session, _mine(rule_id)) if version is None else None
    if draft is not None:
        return _page(past, dict(draft.fields), seen=draft.seen_version, is_draft=True)
    fields = policy_form.fields_of_policy(past.at(version)) if past is not None else policy_form.first_policy()
    return _page(past, fields, seen=past.newest if past is not None else 0, loaded=version)


@blueprint.post(_HERE)
@signed_in(*ADMINISTERING)
def change_policy(rule_id: int) -> ResponseReturnValue:
    past = policy_past(g.session, rule_id) if rule_id else None
    deed = request.form.get("do", "")
    is_first()
    if deed == "discard":
        throw_away(g.session, _mine(rule_id))
        flash(_("Your draft is thrown away; nothing else has changed."), "info")
        return redirect("/administration/promises", code=303)
    fields = typed_policy(request.form, rule_id)
    seen = typed_number(request.form.get("seen", "")) or 0
    keep_draft(g.session, _mine(rule_id), TypedRule(fields, seen), now=g.now)
    if deed == "preview":
        errors = faults_of(lambda: bring_in_rules(g.session, policy_text(fields), actor=g.actor, now=g.now))
        if errors or _is_taken(rule_id, fields):
            return _page(past, fields, seen=seen, errors=errors, is_draft=True, status=400)
        return count_draft(_mine(rule_id), policy_text(fields))
    return redirect(f"/administration/promises/{rule_id}/edit", code=303)


def typed_policy(form: Mapping[str, str], rule_id: int) -> PolicyFields:
    """What stands in the form; a promise that exists keeps its name."""
    fields = {name: value for name, value in form.items() if _FIELD.fullmatch(name)}
    return fields | ({"name": policy_past(g.session, rule_id).name} if rule_id else {})


def policy_text(fields: Mapping[str, str]) -> str:
    """What a file with this promise says."""
    return yaml.safe_dump(policy_document(fields), allow_unicode=True, sort_keys=False)


def _is_taken(rule_id: int, fields: Mapping[str, str]) -> bool:
    known = {policy.name for policy, _version in rules_now(g.session).policies}
    return rule_id == 0 and fields.get("name", "").strip() in known


def _mine(rule_id: int) -> DraftOf:
    return DraftOf(g.viewer.staff_id, RuleKind.POLICY, rule_id)


def _page(
    past: RulePast[SlaPolicy] | None,
    fields: PolicyFields,
    *,
    seen: int,
    errors: tuple[RowError, ...] = (),
    loaded: int | None = None,
    is_draft: bool = False,
    status: int = 200,
) -> Response:
    in_force = rules_now(g.session)
    rule_id = past.versions[0][0].rule_id if past is not None else 0
    words = {name: fault_words_of(error) for name, error in policy_faults(errors, fields).items()}
    if _is_taken(rule_id, fields):
        words["name"] = _("There is a promise with this name already: choose another, or change that one.")
    page = render_template(
        "administration/policy_edit.html",
        past=past,
        rule_id=rule_id,
        fields=fields,
        seen=seen,
        loaded=loaded,
        is_draft=is_draft,
        once=form_key(),
        errors=words,
        clocks=policy_form.PROMISED_CLOCKS,
        priorities=policy_form.PROMISED_PRIORITIES,
        row_key=policy_form.row_key,
        categories=category_options(with_conduct=True),
        levels=[(one.value, competence_word(one)) for one in Level],
        units=unit_codes(),
        channels=[(one.value, channel_word(one)) for one in Channel],
        calendars=[(one.key, in_locale(one.name, one.name_en)) for one in in_force.calendars],
        chains=[(chain.name, rule_name(chain.name)) for chain, _version in in_force.chains],
        time_units=time_units(),
    )
    return Response(page, status, mimetype="text/html")
