"""What the city's own speaker has recorded for callers, in place of the voice."""

from datetime import datetime

from sqlalchemy import Double, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, Id, to


class RecordedPrompt(Base):
    """One recording of one piece, ready for a telephone; a later one ends it, and it stays to be listened to.

    `words` are those it was recorded for: where a release says something else, the voice speaks again.
    """

    __tablename__ = "recorded_prompt"
    __table_args__ = (
        Index("uq_recorded_prompt_in_force", "locale", "code", unique=True, postgresql_where=text("ended_at is null")),
    )

    id: Mapped[Id]
    locale: Mapped[str]
    code: Mapped[str]
    words: Mapped[str]
    # A few seconds are some ten thousand bytes: kept here, they lie in every backup and reach every node.
    sound: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    sha256: Mapped[str]
    seconds: Mapped[float] = mapped_column(Double)
    file_name: Mapped[str]
    recorded_at: Mapped[datetime]
    recorded_by_id: Mapped[int | None] = mapped_column(to("staff"))
    ended_at: Mapped[datetime | None]
