"""Each chain as a staircase: when a step comes, whom it tells, who stands there at an instant and can be reached."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from flask import Response, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app.web.administration.blueprint import ADMINISTERING, LOOKING_AT_RULES, blueprint
from app.web.administration.drafting import may_draft_chains
from app.web.administration.rule_words import (
    action_words,
    open_time_words,
    target_words,
    when_words,
    why_words,
)
from app.web.frame.access import signed_in
from app.web.frame.current import rules, settings
from app.web.frame.fault_words import fault_words
from app.web.frame.menu import in_menu
from app.web.pieces.moments import read_moment
from app.web.pieces.names import category_options, in_locale
from app.web.pieces.unit_choices import unit_options
from app.wording.codes import priority_word
from app.wording.contact_codes import capacity_word
from escalation.queries.chain_seen import ChainSeen, KindOfMatter, StepSeen, as_if_it_climbed, chain_seen, promises_of
from escalation.queries.tested_steps import step_tests
from tickets.errors import InvalidInput, NotFound
from tickets.people.roles import Viewer
from tickets.promises.policy import SlaPolicy
from tickets.promises.rule_drafts import RuleKind, drafts_of
from tickets.promises.rule_versions import Versioned, rules_now
from tickets.routing.rule_rows import WARD_KINDS
from tickets.schema import Category
from tickets.states import ClockKind, Priority
from tickets.typed_text import typed_number

CHAINS_PAGE = "/administration/chains"
_CHOICES = ("chain", "unit", "category", "priority", "procedure", "clock", "at")
_NIGHT_HOUR = 22


@dataclass(frozen=True, slots=True)
class ChainsAsked:
    """What was chosen above the staircase; `wrong`: why the instant that was typed is none."""

    chain: str
    matter: KindOfMatter
    category: str
    clock: ClockKind | None
    at: datetime
    typed_at: str
    wrong: str


@dataclass(frozen=True, slots=True)
class ChainLook:
    """The staircase, the promises to choose from, and whether such a matter climbs the chain that was asked for."""

    seen: ChainSeen | None
    clocks: Sequence[ClockKind]
    is_climbed: bool
    version_id: int | None

    @property
    def steps(self) -> Sequence[StepSeen]:
        return self.seen.steps if self.seen is not None else ()


@blueprint.get(CHAINS_PAGE)
@in_menu(_l("Chains"), order=6, under="administration")
@signed_in(*LOOKING_AT_RULES)
def chains() -> ResponseReturnValue:
    asked, look = looked_at()
    may_write, may_test = may_draft_chains(g.viewer), g.viewer.holds(*ADMINISTERING)
    tests = step_tests(g.session, look.version_id, look.steps, now=g.now) if may_test and look.version_id else {}
    now_in_force = rules_now(g.session)
    page = render_template(
        "administration/chains.html",
        asked=asked,
        units=_units(),
        categories=category_options(with_conduct=True),
        priority_options=[(one.value, priority_word(one)) for one in Priority],
        seen=look.seen,
        clocks=[(clock, way(clock=clock)) for clock in look.clocks],
        is_climbed=look.is_climbed,
        tests=tests,
        test_way=f"{CHAINS_PAGE}/test?{urlencode(_kept())}",
        night=way(at=_tonight(g.now)),
        rules_now=now_in_force,
        uses=_uses(now_in_force.policies),
        calendar_names={one.key: in_locale(one.name, one.name_en) for one in now_in_force.calendars},
        way=way,
        may_write=may_write,
        may_test=may_test,
        drafts=drafts_of(g.session, g.viewer.staff_id, RuleKind.CHAIN),
        target_words=target_words,
        when_words=when_words,
        open_time_words=open_time_words,
        action_words=action_words,
        capacity_word=capacity_word,
        why_words=why_words,
    )
    return Response(page, 400 if asked.wrong else 200, mimetype="text/html")


def looked_at() -> tuple[ChainsAsked, ChainLook]:
    """What the address asks for, and the staircase of it. Raises NotFound for who may look at no unit's."""
    units = _units()
    if not units:
        raise NotFound("unit", "")
    asked = _asked([unit_id for unit_id, _name in units])
    return asked, _look(asked)


