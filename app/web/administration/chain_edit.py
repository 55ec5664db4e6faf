"""A chain written by hand: its staircase with fields on every step, kept as a draft, judged, then previewed."""

import re
from collections.abc import Mapping
from datetime import datetime

import yaml
from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.seeding.imports import bring_in_rules
from app.web.administration import chain_form
from app.web.administration.amounts import unit_options as time_units
from app.web.administration.blueprint import DRAFTING_CHAINS, blueprint
from app.web.administration.chain_form import (
    ChainFields,
    chain_document,
    chain_faults,
    changed_steps,
    form_faults,
    steps_of,
)
from app.web.administration.drafting import must_draft_chains
from app.web.administration.file_faults import fault_words_of
from app.web.administration.rule_trial import count_draft, faults_of, tonight
from app.web.administration.rule_words import ACTION_WORDS, why_words
from app.web.frame.access import signed_in
from app.web.frame.current import rules
from app.web.frame.once import form_key, is_first
from app.web.pieces.names import in_locale
from app.web.pieces.unit_choices import unit_options
from app.wording.contact_codes import capacity_word
from escalation.queries.chain_seen import KindOfMatter, StepSeen, who_stands_on
from tickets.file_errors import RowError
from tickets.promises.plan import EscalationChain
from tickets.promises.policy_file import parse_policies
from tickets.promises.rule_drafts import DraftOf, RuleKind, TypedRule, keep_draft, kept_draft, throw_away
from tickets.promises.rule_history import RulePast, chain_past
from tickets.promises.rule_versions import rules_now
from tickets.routing.rule_rows import WARD_KINDS
from tickets.states import Priority
from tickets.typed_text import typed_number

_HERE = "/administration/chains/<int:rule_id>/edit"
_FIELD = re.compile(r"(name|steps|unit|urgency|s\d{1,2}-[a-z0-9_]{1,30})")


@blueprint.get(_HERE)
@signed_in(*DRAFTING_CHAINS)
def edit_chain(rule_id: int) -> ResponseReturnValue:
    """The draft of this person, else the chain in force; `?version=2`: an earlier version. 0 is a new chain."""
    must_draft_chains()
    past = chain_past(g.session, rule_id) if rule_id else None
    version = typed_number(request.args.get("version", ""))
    draft = kept_draft(g.session, _mine(rule_id)) if version is None else None
    if draft is not None:
        return _page(past, dict(draft.fields), seen=draft.seen_version, is_draft=True)
    fields = chain_form.fields_of_chain(past.at(version)) if past is not None else chain_form.first_chain()
    return _page(past, fields, seen=past.newest if past is not None else 0, loaded=version)


@blueprint.post(_HERE)
@signed_in(*DRAFTING_CHAINS)
def change_chain(rule_id: int) -> ResponseReturnValue:
    """A press of the form: a step more or less, another order, the draft kept or thrown away, or on to the preview."""
    must_draft_chains()
    past = chain_past(g.session, rule_id) if rule_id else None
    deed = request.form.get("do", "")
    # What the page still tells of its form comes too late from now on.
    is_first()
    if deed == "discard":
        throw_away(g.session, _mine(rule_id))
        flash(_("Your draft is thrown away; nothing else has changed."), "info")
        return redirect("/administration/chains", code=303)
    fields = typed_chain(request.form, rule_id, deed)
    seen = typed_number(request.form.get("seen", "")) or 0
    keep_draft(g.session, _mine(rule_id), TypedRule(fields, seen), now=g.now)
    if deed == "preview":
        refused = faults_of(lambda: bring_in_rules(g.session, chain_text(fields), actor=g.actor, now=g.now))
        errors = (*refused, *form_faults(fields))
        if errors or _is_taken(rule_id, fields):
            return _page(past, fields, seen=seen, errors=errors, is_draft=True, status=400)
        return count_draft(_mine(rule_id), chain_text(fields))
    return redirect(f"/administration/chains/{rule_id}/edit{_place(fields, deed)}", code=303)


def typed_chain(form: Mapping[str, str], rule_id: int, deed: str = "") -> ChainFields:
    """What stands in the form after a press; a chain that exists keeps its name."""
    typed = {name: value for name, value in form.items() if _FIELD.fullmatch(name)}
    if rule_id:
        typed["name"] = chain_past(g.session, rule_id).name
    return changed_steps(typed, deed) | {name: typed[name] for name in ("unit", "urgency") if name in typed}


