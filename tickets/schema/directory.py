"""Tables of the city's bodies: dated units, offices, lines, procedures, categories and queues."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, Id, coded, to
from tickets.states import Level, Priority, QueueKind, UnitKind


class Unit(Base):
    """A body that answers, or once did. Codes are reused after a reorganisation: only `id` identifies a unit."""

    __tablename__ = "unit"
    __table_args__ = (
        UniqueConstraint("code", "valid_from"),
        CheckConstraint("valid_to is null or valid_from is null or valid_to > valid_from", name="valid_range"),
        Index("ix_unit_current_code", "code", postgresql_where=text("valid_to is null")),
    )

    id: Mapped[Id]
    code: Mapped[str | None] = mapped_column(index=True)
    name: Mapped[str]
    name_en: Mapped[str]
    # Diacritics folded, so that lists sort alike with and without a Vietnamese collation.
    sort_key: Mapped[str]
    kind: Mapped[UnitKind] = mapped_column(coded(UnitKind))
    parent_id: Mapped[int | None] = mapped_column(to("unit"), index=True)
    former_province: Mapped[str | None]
    # First day of validity; null where the sources do not tell it.
    valid_from: Mapped[date | None]
    # First day on which the unit no longer exists.
    valid_to: Mapped[date | None]
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    source: Mapped[str] = mapped_column(server_default="")


class UnitSuccession(Base):
    """An edge from an abolished unit to one that took over all or, if `is_partial`, a part of it."""

    __tablename__ = "unit_succession"
    __table_args__ = (UniqueConstraint("predecessor_id", "successor_id"),)

    id: Mapped[Id]
    predecessor_id: Mapped[int] = mapped_column(to("unit"))
    successor_id: Mapped[int] = mapped_column(to("unit"), index=True)
    is_partial: Mapped[bool]


class GoingLive(Base):
    """A decision that a unit works with us from a day on, or no longer; the last one of those that have come holds.

    Without any decision about any unit, all are live. `decided_by_id` is null for what a start or an upgrade wrote.
    """

    __tablename__ = "going_live"
    __table_args__ = (
        Index("ix_going_live_unit_id", "unit_id", "id"),
        CheckConstraint("is_live or reason <> ''", name="reason"),
    )

    id: Mapped[Id]
    unit_id: Mapped[int] = mapped_column(to("unit"))
    is_live: Mapped[bool]
    on_day: Mapped[date]
    reason: Mapped[str] = mapped_column(server_default="")
    decided_by_id: Mapped[int | None] = mapped_column(to("staff"))
    decided_at: Mapped[datetime]


class UnitMembership(Base):
    """That a ward belonged to a district (or a district to a province) between two dates."""

    __tablename__ = "unit_membership"
    __table_args__ = (UniqueConstraint("unit_id", "parent_id"),)

    id: Mapped[Id]
    unit_id: Mapped[int] = mapped_column(to("unit"))
    parent_id: Mapped[int] = mapped_column(to("unit"), index=True)
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]


class OneStopOffice(Base):
    """A place where procedures are received; it belongs to a unit, and published lines belong to it."""

    __tablename__ = "one_stop_office"

    id: Mapped[Id]
    unit_id: Mapped[int] = mapped_column(to("unit"), index=True)
    name: Mapped[str]
    name_en: Mapped[str]
    address: Mapped[str] = mapped_column(server_default="")
    opening_hours: Mapped[str] = mapped_column(server_default="")
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    # Desks at which people are received at once.
    counters: Mapped[int | None]
    # Computers, scanners, ticket machines: in words, as the office reports them.
    devices: Mapped[str] = mapped_column(server_default="")
    duty_staff: Mapped[str] = mapped_column(server_default="")


class Line(Base):
    """A published phone number; the unit it stands for is its office's unit."""

    __tablename__ = "line"
    __table_args__ = (Index("uq_line_current_phone", "phone", unique=True, postgresql_where=text("valid_to is null")),)

    id: Mapped[Id]
    phone: Mapped[str]
    label: Mapped[str]
    office_id: Mapped[int] = mapped_column(to("one_stop_office"), index=True)
    # A city line asks for the place; a ward's line already knows it.
    is_city: Mapped[bool] = mapped_column(server_default=text("false"))
    provider_account: Mapped[str | None]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]


class LineTest(Base):
    """A test call to a published line, asked for by a person; how it ended is kept of the call itself."""

    __tablename__ = "line_test"
    __table_args__ = (Index("ix_line_test_line_id", "line_id", "id"),)

    id: Mapped[Id]
    line_id: Mapped[int] = mapped_column(to("line"))
    asked_by_id: Mapped[int] = mapped_column(to("staff"))
    asked_at: Mapped[datetime]
    # Of the call, in `outbound_message`.
    dedup_key: Mapped[str] = mapped_column(unique=True)


# As in `tickets/schema/place_names.py`.
PROCEDURE_WORDS = "folded_words((((((coalesce(code, '') || ' ') || name) || ' ') || field) || ' ') || decision_no)"


class Procedure(Base):
    """An entry of the national procedures database; an unverified code stays empty."""

    __tablename__ = "procedure"
    __table_args__ = (
        Index("ix_procedure_key", text("coalesce(code, name)")),
        Index(
            "ix_procedure_words", text(PROCEDURE_WORDS), postgresql_using="gin", postgresql_with={"fastupdate": "off"}
        ),
    )

    id: Mapped[Id]
    code: Mapped[str | None] = mapped_column(unique=True)
    name: Mapped[str]
    sort_key: Mapped[str]
    field: Mapped[str]
    level: Mapped[Level] = mapped_column(coded(Level))
    decision_no: Mapped[str] = mapped_column(server_default="")
    boundary_free: Mapped[bool] = mapped_column(server_default=text("false"))
    department_id: Mapped[int | None] = mapped_column(to("unit"))
    # How far it is done without coming: none, partial or full; empty where nobody has said.
    online_level: Mapped[str] = mapped_column(server_default="")
    for_business: Mapped[bool] = mapped_column(server_default=text("false"))


class Category(Base):
    """A kind of matter, in two levels; says who answers by default and with which priority.

    `conduct` tells whom the matter is about: '' nobody, 'staff' of a unit, its 'head', or the 'unit' as such; a matter
    with conduct is restricted and never reaches those it is about.
    """

    __tablename__ = "category"
    __table_args__ = (CheckConstraint("conduct in ('', 'staff', 'head', 'unit')", name="conduct"),)

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(unique=True)
    parent_id: Mapped[int | None] = mapped_column(to("category"), index=True)
    name: Mapped[str]
    name_en: Mapped[str]
    sort_key: Mapped[str]
    position: Mapped[int]
    level: Mapped[Level] = mapped_column(coded(Level))
    department_id: Mapped[int | None] = mapped_column(to("unit"))
    default_priority: Mapped[Priority] = mapped_column(coded(Priority))
    # The field a leader is responsible for, as in `responsibility.field`.
    field: Mapped[str]
    conduct: Mapped[str] = mapped_column(server_default="")
    # Folded words that suggest this category for a text; separated by '|'.
    hints: Mapped[str] = mapped_column(server_default="")
    retired_at: Mapped[datetime | None]


class Queue(Base):
    """Tickets waiting at a unit."""

    __tablename__ = "queue"
    __table_args__ = (UniqueConstraint("unit_id", "kind"),)

    id: Mapped[Id]
    unit_id: Mapped[int] = mapped_column(to("unit"))
    kind: Mapped[QueueKind] = mapped_column(coded(QueueKind))
    name: Mapped[str]
    name_en: Mapped[str]
