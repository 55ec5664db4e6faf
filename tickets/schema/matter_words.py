"""The words by which texts are read: every row with the versions it holds in; nothing of a version ever changes."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, Id, to


class MatterVersion(Base):
    """A published version, numbered from 1. The newest is in force; going back publishes what an earlier one said."""

    __tablename__ = "matter_version"

    id: Mapped[Id]
    number: Mapped[int] = mapped_column(unique=True)
    # Why, in the words of whoever published it.
    reason: Mapped[str]
    created_at: Mapped[datetime]
    # None: it came with a release.
    created_by_id: Mapped[int | None] = mapped_column(to("staff"))


class MatterRow(Base):
    """A row of a list (`tickets/matter/lists.py`), from the version that brought it until before one that has it not.

    A trigger lets only `until_number` be set, once.
    """

    __tablename__ = "matter_row"
    __table_args__ = (Index("ix_matter_row_in_force", "position", postgresql_where=text("until_number is null")),)

    id: Mapped[Id]
    list_name: Mapped[str]
    says: Mapped[str]
    weight: Mapped[int]
    words: Mapped[str]
    # In the order of the file, which decides between equals; who changes a row keeps its place.
    position: Mapped[int]
    from_number: Mapped[int] = mapped_column(index=True)
    until_number: Mapped[int | None] = mapped_column(index=True)
