"""Tables of what we may send and dial at the city's cost: which numbers, and how many messages and calls."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, coded
from tickets.states import BudgetScope, SendingKind


class DialledPrefix(Base):
    """Numbers that begin so are texted and called, or are not; the longest prefix that fits decides."""

    __tablename__ = "dialled_prefix"

    # As numbers begin: +84, +841900.
    prefix: Mapped[str] = mapped_column(primary_key=True)
    is_allowed: Mapped[bool]
    # Messages, and calls, to all numbers under it in an hour; without one, what holds for everybody is enough.
    most_an_hour: Mapped[int | None]
    note: Mapped[str]


class SendingBudget(Base):
    """How many messages or calls go to citizens within so many seconds: to one number, to a range of them, in all."""

    __tablename__ = "sending_budget"

    kind: Mapped[SendingKind] = mapped_column(coded(SendingKind), primary_key=True)
    scope: Mapped[BudgetScope] = mapped_column(coded(BudgetScope), primary_key=True)
    seconds: Mapped[int] = mapped_column(primary_key=True)
    most: Mapped[int]


class SendingCount(Base):
    """How many were handed to a carrier since `begins_at`; a row for each process that counts, so that none waits."""

    __tablename__ = "sending_count"

    begins_at: Mapped[datetime] = mapped_column(primary_key=True)
    seconds: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[SendingKind] = mapped_column(coded(SendingKind), primary_key=True)
    # A number, the range it lies in (+8490123xxxx), a prefix (+84…), or '' for all together.
    counted: Mapped[str] = mapped_column(primary_key=True)
    counted_by: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int]
