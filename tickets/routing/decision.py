"""Where a matter belongs: facts in, one decision out, with its reasons; no session, no clock."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tickets.directory.categories import Hint
from tickets.matter import MatterReading, MatterRulebook, read_matter, shipped_words
from tickets.matter.learned import LearnedKind
from tickets.routing.matter_kinds import RankedKind, equally_likely, kinds_of
from tickets.routing.rule_rows import CategoryRule, LineRule, ProcedureRule, UnitRule
from tickets.states import Level, PlaceOutcome, Priority, QueueKind

# The reason of a ticket that its words alone restrict, and of one that must be seen at once all the same.
SUSPECTED, OFFICIALS_IN_DANGER = "officials_suspected", "officials_in_danger"
# The reason of a kind that the rules told, and of one that agents' corrections taught.
GUESSED, LEARNED, LEARNED_RULE = "category_guessed", "category_learned", "learned:"


@dataclass(frozen=True)
class RoutingRules:
    """The rows that routing decides by, as they stand today."""

    units: Mapping[int, UnitRule]
    queues: Mapping[tuple[int, QueueKind], int]
    categories: Mapping[int, CategoryRule]
    procedures: Mapping[int, ProcedureRule]
    # In the order in which they were published.
    lines: dict[int, LineRule]
    # The desk that answers the city's line and keeps the triage queue.
    operations_unit_id: int
    # The Office of the City People's Committee: coordinates, and decides about matters of conduct.
    office_unit_id: int
    hints: Sequence[Hint] = ()
    # Units for which the city works until somebody decides that they are live (`routing/receiving.py`).
    not_live: frozenset[int] = frozenset()
    queue_names: Mapping[int, str] = field(default_factory=dict)
    # By when a matter of a kind is settled, in seconds of its calendar; kinds to which nothing is promised have none.
    settled_within: Mapping[int, int] = field(default_factory=dict)
    words: MatterRulebook = field(default_factory=shipped_words)
    learned: Sequence[LearnedKind] = ()

    @property
    def city_phone(self) -> str:
        """The number from which the city calls: of several lines of the city the one published last."""
        return next((line.phone for line in reversed(self.lines.values()) if line.is_city), "")

    def judge_of(self, about_unit_id: int | None) -> int:
        """Who reads what is said about a body: the office, and about the office itself the operations centre."""
        return self.operations_unit_id if about_unit_id == self.office_unit_id else self.office_unit_id


@dataclass(frozen=True, slots=True)
class PlaceFact:
    """What the resolver (or the citizen, or the line) said about the place of the matter."""

    outcome: PlaceOutcome = PlaceOutcome.NONE
    unit_ids: tuple[int, ...] = ()
    said: str = ""


@dataclass(frozen=True, slots=True)
class RoutingFacts:
    """All that may decide where a matter goes. `is_cleared`: a person has read it, and it accuses no official."""

    said: str = ""
    is_cleared: bool = False
    emergency: bool = False
    category_id: int | None = None
    procedure_id: int | None = None
    chosen_unit_id: int | None = None
    place: PlaceFact = PlaceFact()
    line_id: int | None = None


@dataclass(frozen=True, slots=True)
class RoutingReason:
    """Why, as a code with parameters; `app/wording/reasons.py` says it in words."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "params": dict(self.params)}


@dataclass(frozen=True, slots=True)
class Decision:
    """Where the matter goes. `needs_question`: nobody could tell; `read_by`: which version of the words read it."""

    queue_id: int
    unit_id: int
    level: Level
    priority: Priority
    reasons: tuple[RoutingReason, ...]
    category_id: int | None = None
    coordinating_unit_id: int | None = None
    is_restricted: bool = False
    about_unit_id: int | None = None
    place_unit_id: int | None = None
    needs_question: bool = False
    is_doubted: bool = False
    is_praise: bool = False
    read_by: str = ""

    @property
    def head_of_unit_id(self) -> int | None:
        """The unit whose own head decides about its staff."""
        return self.about_unit_id if self.about_unit_id == self.unit_id else None


