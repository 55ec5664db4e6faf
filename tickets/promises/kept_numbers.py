"""What numbers kept beside the rows have in common: when their changes are gathered, and how they are proved."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

# A city of two hundred bodies has a few thousand numbers; so many more changes are read before they are gathered.
MOST_CHANGES = 1_000


def units_of(session: Session, missing: str, instants: Mapping[str, datetime]) -> list[int]:
    """Of which units something is missing; `missing` is our own words, nothing anybody typed."""
    of_units = text(f"select distinct unit_id from ({missing}) missing order by 1")  # noqa: S608
    return list(session.scalars(of_units, instants))
