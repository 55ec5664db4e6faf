"""Proof that what evidence is counted by is what its tickets say; `problems` writes it anew where it is not."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from tickets.schema.problem import EVIDENCE_COLUMNS, EVIDENCE_OF_TICKET

_KEPT = ", ".join(f"e.{name}" for name in EVIDENCE_COLUMNS.split(", "))
# Of evidence `e` and its ticket `t`.
EVIDENCE_DIFFERS = f"({_KEPT}) is distinct from ({EVIDENCE_OF_TICKET})"
# Our own words, nothing anybody typed.
_DIFFERENT = text(
    "select distinct e.ticket_id from problem_ticket e join ticket t on t.id = e.ticket_id"  # noqa: S608
    f" where {EVIDENCE_DIFFERS} order by 1"
)


def tickets_whose_evidence_differs(session: Session) -> list[int]:
    """Of which tickets it is not what they say; it reads all evidence there is."""
    return list(session.scalars(_DIFFERENT))
