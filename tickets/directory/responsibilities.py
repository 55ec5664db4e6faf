"""Which member of the city's leadership answers for a field or an area, by dated decisions.

A new decision ends the one before it on the day on which it begins; rows are never deleted.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, text, update
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.errors import InvalidInput, NotFound
from tickets.people.actor import Actor
from tickets.schema import Category, Responsibility, Staff, Unit
from tickets.states import Level

LONGEST_DECISION = 80


@dataclass(frozen=True, slots=True)
class ResponsibilityFacts:
    """Either `field` or `unit_id` is given."""

    staff_id: int
    decision_no: str
    valid_from: date
    field: str | None = None
    unit_id: int | None = None
    valid_to: date | None = None


def insert_responsibilities(session: Session, facts: Sequence[ResponsibilityFacts]) -> None:
    if facts:
        session.execute(
            insert(Responsibility),
            [
                {
                    "staff_id": one.staff_id,
                    "field": one.field,
                    "unit_id": one.unit_id,
                    "decision_no": one.decision_no,
                    "valid_from": one.valid_from,
                    "valid_to": one.valid_to,
                }
                for one in facts
            ],
        )


@dataclass(frozen=True, slots=True)
class FieldOrArea:
    """What somebody answers for by a decision, in the words people read; `unit` is an area in both languages."""

    id: int
    staff_id: int
    name: str
    field: str
    unit: str
    unit_en: str
    decision_no: str
    valid_from: date
    valid_to: date | None

    def is_over(self, today: date) -> bool:
        return self.valid_to is not None and self.valid_to <= today

    @property
    def was_taken_back(self) -> bool:
        return self.valid_to is not None and self.valid_to <= self.valid_from


def responsibilities(session: Session) -> Sequence[FieldOrArea]:
    """All decisions, fields before areas, of each the latest first."""
    rows = session.execute(
        select(Responsibility, Staff.name, Unit.name, Unit.name_en)
        .join(Staff, Staff.id == Responsibility.staff_id)
        .outerjoin(Unit, Unit.id == Responsibility.unit_id)
        .order_by(
            Responsibility.unit_id.is_not(None), Responsibility.field, Unit.sort_key, Responsibility.valid_from.desc(),
            Responsibility.id.desc(),
        )
        .execution_options(populate_existing=True)
    )  # fmt: skip
    return [
        FieldOrArea(
            row.id, row.staff_id, name, row.field or "", unit or "", unit_en or "", row.decision_no, row.valid_from,
            row.valid_to,
        )
        for row, name, unit, unit_en in rows
    ]  # fmt: skip


def fields_of_matters(session: Session) -> Sequence[str]:
    """The fields that kinds of matter belong to."""
    return session.scalars(select(Category.field).where(Category.field != "").distinct().order_by(Category.field)).all()


@dataclass(frozen=True, slots=True)
class FieldsOfMatters:
    """The fields of the matters that may wait at a unit, by the kinds of matter in force.

    A ward's may be of no kind yet (''); a body for which no kind is named may be handed any of the city's.
    """

    wards: tuple[str, ...]
    departments: Mapping[int, tuple[str, ...]]
    every: tuple[str, ...]

    def at(self, unit_id: int, level: Level) -> tuple[str, ...]:
        return self.wards if level is Level.WARD else self.departments.get(unit_id, self.every)


def fields_at_units(session: Session) -> FieldsOfMatters:
    rows = session.execute(
        select(Category.level, Category.department_id, Category.field).where(Category.retired_at.is_(None)).distinct()
    ).all()
    departments: dict[int, set[str]] = defaultdict(set)
    for _level, department_id, field in rows:
        if department_id is not None:
            departments[department_id].add(field)
    return FieldsOfMatters(
        wards=tuple(sorted({"", *(field for level, _, field in rows if level is Level.WARD)})),
        departments={unit_id: tuple(sorted(fields)) for unit_id, fields in departments.items()},
        every=tuple(sorted({field for _, _, field in rows})) or ("",),
    )


def decide(session: Session, wanted: ResponsibilityFacts, *, actor: Actor, today: date, now: datetime) -> int:
    """From that day on this person answers for the field or the area, and whoever did before no longer; the row's id.

    Raises InvalidInput for a day that has passed, without a decision, for oneself or an account that is closed, for
    what they answer for already, and where another decision is to come.
    """
    # One after the other: two decisions about the same at once would both stand.
    session.execute(text("lock table responsibility in share row exclusive mode"))
    _judge(session, wanted, actor=actor, today=today)
    running = session.scalars(select(Responsibility).where(_about(wanted), _runs(wanted.valid_from))).all()
    if any(one.valid_from > today for one in running):
        raise InvalidInput("from", "somebody_is_coming")
    if any(one.staff_id == wanted.staff_id for one in running):
        raise InvalidInput("person", "responsible_already")
    _end(session, [one.id for one in running], on=wanted.valid_from)
    insert_responsibilities(session, [wanted])
    before = [one.staff_id for one in running]
    _record(session, "responsibility.given", wanted, before=before, actor=actor, now=now)
    of_it = _about(wanted), Responsibility.staff_id == wanted.staff_id
    return session.scalars(select(func.max(Responsibility.id)).where(*of_it)).one()


def move_end(session: Session, row_id: int, valid_to: date | None, *, actor: Actor, today: date, now: datetime) -> None:
    """By which day a decision ends; None: not before another says so. Raises InvalidInput for a day that has passed."""
    row = session.get(Responsibility, row_id, populate_existing=True)
    if row is None or (row.valid_to is not None and row.valid_to <= today):
        raise NotFound("responsibility", row_id)
    if valid_to is not None and valid_to <= today:
        raise InvalidInput("to", "past")
    _end(session, [row_id], on=valid_to)
    facts = ResponsibilityFacts(
        row.staff_id, row.decision_no, row.valid_from, field=row.field, unit_id=row.unit_id, valid_to=valid_to
    )
    _record(session, "responsibility.ended", facts, before=[], actor=actor, now=now)


def end_responsibility(session: Session, row_id: int, *, actor: Actor, today: date, now: datetime) -> None:
    """From today on nobody answers for it by this decision; one that has not begun is taken back, and the one before
    it goes on. Raises NotFound for what is over."""
    session.execute(text("lock table responsibility in share row exclusive mode"))
    row = session.get(Responsibility, row_id, populate_existing=True)
    if row is None or (row.valid_to is not None and row.valid_to <= today):
        raise NotFound("responsibility", row_id)
    facts = ResponsibilityFacts(
        row.staff_id, row.decision_no, row.valid_from, field=row.field, unit_id=row.unit_id, valid_to=row.valid_to
    )
    is_planned = row.valid_from > today
    _end(session, [row.id], on=row.valid_from if is_planned else today)
    if is_planned:
        was = Responsibility.valid_to == row.valid_from, Responsibility.valid_from < row.valid_from
        kept = session.scalars(select(Responsibility.id).where(_about(facts), Responsibility.id != row.id, *was)).all()
        _end(session, kept, on=None)
    action = "responsibility.taken_back" if is_planned else "responsibility.ended"
    _record(session, action, facts, before=[], actor=actor, now=now)


def _judge(session: Session, wanted: ResponsibilityFacts, *, actor: Actor, today: date) -> None:
    if (wanted.field is None) == (wanted.unit_id is None):
        raise InvalidInput("field", "field_or_area")
    if not wanted.decision_no:
        raise InvalidInput("decision", "required")
    if len(wanted.decision_no) > LONGEST_DECISION:
        raise InvalidInput("decision", "too_long", limit=LONGEST_DECISION)
    if wanted.valid_from < today:
        raise InvalidInput("from", "past")
    account = session.get(Staff, wanted.staff_id)
    if account is None or account.disabled_at is not None:
        raise InvalidInput("person", "no_such_person")
    if wanted.staff_id == actor.staff_id:
        raise InvalidInput("person", "own_post")


def _about(wanted: ResponsibilityFacts) -> ColumnElement[bool]:
    if wanted.field is not None:
        return Responsibility.field == wanted.field
    return and_(Responsibility.field.is_(None), Responsibility.unit_id == wanted.unit_id)


def _runs(day: date) -> ColumnElement[bool]:
    ends = Responsibility.valid_to
    return or_(ends.is_(None), and_(ends > day, ends > Responsibility.valid_from))


def _end(session: Session, row_ids: Sequence[int], *, on: date | None) -> None:
    session.execute(
        update(Responsibility)
        .where(Responsibility.id.in_(row_ids))
        .values(valid_to=on)
        .execution_options(synchronize_session="fetch")
    )


def _record(
    session: Session, action: str, facts: ResponsibilityFacts, *, before: Sequence[int], actor: Actor, now: datetime
) -> None:
    params = {
        "staff_id": facts.staff_id,
        "since": facts.valid_from.isoformat(),
        "decision_no": facts.decision_no,
        **({"field": facts.field} if facts.field is not None else {"unit_id": facts.unit_id}),
        **({"instead_of": list(before)} if before else {}),
    }
    entries.record(
        session, actor=actor, action=action, subject_kind="staff", subject_id=facts.staff_id, params=params, now=now
    )