def route(facts: RoutingFacts, rules: RoutingRules) -> Decision:
    """The one decision, in the order emergency, conflict of interest, procedure, category, place, line, triage."""
    reasons: list[RoutingReason] = []
    read = read_matter(facts.said, rules.words)
    is_suspected = read.may_accuse and not facts.is_cleared
    category = _category(facts, read, rules, reasons)
    procedure = rules.procedures.get(facts.procedure_id or 0)
    tied = _tied(facts, read, rules, reasons) if category is None and procedure is None else ()
    # Until somebody says which it is, the more urgent promise holds; it goes where all of them would.
    promised = category or (tied[0] if tied else None)
    category = category or _agreed(tied)
    priority = _priority(facts, read, promised, reasons)
    is_watched = read.may_be_danger or priority is Priority.EMERGENCY
    if is_suspected and read.is_danger:
        found = _danger_first(read, rules, reasons)
    elif is_suspected and (category is None or category.conduct != "staff" or _is_hidden_from_head(facts, read)):
        found = _suspected(facts, read, rules, reasons)
    elif category is not None and category.conduct:
        found = _conduct(facts, category, rules, reasons)
    else:
        found = _responsible(facts, category, procedure, rules, reasons)
    return Decision(
        queue_id=found.queue_id,
        unit_id=found.unit_id,
        level=found.level,
        priority=priority,
        reasons=tuple(reasons),
        category_id=promised.id if promised else None,
        coordinating_unit_id=found.coordinating_unit_id or _operations(rules, found.unit_id, is_watched),
        is_restricted=found.is_restricted,
        about_unit_id=found.about_unit_id,
        place_unit_id=facts.place.unit_ids[0] if facts.place.outcome is PlaceOutcome.UNIQUE else None,
        needs_question=found.needs_question,
        is_doubted=read.may_be_danger and priority is not Priority.EMERGENCY,
        is_praise=read.is_praise and facts.category_id is None and facts.procedure_id is None,
        read_by=rules.words.version,
    )


def guess_category(said: str, rules: RoutingRules) -> tuple[CategoryRule, str] | None:
    """The category these words suggest, with the words that did; None when nothing or two equals fit.

    Conduct is read from what is said to have happened, not from hints: "cán bộ rất tốt" accuses nobody.
    """
    read = read_matter(said, rules.words)
    if read.may_accuse and (conduct := _conduct_category(read, rules)) is not None:
        return conduct, ", ".join(read.about_officials.because)
    guess = _guess(said, read, rules)
    return (rules.categories[guess.category_id], guess.words) if guess is not None else None


def category_codes(said: str, read: MatterReading, rules: RoutingRules) -> list[str]:
    """All that the words tell of, the likeliest first; of what is known to be no matter at all, none."""
    conduct = _conduct_category(read, rules) if read.may_accuse else None
    told = [rules.categories[kind.category_id].code for kind in kinds_of(said, read, rules)]
    return [conduct.code, *told] if conduct is not None else told


def _guess(said: str, read: MatterReading, rules: RoutingRules) -> RankedKind | None:
    """None where two weigh the same: a person looks.

    Who is in danger is helped where they are: what it may be about besides sends nobody to a department.
    """
    told = replace(read, categories=()) if read.may_be_danger else read
    likeliest = equally_likely(kinds_of(said, told, rules))
    return likeliest[0] if len(likeliest) == 1 else None


def _tied(
    facts: RoutingFacts, read: MatterReading, rules: RoutingRules, reasons: list[RoutingReason]
) -> tuple[CategoryRule, ...]:
    """Kinds of which the words tell alike, the most urgent first: all of them stand with the ticket as its reason."""
    if read.may_be_danger or (read.may_accuse and not facts.is_cleared):
        return ()
    likeliest = equally_likely(kinds_of(facts.said, read, rules))
    tied = sorted((rules.categories[kind.category_id] for kind in likeliest), key=lambda one: _urgency(one, rules))
    if tied:
        others = {"others": [one.name for one in tied[1:]], "others_en": [one.name_en for one in tied[1:]]}
        rules_met, words = [one.code for one in tied], ", ".join(dict.fromkeys(kind.words for kind in likeliest))
        params = {**_named_category(tied[0]), **others, "words": words, "rules": rules_met}
        reasons.append(RoutingReason("category_tied", params))
    return tuple(tied)


def _urgency(category: CategoryRule, rules: RoutingRules) -> tuple[int, float, int]:
    within = rules.settled_within.get(category.id, math.inf)
    return tuple(Priority).index(category.priority), within, category.id


def _agreed(tied: Sequence[CategoryRule]) -> CategoryRule | None:
    """One for all, where each of them would go to the same body: a ward's go where the place is."""
    bodies = {(one.level, one.department_id if one.level is Level.CITY else None) for one in tied}
    return tied[0] if len(bodies) == 1 else None


def _conduct_category(read: MatterReading, rules: RoutingRules) -> CategoryRule | None:
    conduct = "head" if read.accuses_head else "staff"
    return next((category for category in rules.categories.values() if category.conduct == conduct), None)


