"""What other words would make of the texts of the last days: read by both, and told where the two differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tickets.matter import MatterReading, MatterRulebook, read_matter
from tickets.people.roles import Viewer, visible_tickets
from tickets.schema import Ticket

LOOKS_BACK = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ReadAnew:
    """A ticket whose text would be read otherwise: what it is read as now, and what it would be."""

    ticket_id: int
    before: Sequence[str]
    after: Sequence[str]


@dataclass(frozen=True, slots=True)
class ShownText:
    reference: str
    text: str
    before: Sequence[str]
    after: Sequence[str]


def texts_to_read(session: Session, *, now: datetime) -> tuple[int, int]:
    """How many texts came in the last 30 days, and a number above that of the newest."""
    since = Ticket.opened_at >= now - LOOKS_BACK
    count, newest = session.execute(
        select(func.count(), func.max(Ticket.id)).where(since, Ticket.is_canary.is_(False))
    ).one()
    return count, (newest or 0) + 1


def read_part(
    session: Session, before: MatterRulebook, after: MatterRulebook, *, below: int, limit: int, now: datetime
) -> tuple[list[ReadAnew], int, int]:
    """The newest texts below a ticket's number: those that differ, how many were read, and below which it goes on."""
    rows = session.execute(
        select(Ticket.id, Ticket.subject, Ticket.body)
        .where(Ticket.id < below, Ticket.opened_at >= now - LOOKS_BACK, Ticket.is_canary.is_(False))
        .order_by(Ticket.id.desc())
        .limit(limit)
    ).all()
    found = []
    for row in rows:
        said = f"{row.subject}\n{row.body}"
        was, would = told_of(read_matter.__wrapped__(said, before)), told_of(read_matter.__wrapped__(said, after))
        if was != would:
            found.append(ReadAnew(row.id, was, would))
    return found, len(rows), rows[-1].id if rows else 0


def told_of(read: MatterReading) -> list[str]:
    """What a reading does to a matter, as codes."""
    told = [f"danger_{read.danger.certainty.value}"] if read.may_be_danger else []
    told += ["about_official"] if read.may_accuse else []
    told += ["not_solved"] if read.says_not_solved else []
    told += ["noise"] if read.is_noise else []
    told += ["praise"] if read.is_praise else []
    return [*told, f"category_{read.categories[0].code}"] if read.categories and not read.is_noise else told


def shown_texts(session: Session, found: Sequence[ReadAnew], viewer: Viewer, *, longest: int) -> list[ShownText]:
    """Those this person may see; of the others nothing is told but their number."""
    by_id = {one.ticket_id: one for one in found}
    rows = session.execute(
        select(Ticket.id, Ticket.reference, Ticket.subject, Ticket.body)
        .where(Ticket.id.in_(by_id), visible_tickets(viewer))
        .order_by(Ticket.id.desc())
    )
    return [
        ShownText(
            row.reference, f"{row.subject} {row.body}".strip()[:longest], by_id[row.id].before, by_id[row.id].after
        )
        for row in rows
    ]
