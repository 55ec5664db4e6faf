"""Tables of what is being worked on this moment: words not sent yet, and who has a ticket open."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, Json, coded, to
from tickets.states import DraftForm


class Draft(Base):
    """What somebody typed into a form and has not sent: one row for each person, form and thing it is about.

    `about` is empty, or a ticket, call or step (tickets/work/drafts.py), or a number its form knows. With its ticket
    a draft is erased, and it is shown only while its owner may see the ticket.
    """

    __tablename__ = "draft"

    staff_id: Mapped[int] = mapped_column(to("staff", cascade=True), primary_key=True)
    form: Mapped[DraftForm] = mapped_column(coded(DraftForm), primary_key=True)
    about: Mapped[str] = mapped_column(primary_key=True)
    ticket_id: Mapped[int | None] = mapped_column(to("ticket", cascade=True), index=True)
    fields: Mapped[Json]
    updated_at: Mapped[datetime] = mapped_column(index=True)


class TicketViewer(Base):
    """Who has a ticket open right now, and whether they are typing: shown so that two do not answer at once."""

    __tablename__ = "ticket_viewer"

    ticket_id: Mapped[int] = mapped_column(to("ticket", cascade=True), primary_key=True)
    staff_id: Mapped[int] = mapped_column(to("staff", cascade=True), primary_key=True)
    seen_at: Mapped[datetime]
    typing_at: Mapped[datetime | None]
