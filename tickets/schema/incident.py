"""What many report at once: said to all who come because of it, and everybody who is to be told when it is over."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, Id, JsonList, coded, to
from tickets.states import Channel


class Incident(Base):
    """A bulletin for an area, and for one category or all; it always has an end.

    `unit_ids` are the units of the area, none: the whole city. `most_waiting` callers wait at the same time, further
    ones are asked for a message; None: no limit. `cause` says why it ended: ended, expired or answered.
    """

    __tablename__ = "incident"
    __table_args__ = (
        CheckConstraint("expires_at > starts_at", name="range"),
        Index("ix_incident_runs", "expires_at", postgresql_where=text("ended_at is null")),
    )

    id: Mapped[Id]
    # The ticket that is worked on; those who are counted wait for the end of the matter in it.
    master_id: Mapped[int] = mapped_column(to("ticket", cascade=True), index=True)
    unit_ids: Mapped[JsonList]
    category_id: Mapped[int | None] = mapped_column(to("category"))
    bulletin_vi: Mapped[str]
    bulletin_en: Mapped[str]
    is_disaster: Mapped[bool]
    most_waiting: Mapped[int | None]
    starts_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    set_by_id: Mapped[int] = mapped_column(to("staff"))
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(to("staff"))
    cause: Mapped[str] = mapped_column(server_default="")
    closing_vi: Mapped[str] = mapped_column(server_default="")
    closing_en: Mapped[str] = mapped_column(server_default="")


class IncidentPerson(Base):
    """Somebody who is counted, once for each number or mailbox, and told once when it is over.

    `address` is where they are told, or the contact where that can be nowhere. `ticket_id` is a request of their own
    that becomes a duplicate of the incident's. `told_by` is sms, voice, email, answer (their own request was
    answered with the master) or none.
    """

    __tablename__ = "incident_person"
    __table_args__ = (
        UniqueConstraint("incident_id", "address"),
        Index("ix_incident_person_untold", "incident_id", "id", postgresql_where=text("told_at is null")),
        Index(
            "ix_incident_person_unlinked", "id", postgresql_where=text("ticket_id is not null and linked_at is null")
        ),
    )

    id: Mapped[Id]
    incident_id: Mapped[int] = mapped_column(to("incident", cascade=True))
    address: Mapped[str]
    channel: Mapped[Channel] = mapped_column(coded(Channel))
    phone: Mapped[str | None]
    email: Mapped[str | None]
    locale: Mapped[str]
    contact_id: Mapped[int | None] = mapped_column(to("contact"), index=True)
    ticket_id: Mapped[int | None] = mapped_column(to("ticket", cascade=True), index=True)
    counted_at: Mapped[datetime]
    linked_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    told_by: Mapped[str] = mapped_column(server_default="")
