"""What numbers that are kept beside the rows have in common: when their changes are gathered, and how they are proved."""

from typing import Any

from sqlalchemy import text

# A city of two hundred bodies has a few thousand numbers; so many more changes are read before they are gathered.
MOST_CHANGES = 1_000


def units_of(missing: str) -> Any:
    """The statement that names the units of which something is missing; `missing` is our own words, with unit_id."""
    return text(f"select distinct unit_id from ({missing}) missing order by 1")  # noqa: S608
