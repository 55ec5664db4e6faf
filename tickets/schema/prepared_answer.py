"""Answers that are written once and sent often."""

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, Id, to


class PreparedAnswer(Base):
    """A text that agents put into their reply and finish there. Without a unit it is the whole city's."""

    __tablename__ = "prepared_answer"
    __table_args__ = (
        Index("uq_prepared_answer_title", "unit_id", "title", unique=True, postgresql_nulls_not_distinct=True),
    )

    id: Mapped[Id]
    unit_id: Mapped[int | None] = mapped_column(to("unit"))
    title: Mapped[str]
    body: Mapped[str]
    # Empty: there is only the Vietnamese text.
    body_en: Mapped[str] = mapped_column(server_default="")
    retired_at: Mapped[datetime | None]
