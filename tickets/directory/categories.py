"""Kinds of matter in two levels, and which of them a text is probably about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.directory.sort_keys import sort_key
from tickets.errors import InvalidInput
from tickets.folding import folded_words
from tickets.people.actor import Actor
from tickets.schema import Category, Unit
from tickets.states import Level, Priority, UnitKind
from tickets.typed_text import MAX_BODY


@dataclass(frozen=True, slots=True)
class CategoryFacts:
    code: str
    parent_id: int | None
    name: str
    name_en: str
    position: int
    level: Level
    department_id: int | None
    default_priority: Priority
    field: str
    conduct: str = ""
    hints: str = ""


def insert_categories(session: Session, facts: Sequence[CategoryFacts]) -> list[int]:
    """Write new categories; their ids in the given order."""
    rows = [
        {
            "code": category.code,
            "parent_id": category.parent_id,
            "name": category.name,
            "name_en": category.name_en,
            "sort_key": sort_key(category.name),
            "position": category.position,
            "level": category.level,
            "department_id": category.department_id,
            "default_priority": category.default_priority,
            "field": category.field,
            "conduct": category.conduct,
            "hints": category.hints,
        }
        for category in facts
    ]
    wanted = insert(Category).returning(Category.id, sort_by_parameter_order=True)
    return list(session.scalars(wanted, rows)) if rows else []


def correct_category(session: Session, category_id: int, columns: Mapping[str, object]) -> None:
    session.execute(update(Category).where(Category.id == category_id).values(columns))


def answered_by(session: Session, category_id: int, *, unit: Unit, actor: Actor, now: datetime) -> None:
    """From now on new matters of this kind are this department's, or the ward's where they are; the rule is audited.

    Raises InvalidInput for any other body: routing knows no rule that would send a kind of matter to it.
    """
    category = session.get_one(Category, category_id)
    wanted: tuple[Level, int | None]
    if unit.kind is UnitKind.DEPARTMENT:
        wanted = (Level.CITY, unit.id)
    elif unit.kind in (UnitKind.WARD, UnitKind.COMMUNE, UnitKind.SPECIAL_ZONE):
        wanted = (Level.WARD, category.department_id)
    else:
        raise InvalidInput("rule", "no_rule_for_body")
    before = category.level
    if (category.level, category.department_id) == wanted:
        return
    category.level, category.department_id = wanted
    entries.record(
        session,
        actor=actor,
        action="category.routed",
        subject_kind="category",
        subject_id=category.id,
        params={"category": category.code, "from": before.value, "to": category.level.value, "unit_id": unit.id},
        now=now,
    )
    session.flush()


@dataclass(frozen=True, slots=True)
class CategoryGroup:
    """A category of the first level with those below it, in the order they are shown."""

    category: Category
    children: tuple[Category, ...]


def category_tree(session: Session) -> list[CategoryGroup]:
    """What may be chosen now."""
    rows = session.scalars(
        select(Category).where(Category.retired_at.is_(None)).order_by(Category.position, Category.id)
    )
    children: dict[int, list[Category]] = {}
    groups: list[Category] = []
    for category in rows:
        if category.parent_id is None:
            groups.append(category)
        else:
            children.setdefault(category.parent_id, []).append(category)
    return [CategoryGroup(group, tuple(children.get(group.id, ()))) for group in groups]


@dataclass(frozen=True, slots=True)
class Hint:
    """A folded phrase that suggests a category."""

    phrase: str
    category_id: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`because` are the phrases that told, folded as the rules have them."""

    category_id: int
    because: tuple[str, ...]


def load_hints(session: Session) -> tuple[Hint, ...]:
    rows = session.execute(
        select(Category.id, Category.hints)
        .where(Category.retired_at.is_(None), Category.parent_id.is_not(None), Category.hints != "")
        .order_by(Category.position, Category.id)
    )
    return tuple(Hint(phrase, category_id) for category_id, hints in rows for phrase in hints.split("|") if phrase)


def suggest(hints: Sequence[Hint], text: str, *, limit: int = 3) -> list[Suggestion]:
    """The categories whose phrases occur in `text` as whole words, best first; a longer phrase says more.

    A suggestion only: it is shown to be corrected, and a matter about somebody's conduct is never decided by it.
    """
    words = f" {' '.join(folded_words(text[:MAX_BODY]))} "
    found: dict[int, list[str]] = {}
    for hint in hints:
        if f" {hint.phrase} " in words:
            found.setdefault(hint.category_id, []).append(hint.phrase)
    ranked = sorted(found.items(), key=lambda item: -sum(len(phrase.split()) ** 2 for phrase in item[1]))
    return [Suggestion(category_id, tuple(phrases)) for category_id, phrases in ranked[:limit]]
