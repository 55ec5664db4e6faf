"""What came to us and told of nothing that anybody could work on."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, to


class NoiseContact(Base):
    """A contact that opened no ticket and has no promise, with its words, until somebody has looked at it.

    `kind` and `words` say why (`tickets/matter/noise.py`; "machine" for a short code or a sender's name, "thanks" for
    bare thanks, "echo" for our own words).
    `ticket_id` once a person found that it is a matter after all. `unit_id` is whose list it stands on.
    """

    __tablename__ = "noise_contact"
    __table_args__ = (
        Index("ix_noise_contact_unlooked", "unit_id", "contact_id", postgresql_where=text("looked_at is null")),
        Index("ix_noise_contact_unit", "unit_id", "contact_id"),
    )

    contact_id: Mapped[int] = mapped_column(to("contact"), primary_key=True)
    unit_id: Mapped[int] = mapped_column(to("unit"))
    said: Mapped[str]
    kind: Mapped[str]
    words: Mapped[str]
    rules_version: Mapped[str]
    name: Mapped[str]
    email: Mapped[str]
    locale: Mapped[str]
    at: Mapped[datetime]
    looked_at: Mapped[datetime | None]
    looked_by_id: Mapped[int | None] = mapped_column(to("staff"))
    ticket_id: Mapped[int | None] = mapped_column(to("ticket"), index=True)
