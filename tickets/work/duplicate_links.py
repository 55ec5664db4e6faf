"""Which ticket is a duplicate of which: the rows of the links, and what making and ending one does to both (R10)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets import timeline
from tickets.errors import InvalidInput
from tickets.people.actor import SYSTEM, Actor
from tickets.promises import duplicate_clocks, standing_levels
from tickets.promises.duplicate_clocks import is_duplicate
from tickets.schema import DuplicateLink, Ticket
from tickets.states import UNFINISHED, TimelineKind
from tickets.work.owing_unit import is_out_beyond_accepting
from tickets.work.ticket import lock_ticket, record

# What the timelines say of a link.
LINKED, UNLINKED = "linked", "unlinked"
# Why a link ended of which nothing more may be told on either side: what is kept from a unit is not named to it.
RESTRICTED = "restricted"


def require_no_duplicate(ticket: Ticket) -> None:
    """Raise InvalidInput where only the master can be worked on."""
    if is_duplicate(ticket):
        raise InvalidInput("ticket", "is_duplicate")


def leave_group(session: Session, ticket: Ticket, *, cause: str, now: datetime) -> None:
    """A locked ticket that is set aside or kept from others answers for nobody any more, and nobody for it.

    The oldest of its duplicates takes its place, with the earliest of their dates.
    """
    if is_duplicate(ticket):
        part(session, ticket, cause=cause, actor=SYSTEM, now=now)
    group = standing(session, ticket.id)
    for heir in group[:1]:
        part(session, heir, cause=cause, actor=SYSTEM, now=now)
        for other in group[1:]:
            pass_on(session, other, heir, actor=SYSTEM, now=now)
    session.flush()


def forget_master(session: Session, ticket: Ticket, *, actor: Actor, now: datetime) -> None:
    """A locked ticket that its citizen opens again stands for itself."""
    _end_link(session, ticket, cause="reopened", actor=actor, now=now)
    master_id, ticket.master_id = ticket.master_id, None
    if master_id is not None:
        standing_levels.count_people(session, master_id)


def join(
    session: Session, ticket: Ticket, master: Ticket, due_at: datetime | None, *, actor: Actor, now: datetime
) -> None:
    ticket.master_id, ticket.updated_at, master.updated_at = master.id, now, now
    taken = duplicate_clocks.share_promise(session, master, due_at, actor=actor, now=now) if due_at is not None else 0
    session.add(
        DuplicateLink(
            ticket_id=ticket.id, master_id=master.id, linked_at=now, linked_by_id=actor.staff_id, due_at=due_at,
            taken_seconds=taken,
        )
    )  # fmt: skip
    _tell_both(session, ticket, master, LINKED, actor=actor, now=now)
    standing_levels.count_people(session, master.id)


def pass_on(session: Session, ticket: Ticket, master: Ticket, *, actor: Actor, now: datetime) -> None:
    """A duplicate gets another master, and goes on without promises of its own."""
    ended = _end_link(session, ticket, cause="passed_on", actor=actor, now=now)
    join(session, ticket, master, ended.due_at if ended else None, actor=actor, now=now)


def part(session: Session, ticket: Ticket, *, cause: str, actor: Actor, now: datetime) -> None:
    master = lock_ticket(session, ticket.master_id or 0)
    ended = _end_link(session, ticket, cause=cause, actor=actor, now=now)
    ticket.master_id, ticket.updated_at = None, now
    standing_levels.count_people(session, master.id)
    duplicate_clocks.on_unlinked(session, ticket, now=now)
    if ended is not None and master.status in UNFINISHED and not is_out_beyond_accepting(session, master.id, now=now):
        _give_back(session, master, ended, actor=actor, now=now)
    _tell_both(session, ticket, master, UNLINKED, is_named=cause != RESTRICTED, actor=actor, now=now)


def _give_back(session: Session, master: Ticket, ended: DuplicateLink, *, actor: Actor, now: datetime) -> None:
    """The date the master would have had without this duplicate: its own, or the earliest of the others."""
    others = session.scalars(
        select(DuplicateLink)
        .where(DuplicateLink.master_id == master.id, DuplicateLink.ended_at.is_(None))
        .order_by(DuplicateLink.id)
    ).all()
    taken = ended.taken_seconds + sum(other.taken_seconds for other in others)
    if taken == 0:
        return
    duplicate_clocks.unshare_promise(session, master, taken, actor=actor, now=now)
    for other in others:
        due_at = other.due_at
        other.taken_seconds = (
            duplicate_clocks.share_promise(session, master, due_at, actor=actor, now=now) if due_at else 0
        )


def _end_link(session: Session, ticket: Ticket, *, cause: str, actor: Actor, now: datetime) -> DuplicateLink | None:
    standing = session.scalars(
        select(DuplicateLink).where(DuplicateLink.ticket_id == ticket.id, DuplicateLink.ended_at.is_(None))
    ).one_or_none()
    if standing is not None:
        standing.ended_at, standing.ended_by_id, standing.cause = now, actor.staff_id, cause
        session.flush()
    return standing


def standing(session: Session, master_id: int) -> Sequence[Ticket]:
    """The duplicates of a locked ticket that wait for its answer, locked, the oldest first."""
    ids = session.scalars(
        select(Ticket.id).where(Ticket.master_id == master_id, Ticket.status.in_(UNFINISHED)).order_by(Ticket.id)
    ).all()
    return [lock_ticket(session, one) for one in ids]


def _tell_both(
    session: Session, ticket: Ticket, master: Ticket, what: str, *, is_named: bool = True, actor: Actor, now: datetime
) -> None:
    """Either side's citizen learns that there is another request, and never which."""
    kind = TimelineKind.CHANGED
    of_ticket = {"field": "master", "what": what, "other": master.reference if is_named else ""}
    of_master = {"field": "duplicate", "what": what, "other": ticket.reference if is_named else ""}
    timeline.add(session, ticket.id, kind, actor=actor, is_public=True, params=of_ticket, now=now)
    timeline.add(session, master.id, kind, actor=actor, is_public=False, params=of_master, now=now)
    done, gained = ("ticket.linked", "ticket.duplicate_gained")
    if what == UNLINKED:
        done, gained = ("ticket.unlinked", "ticket.duplicate_lost")
    record(session, ticket, done, actor=actor, params={"master": of_ticket["other"]}, now=now)
    record(session, master, gained, actor=actor, params={"duplicate": of_master["other"]}, now=now)
