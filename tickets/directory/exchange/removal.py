"""Takes rows back that an import made and nobody uses: what points at them decides, in the database."""

from collections.abc import Sequence

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tickets.directory.exchange.kind import RowChange, StillNeeded
from tickets.schema import Base


def removed(
    session: Session, change: RowChange, *, table: str, row_id: int, with_it: Sequence[tuple[str, str]] = ()
) -> None:
    """The row is gone, with those of other tables that were made along with it. Raises StillNeeded."""
    tables = Base.metadata.tables
    try:
        with session.begin_nested():
            for other, column in with_it:
                session.execute(delete(tables[other]).where(tables[other].c[column] == row_id))
            session.execute(delete(tables[table]).where(tables[table].c.id == row_id))
    except IntegrityError as used:
        raise StillNeeded(change.name) from used
