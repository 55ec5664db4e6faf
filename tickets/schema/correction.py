"""What was read from people's words, and what people who looked say it is."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, Id, coded, to
from tickets.states import ReadField


class ReadingCorrection(Base):
    """One field of a ticket that was read wrongly. Only added to; of several about one field the last one holds.

    `guessed` is what the words were first read as, `correct` what it is: "yes", "doubtful" or "no", a category's or a
    unit's code; '' where there was none. `told_by` is the rule that said it because of `words` ('' where none did,
    "given" where no rule had to), and `rules_version` which rules read it.
    """

    __tablename__ = "reading_correction"

    id: Mapped[Id]
    ticket_id: Mapped[int] = mapped_column(to("ticket"), index=True)
    field: Mapped[ReadField] = mapped_column(coded(ReadField))
    guessed: Mapped[str]
    correct: Mapped[str]
    told_by: Mapped[str]
    words: Mapped[str]
    rules_version: Mapped[str]
    staff_id: Mapped[int] = mapped_column(to("staff"))
    at: Mapped[datetime] = mapped_column(index=True)