def chain_text(fields: Mapping[str, str]) -> str:
    """What a file with this chain says."""
    document = chain_document(fields, actions=list(ACTION_WORDS))
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False)


def _is_taken(rule_id: int, fields: Mapping[str, str]) -> bool:
    """A new chain with the name of one in force would replace it unseen."""
    known = {chain.name for chain, _version in rules_now(g.session).chains}
    return rule_id == 0 and fields.get("name", "").strip() in known


def _mine(rule_id: int) -> DraftOf:
    return DraftOf(g.viewer.staff_id, RuleKind.CHAIN, rule_id)


def _place(fields: Mapping[str, str], deed: str) -> str:
    """Back to where somebody was at work, not to the top of the page."""
    number = steps_of(fields) - 1 if deed == "add" else typed_number(deed.partition("-")[2])
    return f"#step-{number}" if number is not None else "#steps"


def _page(
    past: RulePast[EscalationChain] | None,
    fields: ChainFields,
    *,
    seen: int,
    errors: tuple[RowError, ...] = (),
    loaded: int | None = None,
    is_draft: bool = False,
    status: int = 200,
) -> Response:
    in_force = rules_now(g.session)
    rule_id = past.versions[0][0].rule_id if past is not None else 0
    words = {name: fault_words_of(error) for name, error in chain_faults(errors, fields).items()}
    if _is_taken(rule_id, fields):
        words["name"] = _("There is a chain with this name already: choose another, or change that one.")
    night = tonight(g.now)
    unit_id = _unit(fields)
    page = render_template(
        "administration/chain_edit.html",
        past=past,
        rule_id=rule_id,
        fields=fields,
        steps=range(steps_of(fields)),
        seen=seen,
        loaded=loaded,
        is_draft=is_draft,
        once=form_key(),
        errors=words,
        form=chain_form,
        posts=[(code, in_locale(name, name_en)) for code, (name, name_en) in in_force.posts.items()],
        calendars=[(one.key, in_locale(one.name, one.name_en)) for one in in_force.calendars],
        when_options=_when_options(),
        time_units=time_units(),
        actions=list(ACTION_WORDS.items()),
        units=unit_options(),
        unit_id=unit_id,
        standing=_standing(fields, unit_id, at=night),
        night=night,
        capacity_word=capacity_word,
        why_words=why_words,
    )
    return Response(page, status, mimetype="text/html")


def _when_options() -> list[tuple[str, str]]:
    return [
        (chain_form.AT_DUE, _("when the deadline has come")),
        (chain_form.SHARE, _("a share (per cent) of the promised time after the deadline")),
        (chain_form.AFTER_DUE, _("a time after the deadline")),
        (chain_form.AFTER_STEP, _("a time after the step below")),
        (chain_form.BEFORE_DUE, _("a time before the deadline")),
    ]


def _unit(fields: Mapping[str, str]) -> int:
    units = rules().routing.units
    wanted = typed_number(fields.get("unit", "")) or 0
    if wanted in units:
        return wanted
    named = [unit_id for unit_id, _name in unit_options()]
    return next((unit_id for unit_id in named if units[unit_id].kind in WARD_KINDS), named[0])


def _standing(fields: Mapping[str, str], unit_id: int, *, at: datetime) -> dict[int, StepSeen]:
    """By the number of its step, who stands there tonight; a step that cannot be read yet has nobody to show."""
    chains = parse_policies(chain_text({**fields, "name": "-"})).chains
    if not chains:
        return {}
    matter = KindOfMatter(unit_id, rules().routing.units[unit_id].level, _urgency(fields))
    seen = who_stands_on(g.session, chains[0].steps, matter, at=at)
    numbers = {fields.get(f"s{number}-level", ""): number for number in range(steps_of(fields))}
    return {numbers[str(one.step.level)]: one for one in seen if str(one.step.level) in numbers}


def _urgency(fields: Mapping[str, str]) -> Priority:
    return Priority.EMERGENCY if fields.get("urgency") == Priority.EMERGENCY else Priority.NORMAL
