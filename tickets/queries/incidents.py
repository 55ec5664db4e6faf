"""What may be an incident: open tickets that several others were linked to within a day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from tickets.people.roles import Viewer, visible_tickets
from tickets.schema import DuplicateLink, Incident, Ticket
from tickets.states import UNFINISHED

SUGGESTED_FROM = 3
_WITHIN = timedelta(days=1)
_MOST_SUGGESTED = 5


@dataclass(frozen=True, slots=True)
class ReportedByMany:
    """A ticket and how many others are answered with it since yesterday."""

    reference: str
    subject: str
    unit_id: int
    people: int


def suggested(session: Session, viewer: Viewer, *, now: datetime) -> Sequence[ReportedByMany]:
    """The most reported first; those that are an incident already are none."""
    links = (
        select(DuplicateLink.master_id, func.count().label("people"))
        .where(DuplicateLink.ended_at.is_(None), DuplicateLink.linked_at > now - _WITHIN)
        .group_by(DuplicateLink.master_id)
        .having(func.count() >= SUGGESTED_FROM)
        .subquery()
    )
    runs = exists().where(Incident.master_id == Ticket.id, Incident.ended_at.is_(None))
    rows = session.execute(
        select(Ticket.reference, Ticket.subject, Ticket.unit_id, links.c.people)
        .join(links, links.c.master_id == Ticket.id)
        .where(Ticket.status.in_(UNFINISHED), Ticket.is_restricted.is_(False), visible_tickets(viewer), ~runs)
        .order_by(links.c.people.desc(), Ticket.id)
        .limit(_MOST_SUGGESTED)
    )
    return [ReportedByMany(*row) for row in rows]
