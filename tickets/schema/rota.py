"""Tables of the rota: turns of duty, the rotations that fill it ahead, leave with who stands in, and swaps."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, Id, JsonList, coded, to
from tickets.states import SwapState


class Rotation(Base):
    """These people in this order answer for the post, each so many days, from a day on until it is taken back.

    Minutes are of the city's day: equal ones mean day and night, a turn that lasts all days of a person; different ones
    a turn on each of their days. `filled_until` is the first day that has no turns of it yet.
    """

    __tablename__ = "rotation"
    __table_args__ = (
        CheckConstraint("days_each >= 1 and days_each <= 31", name="days"),
        CheckConstraint(
            "from_minute >= 0 and from_minute <= 1439 and to_minute >= 0 and to_minute <= 1439", name="minutes"
        ),
    )

    id: Mapped[Id]
    post_id: Mapped[int] = mapped_column(to("post"), index=True)
    staff_ids: Mapped[JsonList]
    days_each: Mapped[int]
    starts_on: Mapped[date]
    from_minute: Mapped[int]
    to_minute: Mapped[int]
    filled_until: Mapped[date]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Shift(Base):
    """A turn of the on-call rota: between two instants this person answers for the post.

    `rotation_id` is the rotation that filled it; what was changed by hand is nobody's but the hand's.
    """

    __tablename__ = "shift"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="range"),
        # Whose turn begins is asked every minute.
        Index("ix_shift_starts_at", "starts_at"),
    )

    id: Mapped[Id]
    post_id: Mapped[int] = mapped_column(to("post"), index=True)
    staff_id: Mapped[int] = mapped_column(to("staff"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    rotation_id: Mapped[int | None]


class Absence(Base):
    """Leave of a person between two instants, and who stands in for them; nobody where none is named.

    What they owe goes on being owed by their posts and turns: whoever stands in is told, in the same capacity (A4).
    """

    __tablename__ = "absence"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="range"),
        CheckConstraint("deputy_id <> staff_id", name="another"),
    )

    id: Mapped[Id]
    staff_id: Mapped[int] = mapped_column(to("staff"), index=True)
    deputy_id: Mapped[int | None] = mapped_column(to("staff"), index=True)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    created_at: Mapped[datetime]


class HandoverNote(Base):
    """What a turn hands over to the next: words that are written, and those that are still being typed."""

    __tablename__ = "handover_note"

    shift_id: Mapped[int] = mapped_column(to("shift", cascade=True), primary_key=True, autoincrement=False)
    words: Mapped[str]
    draft: Mapped[str] = mapped_column(server_default="")
    written_at: Mapped[datetime | None]


class RotaFeed(Base):
    """A secret address for calendars, of which the hash is kept: a person's own turns, or those of a post."""

    __tablename__ = "rota_feed"

    id: Mapped[Id]
    token_hash: Mapped[str] = mapped_column(unique=True)
    staff_id: Mapped[int] = mapped_column(to("staff"), index=True)
    post_id: Mapped[int | None] = mapped_column(to("post"), index=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class SwapRequest(Base):
    """That whoever has a turn asked somebody to take it, and what they answered; one open question a turn."""

    __tablename__ = "swap_request"
    __table_args__ = (
        Index("uq_swap_request_open", "shift_id", unique=True, postgresql_where=text("state = 'asked'")),
        Index("ix_swap_request_shift_id", "shift_id"),
    )

    id: Mapped[Id]
    shift_id: Mapped[int] = mapped_column(to("shift", cascade=True))
    from_staff_id: Mapped[int] = mapped_column(to("staff"), index=True)
    to_staff_id: Mapped[int] = mapped_column(to("staff"), index=True)
    state: Mapped[SwapState] = mapped_column(coded(SwapState))
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
