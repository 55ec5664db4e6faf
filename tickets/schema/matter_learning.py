"""What was learned of kinds of matter from agents' corrections, and whether it is used."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, Id, JsonList, to


class MatterLearning(Base):
    """The newest row holds. `kinds` as `tickets/matter/learned.py` makes them; `corrections`: from how many.

    A night adds a row when it has learned something else, a person when it is switched on or off.
    """

    __tablename__ = "matter_learning"

    id: Mapped[Id]
    at: Mapped[datetime]
    is_on: Mapped[bool]
    corrections: Mapped[int]
    kinds: Mapped[JsonList]
    # Corrections of kinds that have too few yet, by code: [code, how many].
    waiting: Mapped[JsonList]
    # Who switched it; None: a night learned.
    by_id: Mapped[int | None] = mapped_column(to("staff"))
