"""All rules that opening a ticket needs, read together and kept for a few seconds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from tickets.directory.categories import load_hints
from tickets.directory.dialled_prefixes import PrefixRule, prefix_rules
from tickets.directory.going_live import not_live
from tickets.directory.prepared_answers import ReadyAnswer, load_prepared
from tickets.matter.kept import words_in_force
from tickets.matter.learning import learned_in_force
from tickets.promises.loading import PromiseRulebook, load_rulebook
from tickets.routing.decision import RoutingRules
from tickets.routing.guidance import GuidanceRule, load_guidance
from tickets.routing.incidents import IncidentRule, load_incidents
from tickets.routing.rule_rows import CategoryRule, LineRule, ProcedureRule, UnitRule
from tickets.schema import RULES_VERSION, Category, Line, OneStopOffice, Procedure, Queue, ReferenceVersion, Unit
from tickets.states import Channel, ClockKind, Level, QueueKind, UnitKind


@dataclass(frozen=True)
class Rules:
    """Routing and promises as they stood when they were read."""

    routing: RoutingRules
    promises: PromiseRulebook
    incidents: tuple[IncidentRule, ...] = ()
    # Which numbers we text and call.
    dialled: tuple[PrefixRule, ...] = ()
    guidance: tuple[GuidanceRule, ...] = ()
    # What agents are offered for their replies.
    prepared: tuple[ReadyAnswer, ...] = ()

    @cached_property
    def ward_names(self) -> tuple[str, ...]:
        """What people say where a place is asked for: every unit that answers for one, in Vietnamese."""
        return tuple(sorted(unit.name for unit in self.routing.units.values() if unit.level is Level.WARD))


def version_now(session: Session) -> int:
    """Which version of rules and places is in force: one row by its key."""
    return session.scalar(select(RULES_VERSION)) or 0


def places_version(session: Session) -> int:
    """Moves only when the place index must be built anew."""
    return session.scalar(select(ReferenceVersion.places)) or 0


def load_rules(session: Session, *, on: date) -> Rules:
    """The rows that decide where a matter goes on a day, and the promises in force."""
    promises = load_rulebook(session)
    return Rules(
        _routing(session, on, promises),
        promises,
        load_incidents(session),
        tuple(prefix_rules(session)),
        load_guidance(session),
        load_prepared(session),
    )


def _routing(session: Session, on: date, promises: PromiseRulebook) -> RoutingRules:
    units = _units(session, on)
    queues: dict[tuple[int, QueueKind], int] = {}
    queue_names: dict[int, str] = {}
    for queue in session.execute(select(Queue.id, Queue.unit_id, Queue.kind, Queue.name).order_by(Queue.id)):
        queues[(queue.unit_id, queue.kind)] = queue.id
        queue_names[queue.id] = queue.name
    # As `directory.units` defines them: the desk keeps the triage queue, the office the city's conduct queue.
    operations = next(unit for unit, kind in queues if kind is QueueKind.TRIAGE and unit in units)
    office = next(
        (u for u, kind in queues if kind is QueueKind.CONDUCT and u in units and units[u].kind is UnitKind.OFFICE),
        operations,
    )
    return RoutingRules(
        units=units,
        queues=queues,
        queue_names=queue_names,
        categories=(categories := _categories(session)),
        settled_within=_settled_within(categories.values(), promises, operations),
        procedures=_procedures(session),
        lines=_lines(session, on),
        operations_unit_id=operations,
        office_unit_id=office,
        hints=load_hints(session),
        not_live=not_live(session, on=on),
        words=words_in_force(session),
        learned=learned_in_force(session),
    )


def _units(session: Session, on: date) -> dict[int, UnitRule]:
    statement = select(Unit.id, Unit.code, Unit.name, Unit.name_en, Unit.kind).where(
        Unit.kind.not_in((UnitKind.DISTRICT, UnitKind.PROVINCE, UnitKind.TOWNSHIP)),
        or_(Unit.valid_from.is_(None), Unit.valid_from <= on),
        or_(Unit.valid_to.is_(None), Unit.valid_to > on),
    )
    return {row.id: UnitRule(*row) for row in session.execute(statement)}


def _categories(session: Session) -> dict[int, CategoryRule]:
    statement = select(
        Category.id, Category.code, Category.name, Category.name_en, Category.level,
        Category.department_id, Category.default_priority, Category.conduct,
    )  # fmt: skip
    return {row.id: CategoryRule(*row) for row in session.execute(statement)}


def _settled_within(categories: Iterable[CategoryRule], promises: PromiseRulebook, unit_id: int) -> dict[int, int]:
    """What is promised of each kind, as it would begin: which of two is the more urgent."""
    within: dict[int, int] = {}
    for one in categories:
        chosen = promises.rows_for(
            category_id=one.id, level=one.level, unit_id=one.department_id or unit_id, channel=Channel.WEB,
            priority=one.priority,
        )  # fmt: skip
        if (row := chosen.get(ClockKind.RESOLVE)) is not None:
            within[one.id] = row.row.target_seconds
    return within


def _procedures(session: Session) -> dict[int, ProcedureRule]:
    statement = select(
        Procedure.id, Procedure.code, Procedure.name, Procedure.level, Procedure.department_id, Procedure.boundary_free
    )
    return {row.id: ProcedureRule(*row) for row in session.execute(statement)}


def _lines(session: Session, on: date) -> dict[int, LineRule]:
    statement = (
        select(Line.id, Line.phone, OneStopOffice.unit_id, Line.is_city)
        .join(OneStopOffice, OneStopOffice.id == Line.office_id)
        .where(or_(Line.valid_to.is_(None), Line.valid_to > on))
        # What is published last comes last; what is not published yet can be dialled already, and speaks for nobody.
        .order_by(func.coalesce(Line.valid_from > on, False).desc(), Line.valid_from.nulls_first(), Line.id)
    )
    return {row.id: LineRule(*row) for row in session.execute(statement)}