@dataclass(frozen=True, slots=True)
class _Found:
    unit_id: int
    queue_id: int
    level: Level
    coordinating_unit_id: int | None = None
    is_restricted: bool = False
    about_unit_id: int | None = None
    needs_question: bool = False


def _category(
    facts: RoutingFacts, read: MatterReading, rules: RoutingRules, reasons: list[RoutingReason]
) -> CategoryRule | None:
    if facts.category_id is not None:
        return rules.categories.get(facts.category_id)
    if facts.procedure_id is not None:
        return None
    if read.may_accuse and not facts.is_cleared:
        return _conduct_category(read, rules)
    guess = _guess(facts.said, read, rules)
    if guess is None:
        return None
    category, count = rules.categories[guess.category_id], guess.learned_from
    params = {**_named_category(category), "words": guess.words}
    params |= {"count": count, "rule": f"{LEARNED_RULE}{category.code}"} if count else {}
    reasons.append(RoutingReason(LEARNED if count else GUESSED, params))
    return category


def _priority(
    facts: RoutingFacts, read: MatterReading, category: CategoryRule | None, reasons: list[RoutingReason]
) -> Priority:
    """Danger comes before all; where the words leave a doubt, a person must look soon."""
    if facts.emergency:
        reasons.insert(0, RoutingReason("emergency_said"))
    elif category is not None and category.priority is Priority.EMERGENCY:
        reasons.insert(0, RoutingReason("emergency_category", _named_category(category)))
    elif read.is_danger:
        reasons.insert(0, RoutingReason("emergency_words", read.danger.told))
    else:
        usual = category.priority if category is not None else Priority.NORMAL
        if not read.may_be_danger or usual is Priority.URGENT:
            return usual
        reasons.insert(0, RoutingReason("danger_doubtful", read.danger.told))
        return Priority.URGENT
    return Priority.EMERGENCY


def _operations(rules: RoutingRules, unit_id: int, is_watched: bool) -> int | None:
    return rules.operations_unit_id if is_watched and unit_id != rules.operations_unit_id else None


def _conduct(facts: RoutingFacts, category: CategoryRule, rules: RoutingRules, reasons: list[RoutingReason]) -> _Found:
    """A matter about a unit's staff goes to its head alone; about its head or the unit itself, to the city level."""
    about = _ward(facts, rules, reasons) or _department(category, None, rules)
    if category.conduct == "staff" and about is not None:
        queue_id = rules.queues.get((about.id, QueueKind.CONDUCT))
        if queue_id is not None:
            reasons.append(RoutingReason("conduct_staff", _named(about)))
            return _Found(about.id, queue_id, about.level, rules.office_unit_id, True, about.id)
    judge = rules.judge_of(about.id if about is not None else None)
    queue_id = rules.queues.get((judge, QueueKind.CONDUCT)) or _triage(rules)
    code = "conduct_unknown_unit" if about is None else "conduct_city"
    reasons.append(RoutingReason(code, _named(about) if about else {}))
    return _Found(judge, queue_id, Level.CITY, None, True, about.id if about else None, about is None)


def _is_hidden_from_head(facts: RoutingFacts, read: MatterReading) -> bool:
    """Whether the head of the unit must not read it either: told by no category, or the head may be the accused."""
    return facts.category_id is None or read.accuses_head


def _suspected(facts: RoutingFacts, read: MatterReading, rules: RoutingRules, reasons: list[RoutingReason]) -> _Found:
    """Words alone that accuse: to the City Office, and nothing of it to the body they may be about."""
    reasons.append(RoutingReason(SUSPECTED, read.about_officials.told))
    about = _ward(facts, rules, reasons)
    judge = rules.judge_of(about.id if about is not None else None)
    queue_id = rules.queues.get((judge, QueueKind.CONDUCT)) or _triage(rules)
    return _Found(judge, queue_id, Level.CITY, None, True, about.id if about else None)


def _danger_first(read: MatterReading, rules: RoutingRules, reasons: list[RoutingReason]) -> _Found:
    """Somebody is in danger and an official may be accused: the city's desk acts, and no ward is told by the machine.

    It is not restricted: whoever is on duty must see it at once.
    """
    reasons.append(RoutingReason(OFFICIALS_IN_DANGER, read.about_officials.told))
    return _Found(rules.operations_unit_id, _triage(rules), Level.CITY)


