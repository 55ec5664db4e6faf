"""Every version of a promise or a chain to read: what it said, who published it and when; nothing is changed here."""

from collections.abc import Mapping
from typing import Any

from flask import g, render_template
from flask.typing import ResponseReturnValue

from app.web.administration.blueprint import ADMINISTERING, LOOKING_AT_RULES, blueprint
from app.web.administration.rule_words import action_words, target_words
from app.web.frame.access import signed_in
from app.web.frame.current import rules
from app.web.pieces.names import in_locale
from tickets.promises.rule_history import chain_past, policy_past
from tickets.promises.rule_versions import RulesNow, rules_now


@blueprint.get("/administration/promises/<int:rule_id>")
@signed_in(*LOOKING_AT_RULES)
def policy_versions(rule_id: int) -> ResponseReturnValue:
    return _page(policy_past(g.session, rule_id), rule_id, "promises")


@blueprint.get("/administration/chains/<int:rule_id>")
@signed_in(*LOOKING_AT_RULES)
def chain_versions(rule_id: int) -> ResponseReturnValue:
    return _page(chain_past(g.session, rule_id), rule_id, "chains")


def words_of_rules(in_force: RulesNow) -> dict[str, Any]:
    """What the tables of rules call things by: keys stand in files; people read names and how high a chain climbs."""
    routing = rules().routing
    names = {unit.id: in_locale(unit.name, unit.name_en) for unit in routing.units.values()}
    return {
        "post_names": in_force.posts,
        "calendar_names": {one.key: in_locale(one.name, one.name_en) for one in in_force.calendars},
        "tops": _tops(in_force),
        "categories": {one.code: in_locale(one.name, one.name_en) for one in routing.categories.values()},
        # A rule in force names a unit by its number, a version of it as a file does.
        "units": {key: names[unit.id] for unit in routing.units.values() for key in (str(unit.id), unit.code)},
        "target_words": target_words,
        "action_words": action_words,
    }


def _tops(in_force: RulesNow) -> Mapping[str, int]:
    return {chain.name: max(step.level for step in chain.steps) for chain, _version in in_force.chains}


def _page(past: Any, rule_id: int, kind: str) -> str:
    return render_template(
        "administration/rule_past.html",
        past=past,
        rule_id=rule_id,
        kind=kind,
        may_write=g.viewer.holds(*ADMINISTERING),
        **words_of_rules(rules_now(g.session)),
    )
