"""Answers that are prepared for the whole city or for one body, and who is offered which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from tickets.schema import PreparedAnswer


def insert_prepared(session: Session, rows: Sequence[Mapping[str, object]]) -> list[int]:
    """Write new ones; their ids in the given order."""
    wanted = insert(PreparedAnswer).returning(PreparedAnswer.id, sort_by_parameter_order=True)
    return list(session.scalars(wanted, list(rows))) if rows else []


def correct_prepared(session: Session, answer_id: int, columns: Mapping[str, object]) -> None:
    session.execute(update(PreparedAnswer).where(PreparedAnswer.id == answer_id).values(columns))


@dataclass(frozen=True, slots=True)
class ReadyAnswer:
    """One that is in use; without a unit it is everybody's."""

    unit_id: int | None
    title: str
    body: str
    body_en: str


def load_prepared(session: Session) -> tuple[ReadyAnswer, ...]:
    """All that are in use, those of bodies first: they are read with the rules, so that a page asks for none."""
    rows = session.execute(
        select(PreparedAnswer.unit_id, PreparedAnswer.title, PreparedAnswer.body, PreparedAnswer.body_en)
        .where(PreparedAnswer.retired_at.is_(None))
        .order_by(PreparedAnswer.unit_id.is_(None), PreparedAnswer.title)
    )
    return tuple(ReadyAnswer(*row) for row in rows)


def offered_to(known: Sequence[ReadyAnswer], unit_id: int, *, english: bool) -> list[tuple[str, str]]:
    """Title and text, those of the body itself first: in English for who is answered in it, where there is one."""
    return [
        (one.title, (one.body_en if english else "") or one.body) for one in known if one.unit_id in (unit_id, None)
    ]
