"""Tables of the directory and the catalogue as duties: what is confirmed, released, and how far procedures came."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, Id, Json, coded, to
from tickets.states import CatalogueStage, NightResult


class DirectoryRelease(Base):
    """A decision about what the public reads of a unit: released, or returned with a reason. Never changed.

    The last released content is what public pages show. Without any release at all, everything that is entered counts
    as released. `decided_by_id` is null for the directory that a start or an upgrade found.
    """

    __tablename__ = "directory_release"
    __table_args__ = (
        Index("ix_directory_release_unit_id", "unit_id", "id"),
        CheckConstraint("is_released or reason <> ''", name="reason"),
    )

    id: Mapped[Id]
    unit_id: Mapped[int] = mapped_column(to("unit"))
    is_released: Mapped[bool]
    # Offices with their lines, and the numbers of procedures: `tickets/directory/entries_now.py` says how.
    content: Mapped[Json]
    reason: Mapped[str]
    decided_by_id: Mapped[int | None] = mapped_column(to("staff"))
    decided_at: Mapped[datetime]


class DirectoryConfirmation(Base):
    """That somebody of the unit has read what the directory says of it, and that it is right. Never changed."""

    __tablename__ = "directory_confirmation"
    __table_args__ = (Index("ix_directory_confirmation_unit_id", "unit_id", "id"),)

    id: Mapped[Id]
    unit_id: Mapped[int] = mapped_column(to("unit"))
    # The first day of the month it is for.
    month: Mapped[date]
    # Of what was read: `tickets/directory/entries_now.py`.
    fingerprint: Mapped[str]
    confirmed_by_id: Mapped[int] = mapped_column(to("staff"))
    confirmed_at: Mapped[datetime]


class CatalogueStep(Base):
    """That a procedure came to a stage of the catalogue on a day, as it was entered; the last row of a stage holds.

    `on_day` is null where an entry was taken back, with `reason`.
    """

    __tablename__ = "catalogue_step"
    __table_args__ = (
        Index("ix_catalogue_step_procedure_id", "procedure_id", "id"),
        CheckConstraint("on_day is not null or reason <> ''", name="reason"),
    )

    id: Mapped[Id]
    procedure_id: Mapped[int] = mapped_column(to("procedure"))
    stage: Mapped[CatalogueStage] = mapped_column(coded(CatalogueStage))
    on_day: Mapped[date | None]
    document_no: Mapped[str]
    reason: Mapped[str]
    entered_by_id: Mapped[int | None] = mapped_column(to("staff"))
    entered_at: Mapped[datetime]


class CatalogueMonth(Base):
    """A department's catalogue as it was at the end of a month, or is in this one: what shares are made of."""

    __tablename__ = "catalogue_month"

    month: Mapped[date] = mapped_column(primary_key=True)
    unit_id: Mapped[int] = mapped_column(to("unit"), primary_key=True, index=True)
    procedures: Mapped[int]
    boundary_free: Mapped[int]
    online: Mapped[int]
    of_business: Mapped[int]
    of_business_online: Mapped[int]
    counted_at: Mapped[datetime]


class ProcedureYear(Base):
    """How many dossiers a procedure had in a year, from the counts that departments bring as files."""

    __tablename__ = "procedure_year"
    __table_args__ = (UniqueConstraint("procedure_id", "year"), CheckConstraint("dossiers >= 0", name="dossiers"))

    id: Mapped[Id]
    procedure_id: Mapped[int] = mapped_column(to("procedure"))
    year: Mapped[int]
    dossiers: Mapped[int]


class NightConsent(Base):
    """That a unit lets the hotline call its lines at night, or no longer; the last row holds, no row is a no."""

    __tablename__ = "night_consent"
    __table_args__ = (Index("ix_night_consent_unit_id", "unit_id", "id"),)

    id: Mapped[Id]
    unit_id: Mapped[int] = mapped_column(to("unit"))
    is_given: Mapped[bool]
    decided_by_id: Mapped[int] = mapped_column(to("staff"))
    decided_at: Mapped[datetime]


class NightCall(Base):
    """A call to a published line at a random hour of a night, and what became of it; a line has one a night at most."""

    __tablename__ = "night_call"
    __table_args__ = (
        UniqueConstraint("line_id", "night"),
        Index("ix_night_call_open", "call_at", postgresql_where=text("result is null")),
        Index("ix_night_call_night", "night"),
    )

    id: Mapped[Id]
    line_id: Mapped[int] = mapped_column(to("line"))
    unit_id: Mapped[int] = mapped_column(to("unit"), index=True)
    # The day on which the night began.
    night: Mapped[date]
    call_at: Mapped[datetime]
    # Of the call, in `outbound_message`; null until it is placed.
    dedup_key: Mapped[str | None] = mapped_column(unique=True)
    pressed: Mapped[str] = mapped_column(server_default="")
    pressed_at: Mapped[datetime | None]
    # Null while it is open.
    result: Mapped[NightResult | None] = mapped_column(coded(NightResult))
    # From the call's beginning to the key.
    seconds: Mapped[int | None]
    # Who was on duty by the rota then.
    on_duty: Mapped[str] = mapped_column(server_default="")
    judged_at: Mapped[datetime | None]
    ticket_id: Mapped[int | None] = mapped_column(to("ticket"), index=True)