def _responsible(
    facts: RoutingFacts,
    category: CategoryRule | None,
    procedure: ProcedureRule | None,
    rules: RoutingRules,
    reasons: list[RoutingReason],
) -> _Found:
    level = _level(category, procedure, rules, reasons)
    if level is Level.CITY:
        unit = _department(category, procedure, rules) or _chosen_department(facts, rules)
        if unit is not None and (queue_id := rules.queues.get((unit.id, QueueKind.WORK))) is not None:
            reasons.append(RoutingReason("city_department", _named(unit)))
            return _Found(unit.id, queue_id, Level.CITY)
        reasons.append(RoutingReason("city_triage_level"))
        return _Found(rules.operations_unit_id, _triage(rules), Level.CITY)
    # A boundary-free procedure is answered where the citizen went, wherever the citizen lives.
    if procedure is not None and procedure.boundary_free:
        unit = _chosen(facts, rules, reasons) or _lines_unit(facts, rules, reasons) or _ward(facts, rules, reasons)
    else:
        unit = _ward(facts, rules, reasons)
    if unit is not None and (queue_id := rules.queues.get((unit.id, QueueKind.WORK))) is not None:
        return _Found(unit.id, queue_id, unit.level)
    reasons.append(RoutingReason("undecided"))
    return _Found(rules.operations_unit_id, _triage(rules), level or Level.WARD, needs_question=True)


def _level(
    category: CategoryRule | None, procedure: ProcedureRule | None, rules: RoutingRules, reasons: list[RoutingReason]
) -> Level | None:
    if procedure is not None:
        code = "procedure_boundary_free" if procedure.boundary_free else f"procedure_{procedure.level.value}"
        reasons.append(RoutingReason(code, {"procedure": procedure.name, "procedure_code": procedure.code or ""}))
        return procedure.level
    if category is not None:
        reasons.append(RoutingReason(f"category_{category.level.value}", _named_category(category)))
        return category.level
    return None


def _ward(facts: RoutingFacts, rules: RoutingRules, reasons: list[RoutingReason]) -> UnitRule | None:
    """The unit the citizen named, else the one of the place, else the one of the line that was dialled."""
    named = _chosen(facts, rules, reasons) or _places_unit(facts.place, rules, reasons)
    return named or _lines_unit(facts, rules, reasons)


def _chosen(facts: RoutingFacts, rules: RoutingRules, reasons: list[RoutingReason]) -> UnitRule | None:
    unit = rules.units.get(facts.chosen_unit_id or 0)
    if unit is not None:
        reasons.append(RoutingReason("unit_chosen", _named(unit)))
    return unit


def _places_unit(place: PlaceFact, rules: RoutingRules, reasons: list[RoutingReason]) -> UnitRule | None:
    if place.outcome is PlaceOutcome.UNIQUE and (unit := rules.units.get(place.unit_ids[0])) is not None:
        reasons.append(RoutingReason("place_unique", {**_named(unit), "said": place.said[:200]}))
        return unit
    if place.outcome in (PlaceOutcome.SPLIT, PlaceOutcome.AMBIGUOUS):
        names = [rules.units[i].name for i in place.unit_ids if i in rules.units]
        names_en = [rules.units[i].name_en for i in place.unit_ids if i in rules.units]
        params = {"said": place.said[:200], "units": names[:12], "units_en": names_en[:12], "count": len(names)}
        reasons.append(RoutingReason(f"place_{place.outcome.value}", params))
    elif place.said:
        reasons.append(RoutingReason("place_none", {"said": place.said[:200]}))
    return None


def _lines_unit(facts: RoutingFacts, rules: RoutingRules, reasons: list[RoutingReason]) -> UnitRule | None:
    line = rules.lines.get(facts.line_id or 0)
    if line is None or line.is_city or (unit := rules.units.get(line.unit_id)) is None:
        return None
    reasons.append(RoutingReason("line_dialled", {**_named(unit), "line": line.phone}))
    return unit


def _department(category: CategoryRule | None, procedure: ProcedureRule | None, rules: RoutingRules) -> UnitRule | None:
    department_id = (procedure and procedure.department_id) or (category and category.department_id)
    return rules.units.get(department_id or 0)


def _chosen_department(facts: RoutingFacts, rules: RoutingRules) -> UnitRule | None:
    unit = rules.units.get(facts.chosen_unit_id or 0)
    return unit if unit is not None and unit.level is Level.CITY else None


def _triage(rules: RoutingRules) -> int:
    return rules.queues[(rules.operations_unit_id, QueueKind.TRIAGE)]


def _named(unit: UnitRule) -> dict[str, Any]:
    return {"unit_id": unit.id, "unit": unit.name, "unit_en": unit.name_en}


def _named_category(category: CategoryRule) -> dict[str, Any]:
    return {"category": category.name, "category_en": category.name_en, "rule": category.code}
