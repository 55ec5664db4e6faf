"""New rules for tickets that are open already: each under its lock, once, also when this is interrupted (R21)."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.people.actor import SYSTEM, Actor, staff_actor
from tickets.promises import retargeting
from tickets.promises.foresight import TOUCHED_TICKETS, many_rows, touched_tickets
from tickets.promises.loading import load_rulebook
from tickets.schema import RuleApplication, RuleApplicationTicket, Staff, Ticket

CouldNotApply = Callable[[int, Exception], None]

_QUEUED = text(
    f"insert into rule_application_ticket (application_id, ticket_id) "  # noqa: S608
    f"select :application_id, ticket_id from ({TOUCHED_TICKETS}) t"
)

_NAMED = select(RuleApplication, Staff.name).outerjoin(Staff, Staff.id == RuleApplication.begun_by_id)


@dataclass(frozen=True, slots=True)
class HowFar:
    """How far an application has come; `left` tickets have still to be reached."""

    application: RuleApplication
    by: str
    left: int
    # Of those left, how many were tried in vain: held by somebody, or refused.
    in_vain: int


def begin_applying(session: Session, policies: Collection[str], *, actor: Actor, now: datetime) -> RuleApplication:
    """Note which open tickets the new versions of these policies touch; `apply_some` then changes them bit by bit."""
    application = RuleApplication(policies=sorted(policies), begun_at=now, begun_by_id=actor.staff_id, tickets=0)
    session.add(application)
    session.flush()
    touched = touched_tickets(session, load_rulebook(session), policies, now=now)
    if touched is not None:
        with many_rows(session):
            session.execute(_QUEUED, touched | {"application_id": application.id})
    application.tickets = _left(session, application.id)
    application.ended_at = None if application.tickets else now
    _audit(session, application, "rules.application_begun", actor=actor, now=now)
    return application


def apply_some(session: Session, *, limit: int = 50, failed: CouldNotApply, now: datetime) -> int:
    """Bring the rules to some tickets of the oldest application; how many there were, 0 when nothing can be done now.

    A ticket that somebody holds, or that is refused, is tried again after all others, those of later applications too.
    """
    application = _next_application(session)
    if application is None:
        return 0
    ids = _next_tickets(session, application.id, limit)
    if not ids:
        application.ended_at = now
        _audit(session, application, "rules.applied", actor=_actor(application), now=now)
        return 0
    tickets = session.scalars(
        select(Ticket).where(Ticket.id.in_(ids)).order_by(Ticket.id).with_for_update(key_share=True, skip_locked=True)
    ).all()
    done = [ticket.id for ticket in tickets if _applied(session, application, ticket, failed, now=now)]
    of_application = RuleApplicationTicket.application_id == application.id
    session.execute(delete(RuleApplicationTicket).where(of_application, RuleApplicationTicket.ticket_id.in_(done)))
    again = update(RuleApplicationTicket).where(
        of_application, RuleApplicationTicket.ticket_id.in_(set(ids) - set(done))
    )
    session.execute(again.values(tries=RuleApplicationTicket.tries + 1))
    return len(done)


def progress_of(session: Session, application_id: int) -> HowFar | None:
    found = session.execute(_NAMED.where(RuleApplication.id == application_id)).one_or_none()
    if found is None:
        return None
    application, by = found
    of_it = RuleApplicationTicket.application_id == application_id
    in_vain = session.scalar(select(func.count()).where(of_it, RuleApplicationTicket.tries > 0)) or 0
    return HowFar(application, by or "", _left(session, application_id), in_vain)


def applications(session: Session, *, limit: int = 20) -> list[tuple[RuleApplication, str]]:
    """The last ones, newest first, each with who asked for it."""
    rows = session.execute(_NAMED.order_by(RuleApplication.id.desc()).limit(limit))
    return [(application, by or "") for application, by in rows]


def _next_application(session: Session) -> RuleApplication | None:
    """The oldest, locked; but one of which only tickets are left that were tried in vain comes behind the others."""
    row = RuleApplicationTicket
    tries = select(func.min(row.tries)).where(row.application_id == RuleApplication.id).scalar_subquery()
    return session.scalars(
        select(RuleApplication)
        .where(RuleApplication.ended_at.is_(None))
        .order_by(tries.asc().nulls_first(), RuleApplication.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()


def _next_tickets(session: Session, application_id: int, limit: int) -> list[int]:
    row = RuleApplicationTicket
    waiting = select(row.ticket_id).where(row.application_id == application_id)
    return list(session.scalars(waiting.order_by(row.tries, row.ticket_id).limit(limit)))


def _applied(
    session: Session, application: RuleApplication, ticket: Ticket, failed: CouldNotApply, *, now: datetime
) -> bool:
    try:
        with session.begin_nested():
            moved = retargeting.adopt(
                session, ticket, policies=application.policies, actor=_actor(application), now=now
            )
    except Exception as trouble:
        failed(ticket.id, trouble)
        return False
    application.dates_moved += moved.dates
    application.overdue += moved.overdue
    return True


def _actor(application: RuleApplication) -> Actor:
    """Whoever asked for it."""
    return staff_actor(application.begun_by_id) if application.begun_by_id is not None else SYSTEM


def _left(session: Session, application_id: int) -> int:
    of_it = RuleApplicationTicket.application_id == application_id
    return session.scalar(select(func.count()).select_from(RuleApplicationTicket).where(of_it)) or 0


def _audit(session: Session, application: RuleApplication, action: str, *, actor: Actor, now: datetime) -> None:
    params = {
        "policies": application.policies,
        "tickets": application.tickets,
        "dates_moved": application.dates_moved,
        "overdue": application.overdue,
    }
    entries.record(
        session,
        actor=actor,
        action=action,
        subject_kind="rule_application",
        subject_id=application.id,
        params=params,
        now=now,
    )
