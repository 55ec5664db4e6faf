"""Tables of the people who turn to the city: who they are, their phones and wishes, each time they came."""

from datetime import datetime

from sqlalchemy import UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, Id, coded, to
from tickets.states import Channel


class Citizen(Base):
    """A person who contacts us."""

    __tablename__ = "citizen"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(server_default="")
    email: Mapped[str | None] = mapped_column(index=True)
    locale: Mapped[str] = mapped_column(server_default="vi")
    # Deaf, or unsafe at home: blocks every voice path and the agent's call button.
    do_not_call: Mapped[bool] = mapped_column(server_default=text("false"))
    last_unit_id: Mapped[int | None] = mapped_column(to("unit"))
    residence: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime]


class CitizenPhone(Base):
    """A phone a citizen uses; one phone may serve several citizens. Withheld numbers never stand here."""

    __tablename__ = "citizen_phone"
    __table_args__ = (UniqueConstraint("citizen_id", "phone"),)

    id: Mapped[Id]
    citizen_id: Mapped[int] = mapped_column(to("citizen", cascade=True))
    phone: Mapped[str] = mapped_column(index=True)
    created_at: Mapped[datetime]


class PhonePreference(Base):
    """What a phone number itself asked for: STOP to our SMS, or a carrier's refusal of them.

    Who opted out is still answered about their own matters; who is silent gets no text at all.
    """

    __tablename__ = "phone_preference"

    phone: Mapped[str] = mapped_column(primary_key=True)
    sms_opted_out_at: Mapped[datetime | None]
    sms_opt_out_reason: Mapped[str] = mapped_column(server_default="")
    sms_silent_at: Mapped[datetime | None]
    # More than ten calls an hour: flagged, still answered.
    flagged_at: Mapped[datetime | None]


class Contact(Base):
    """One call, SMS, form or API request arriving; `source_key` makes the same one, sent twice, one contact."""

    __tablename__ = "contact"
    __table_args__ = (UniqueConstraint("channel", "source_key"),)

    id: Mapped[Id]
    channel: Mapped[Channel] = mapped_column(coded(Channel))
    source_key: Mapped[str]
    arrived_at: Mapped[datetime] = mapped_column(index=True)
    citizen_id: Mapped[int | None] = mapped_column(to("citizen"), index=True)
    ticket_id: Mapped[int | None] = mapped_column(to("ticket"), index=True)
    line_id: Mapped[int | None] = mapped_column(to("line"))
    phone: Mapped[str | None]
    phone_raw: Mapped[str] = mapped_column(server_default="")
    is_simulated: Mapped[bool] = mapped_column(server_default=text("false"))
