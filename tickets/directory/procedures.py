"""The procedures people ask about: entries of the national procedures database with the department that keeps them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import insert, select, tuple_, update
from sqlalchemy.orm import Session

from tickets.directory.sort_keys import sort_key
from tickets.directory.units import AREA_KINDS
from tickets.errors import NotFound
from tickets.folding import folded_words
from tickets.schema import Procedure, Unit
from tickets.states import Level


@dataclass(frozen=True, slots=True)
class ProcedureFacts:
    """`code` is None where the national code was not verified."""

    code: str | None
    name: str
    field: str
    level: Level
    decision_no: str = ""
    boundary_free: bool = False
    department_id: int | None = None
    online_level: str = ""
    for_business: bool = False


def insert_procedures(session: Session, facts: Sequence[ProcedureFacts]) -> None:
    if facts:
        session.execute(insert(Procedure), [columns_of(procedure) for procedure in facts])


def correct_procedure(session: Session, procedure_id: int, columns: Mapping[str, object]) -> None:
    session.execute(update(Procedure).where(Procedure.id == procedure_id).values(columns))


def columns_of(facts: ProcedureFacts) -> dict[str, object]:
    return {
        "code": facts.code,
        "name": facts.name,
        "sort_key": sort_key(facts.name),
        "field": facts.field,
        "level": facts.level,
        "decision_no": facts.decision_no,
        "boundary_free": facts.boundary_free,
        "department_id": facts.department_id,
        "online_level": facts.online_level,
        "for_business": facts.for_business,
    }


def procedures(
    session: Session,
    *,
    text: str = "",
    level: Level | None = None,
    after: tuple[str, int] | None = None,
    but: Collection[int] = (),
    limit: int = 50,
) -> list[Procedure]:
    """The catalogue by name; `text` is compared without marks with name and code, every word of it must occur.

    `after` is (sort_key, id) of the last row seen; `but` are left out.
    """
    wanted = select(Procedure).order_by(Procedure.sort_key, Procedure.id).limit(limit)
    for word in folded_words(text)[:8]:
        pattern = f"%{word}%"
        wanted = wanted.where(Procedure.sort_key.like(pattern) | Procedure.code.like(pattern))
    if level is not None:
        wanted = wanted.where(Procedure.level == level)
    if but:
        wanted = wanted.where(Procedure.id.not_in(but))
    if after is not None:
        wanted = wanted.where(tuple_(Procedure.sort_key, Procedure.id) > after)
    return list(session.scalars(wanted))


def procedures_received(session: Session, unit: Unit) -> list[Procedure]:
    """What this body receives: an area all of the ward level, another body what is its own."""
    mine = Procedure.level == Level.WARD if unit.kind in AREA_KINDS else Procedure.department_id == unit.id
    return list(session.scalars(select(Procedure).where(mine).order_by(Procedure.sort_key, Procedure.id)))


def procedure_named(session: Session, number: int) -> Procedure:
    """Raises NotFound."""
    found = session.get(Procedure, number) if number < 2**62 else None
    if found is None:
        raise NotFound("procedure", number)
    return found