def _units() -> list[tuple[int, str]]:
    return unit_options(unit_ids=_units_of(g.viewer))


def _units_of(viewer: Viewer) -> tuple[int, ...] | None:
    """Whose chains this person may look at; None: the whole city's."""
    if viewer.covers_city(*LOOKING_AT_RULES) or viewer.holds(*ADMINISTERING):
        return None
    return viewer.unit_ids(*LOOKING_AT_RULES)


def _asked(unit_ids: list[int]) -> ChainsAsked:
    given = request.args
    wanted = typed_number(given.get("unit", "")) or 0
    unit_id = wanted if wanted in unit_ids else _first_ward(unit_ids)
    category = rules().routing.categories.get(_category_id(given.get("category", "")))
    priority = given.get("priority", "")
    clock = given.get("clock", "")
    at, wrong = _instant(given.get("at", ""))
    return ChainsAsked(
        chain=given.get("chain", "")[:120],
        matter=KindOfMatter(
            unit_id=unit_id,
            level=rules().routing.units[unit_id].level,
            priority=Priority(priority) if priority in set(Priority) else Priority.NORMAL,
            category_id=category.id if category else None,
            field=_field(category.id) if category else "",
            is_about_procedure=bool(given.get("procedure")),
        ),
        category=category.code if category else "",
        clock=ClockKind(clock) if clock in set(ClockKind) else None,
        at=at,
        typed_at=given.get("at", "")[:40],
        wrong=wrong,
    )


def _first_ward(unit_ids: list[int]) -> int:
    """Chains differ most where they begin: at a ward, unless this person has none."""
    units = rules().routing.units
    return next((unit_id for unit_id in unit_ids if units[unit_id].kind in WARD_KINDS), unit_ids[0])


def _category_id(code: str) -> int:
    return next((one.id for one in rules().routing.categories.values() if one.code == code), 0)


def _field(category_id: int) -> str:
    return g.session.get_one(Category, category_id).field or ""


def _instant(typed: str) -> tuple[datetime, str]:
    if not typed.strip():
        return g.now, ""
    try:
        return read_moment(typed, settings().zone, field="at"), ""
    except InvalidInput as wrong:
        return g.now, fault_words(wrong)


def _tonight(now: datetime) -> str:
    local = now.astimezone(settings().zone)
    return local.replace(hour=_NIGHT_HOUR, minute=0, tzinfo=None).isoformat(timespec="minutes")


def _look(asked: ChainsAsked) -> ChainLook:
    book = rules().promises
    rows = promises_of(book, asked.matter)
    climbing = {clock: row for clock, row in rows.items() if not asked.chain or row.row.chain == asked.chain}
    offered = climbing or rows
    clock = asked.clock if asked.clock in offered else next(iter(offered), None)
    if clock is None:
        return ChainLook(None, [], True, None)
    row = offered[clock]
    if not climbing:
        as_if = as_if_it_climbed(book, row, asked.chain)
        if as_if is None:
            raise NotFound("chain", asked.chain)
        row = as_if
    seen = chain_seen(g.session, book, asked.matter, row, at=asked.at)
    return ChainLook(seen, list(offered), bool(climbing), row.chain_version_id)


def _uses(policies: Sequence[tuple[SlaPolicy, Versioned]]) -> dict[str, list[str]]:
    """By chain, the policies with a promise that climbs it."""
    found: dict[str, list[str]] = {}
    for policy, _version in policies:
        for name in sorted({row.chain for row in policy.rows if row.chain}):
            found.setdefault(name, []).append(policy.name)
    return found


def way(**changed: str) -> str:
    """This page with something chosen otherwise; what is empty is left out."""
    kept = _kept()
    return f"{CHAINS_PAGE}?{urlencode({name: value for name, value in (kept | changed).items() if value})}"


def _kept() -> dict[str, str]:
    return {name: request.args.get(name, "")[:120] for name in _CHOICES}
