"""Proof that what evidence is counted by is what its tickets say, and its correction where it is not."""

from collections.abc import Collection

from sqlalchemy import BigInteger, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from tickets.schema.problem import EVIDENCE_COLUMNS, EVIDENCE_OF_TICKET

_KEPT = ", ".join(f"e.{name}" for name in EVIDENCE_COLUMNS.split(", "))
_DIFFERS = f"({_KEPT}) is distinct from ({EVIDENCE_OF_TICKET})"
# Our own words, nothing anybody typed.
_DIFFERENT = text(
    f"select distinct e.ticket_id from problem_ticket e join ticket t on t.id = e.ticket_id where {_DIFFERS} order by 1"  # noqa: S608
)
_CORRECT = text(
    f"""
    with t as (select * from ticket where id = any(:ticket_ids) order by id for share)
    update problem_ticket e set ({EVIDENCE_COLUMNS}) = ({EVIDENCE_OF_TICKET}) from t
    where t.id = e.ticket_id and {_DIFFERS}
    returning e.ticket_id
    """  # noqa: S608
).bindparams(bindparam("ticket_ids", type_=ARRAY(BigInteger)))


def tickets_whose_evidence_differs(session: Session) -> list[int]:
    """Of which tickets it is not what they say; it reads all evidence there is."""
    return list(session.scalars(_DIFFERENT))


def correct_evidence(session: Session, ticket_ids: Collection[int]) -> list[int]:
    """Write it anew for those of these whose tickets say otherwise also while nobody can change them."""
    return sorted(set(session.scalars(_CORRECT, {"ticket_ids": sorted(ticket_ids)}))) if ticket_ids else []
