"""The tickets that one guidance answers: linked, counted, and answered together on request, one answer a citizen.

They stay tickets of their own, with their units and promises: a duplicate has one master who works on it, and this is
one answer to matters that many units work on.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.each_alone import PutAside, each_alone
from tickets.errors import HotlineError, InvalidInput, NotFound
from tickets.people.actor import Actor, staff_actor
from tickets.people.roles import WORKING_ROLES, Right, Viewer, load_viewer, may, shared_tickets
from tickets.routing.guidance import AskedMatter, GuidanceScope, answers, scope_of
from tickets.schema import Guidance, GuidanceTicket, Message, Ticket, TicketSearch
from tickets.states import UNFINISHED, Channel, GuidanceState
from tickets.work import conversation
from tickets.work.conversation import answering_channel
from tickets.work.guidance import guidance_named
from tickets.work.ticket import lock_ticket

# So long nothing leaves: whoever pressed too early takes it back.
CALLED_OFF_WITHIN = timedelta(minutes=2)
MOST_ANSWERED_AT_ONCE = 5_000
REFUSED, PAGE = "refused", "page"


@dataclass(frozen=True, slots=True)
class GuidanceTickets:
    """How many tickets of those this person may answer stand where with a guidance.

    `matching` are open, fit, and are not linked; `linked` are linked and not yet asked to be answered, of `citizens`
    people; `asked` are on their way; `refused` could not be answered any more.
    """

    matching: int
    linked: int
    citizens: int
    asked: int
    answered: int
    refused: int


def answerable(viewer: Viewer) -> ColumnElement[bool]:
    """The condition on `Ticket` for those this person works on and that may be answered with others."""
    if viewer.covers_city(*WORKING_ROLES):
        return shared_tickets(viewer)
    units = viewer.unit_ids(*WORKING_ROLES)
    return shared_tickets(viewer) & or_(Ticket.unit_id.in_(units), Ticket.coordinating_unit_id.in_(units))


def _may_fit(scope: GuidanceScope) -> ColumnElement[bool]:
    """The condition on `Ticket` that leaves few to be read; `TicketSearch`, to be joined, knows no order of words."""
    wanted: list[ColumnElement[bool]] = []
    if scope.unit_ids:
        wanted.append(func.coalesce(Ticket.place_unit_id, Ticket.unit_id).in_(scope.unit_ids))
    of_kind: list[ColumnElement[bool]] = []
    for column, value in ((Ticket.category_id, scope.category_id), (Ticket.procedure_id, scope.procedure_id)):
        if value is not None:
            wanted.append(column.is_(None) | (column == value))
            of_kind.append(column == value)
    if scope.phrases:
        said = " | ".join(f"({' & '.join(phrase.split())})" for phrase in scope.phrases)
        wanted.append(TicketSearch.words.op("@@")(func.to_tsquery("simple", said)))
    else:
        wanted.append(or_(*of_kind))
    return and_(*wanted)


def tickets_of(session: Session, one: Guidance, viewer: Viewer) -> GuidanceTickets:
    rows = session.execute(
        select(
            func.count().filter(GuidanceTicket.asked_at.is_(None), GuidanceTicket.done_at.is_(None)),
            func.count().filter(GuidanceTicket.asked_at.is_not(None), GuidanceTicket.done_at.is_(None)),
            func.count().filter(GuidanceTicket.done_at.is_not(None), GuidanceTicket.result != REFUSED),
            func.count().filter(GuidanceTicket.result == REFUSED),
        )
        .join(Ticket, Ticket.id == GuidanceTicket.ticket_id)
        .where(GuidanceTicket.guidance_id == one.id, answerable(viewer))
    ).one()
    linked, asked, answered, refused = rows
    citizens = session.scalar(_citizens(one.id, viewer)) if linked else 0
    return GuidanceTickets(len(_fitting(session, one, viewer)), linked, citizens or 0, asked, answered, refused)


def link_matching(session: Session, guidance_id: int, *, viewer: Viewer, actor: Actor, now: datetime) -> int:
    """All open tickets this person works on that it answers; how many are new."""
    one = _in_force(session, guidance_id)
    return link(session, one, _fitting(session, one, viewer), actor=actor, now=now)


def link(session: Session, one: Guidance, ticket_ids: Sequence[int], *, actor: Actor, now: datetime) -> int:
    if not ticket_ids:
        return 0
    added = _insert_links(session, one, ticket_ids, actor=actor, now=now)
    _record(session, "guidance.linked", one.id, added, actor=actor, now=now)
    return added


def _insert_links(session: Session, one: Guidance, ticket_ids: Sequence[int], *, actor: Actor, now: datetime) -> int:
    rows = [
        {"guidance_id": one.id, "ticket_id": i, "linked_at": now, "linked_by_id": actor.staff_id} for i in ticket_ids
    ]
    new = insert(GuidanceTicket).on_conflict_do_nothing(index_elements=["guidance_id", "ticket_id"])
    return len(session.scalars(new.returning(GuidanceTicket.id), rows).all())


def unlink(session: Session, guidance_id: int, reference: str, *, viewer: Viewer, actor: Actor, now: datetime) -> None:
    """It is not answered with it after all. Raises NotFound once it was, or where this person may not know of it."""
    theirs = select(Ticket.id).where(Ticket.reference == reference, answerable(viewer)).scalar_subquery()
    gone = session.scalars(
        delete(GuidanceTicket)
        .where(
            GuidanceTicket.guidance_id == guidance_id, GuidanceTicket.ticket_id == theirs,
            GuidanceTicket.done_at.is_(None),
        )
        .returning(GuidanceTicket.ticket_id)
    ).all()  # fmt: skip
    if not gone:
        raise NotFound("guidance_ticket", reference)
    _record(session, "guidance.unlinked", guidance_id, 1, ticket_id=gone[0], actor=actor, now=now)


def ask_to_answer(session: Session, guidance_id: int, *, viewer: Viewer, actor: Actor, now: datetime) -> int:
    """Everything linked is answered after CALLED_OFF_WITHIN; how many. Raises InvalidInput where nothing is."""
    one = _in_force(session, guidance_id)
    theirs = select(Ticket.id).where(answerable(viewer))
    asked = session.scalars(
        update(GuidanceTicket)
        .where(
            GuidanceTicket.guidance_id == one.id, GuidanceTicket.asked_at.is_(None), GuidanceTicket.done_at.is_(None),
            GuidanceTicket.ticket_id.in_(theirs),
        )
        .values(asked_at=now, asked_by_id=viewer.staff_id)
        .returning(GuidanceTicket.id)
        .execution_options(synchronize_session=False)
    ).all()  # fmt: skip
    if not asked:
        raise InvalidInput("guidance", "nothing_linked")
    _record(session, "guidance.answers_asked", one.id, len(asked), actor=actor, now=now)
    return len(asked)


def call_off(session: Session, guidance_id: int, *, viewer: Viewer, actor: Actor, now: datetime) -> int:
    """What has not left yet does not leave; how many. What has left cannot be taken back, and is not said to be."""
    theirs = select(Ticket.id).where(answerable(viewer))
    kept = session.scalars(
        update(GuidanceTicket)
        .where(
            GuidanceTicket.guidance_id == guidance_id, GuidanceTicket.asked_at.is_not(None),
            GuidanceTicket.done_at.is_(None), GuidanceTicket.ticket_id.in_(theirs),
        )
        .values(asked_at=None, asked_by_id=None)
        .returning(GuidanceTicket.id)
        .execution_options(synchronize_session=False)
    ).all()  # fmt: skip
    _record(session, "guidance.answers_called_off", guidance_id, len(kept), actor=actor, now=now)
    return len(kept)


def answer_next(
    session: Session, *, leave_out: Collection[int] = (), put_aside: PutAside | None = None, now: datetime
) -> int:
    """Answer the ticket that has waited longest, in the name of who asked; 0: none waits."""
    found = session.execute(
        select(GuidanceTicket, Guidance)
        .join(Guidance, Guidance.id == GuidanceTicket.guidance_id)
        .where(GuidanceTicket.asked_at <= now - CALLED_OFF_WITHIN, GuidanceTicket.done_at.is_(None))
        .where(GuidanceTicket.id.not_in(leave_out))
        .order_by(GuidanceTicket.asked_at, GuidanceTicket.id)
        .limit(1)
        .with_for_update(of=GuidanceTicket, skip_locked=True)
    ).one_or_none()
    if found is None:
        return 0
    row, one = found
    each_alone(
        session, [row], lambda asked: _answer_or_refuse(session, asked, one, now=now),
        named=lambda asked: asked.id, put_aside=put_aside,
    )  # fmt: skip
    return 1


def _answer_or_refuse(session: Session, row: GuidanceTicket, one: Guidance, *, now: datetime) -> None:
    try:
        with session.begin_nested():
            row.result, row.told_key = _answer(session, row, one, now=now)
    except HotlineError:
        # Restricted, passed on or set aside meanwhile, or withdrawn: it is answered by a person, or needs no answer.
        row.result = REFUSED
    row.done_at = now
    session.flush()


def answer_one(session: Session, one: Guidance, ticket: Ticket, *, actor: Actor, now: datetime) -> Message:
    """An agent answers a single ticket with it, at once; the caller has checked that they work on it."""
    _require_in_force(one)
    message = conversation.reply(session, ticket.id, body=_body(one, ticket), actor=actor, now=now)
    _write_answered(session, one, ticket, message, actor=actor, now=now)
    _record(session, "guidance.answered", one.id, 1, ticket_id=ticket.id, actor=actor, now=now)
    return message


def _write_answered(
    session: Session, one: Guidance, ticket: Ticket, message: Message, *, actor: Actor, now: datetime
) -> None:
    values = {
        "done_at": now, "result": message.channel.value, "told_key": _told_key(ticket), "asked_at": now,
        "asked_by_id": actor.staff_id,
    }  # fmt: skip
    row = insert(GuidanceTicket).values(
        guidance_id=one.id, ticket_id=ticket.id, linked_at=now, linked_by_id=actor.staff_id, **values
    )
    session.execute(row.on_conflict_do_update(index_elements=["guidance_id", "ticket_id"], set_=values))


def _answer(session: Session, row: GuidanceTicket, one: Guidance, *, now: datetime) -> tuple[str, str]:
    """By which door it went, and to whom. Raises HotlineError where it may not be sent any more."""
    _require_in_force(one)
    ticket = lock_ticket(session, row.ticket_id)
    viewer = load_viewer(session, row.asked_by_id, now=now) if row.asked_by_id is not None else None
    if viewer is None or ticket.is_restricted or ticket.is_canary or not may(viewer, Right.WORK, ticket):
        raise NotFound("ticket", ticket.reference)
    key = _told_key(ticket)
    told = key and session.scalar(
        select(exists().where(GuidanceTicket.guidance_id == one.id, GuidanceTicket.told_key == key))
    )
    message = conversation.reply(
        session, ticket.id, body=_body(one, ticket), channel=Channel.MANUAL if told else None,
        actor=staff_actor(viewer.staff_id), now=now,
    )  # fmt: skip
    _record(session, "guidance.answered", one.id, 1, ticket_id=ticket.id, actor=staff_actor(viewer.staff_id), now=now)
    return (PAGE, "") if told else (message.channel.value, key)


def _told_key(ticket: Ticket) -> str:
    """Of the address the answer goes to: a copy of the address itself would have to be erased with it."""
    by_sms = answering_channel(ticket) is Channel.SMS
    address = ticket.reply_phone if by_sms else ticket.reply_email
    return hashlib.sha256(address.encode()).hexdigest() if address else ""


def _body(one: Guidance, ticket: Ticket) -> str:
    return one.answer_en if ticket.locale == "en" else one.answer_vi


def _fitting(session: Session, one: Guidance, viewer: Viewer) -> list[int]:
    """The open tickets it answers that are not linked yet, judged one by one as beside each of them."""
    is_linked = exists().where(GuidanceTicket.guidance_id == one.id, GuidanceTicket.ticket_id == Ticket.id)
    scope = scope_of(one)
    rows = session.execute(
        select(
            Ticket.id, func.coalesce(Ticket.place_unit_id, Ticket.unit_id), Ticket.category_id, Ticket.procedure_id,
            Ticket.subject, Ticket.body,
        )
        .join(TicketSearch, TicketSearch.ticket_id == Ticket.id)
        .where(Ticket.status.in_(UNFINISHED), answerable(viewer), _may_fit(scope), ~is_linked)
        .order_by(Ticket.id)
        .limit(MOST_ANSWERED_AT_ONCE)
    )  # fmt: skip
    return [row.id for row in rows if answers(scope, AskedMatter(row[1], row[2], row[3], f"{row.subject}\n{row.body}"))]


def _citizens(guidance_id: int, viewer: Viewer) -> Select[int]:
    """How many people those that are linked are: by number, by mailbox, or by nothing."""
    person = func.coalesce(Ticket.reply_phone, Ticket.reply_email, Ticket.reference)
    return (
        select(func.count(func.distinct(person)))
        .select_from(GuidanceTicket)
        .join(Ticket, Ticket.id == GuidanceTicket.ticket_id)
        .where(
            GuidanceTicket.guidance_id == guidance_id, GuidanceTicket.asked_at.is_(None),
            GuidanceTicket.done_at.is_(None), answerable(viewer),
        )
    )  # fmt: skip


def _in_force(session: Session, guidance_id: int) -> Guidance:
    one = guidance_named(session, guidance_id)
    _require_in_force(one)
    return one


def _require_in_force(one: Guidance) -> None:
    if one.state is not GuidanceState.ISSUED:
        raise InvalidInput("guidance", "guidance_not_in_force")


def _record(
    session: Session,
    action: str,
    guidance_id: int,
    count: int,
    *,
    ticket_id: int | None = None,
    actor: Actor,
    now: datetime,
) -> None:
    entries.record(
        session, actor=actor, action=action, subject_kind="guidance", subject_id=guidance_id, ticket_id=ticket_id,
        params={"count": count}, now=now,
    )  # fmt: skip
