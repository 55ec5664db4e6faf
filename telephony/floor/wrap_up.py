"""After the talk: what the agent writes down of it, and which ticket the call was about."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from telephony import recordings
from telephony.calls import lock_call
from telephony.floor.offers import was_taken_by
from telephony.floor.presence import lock_presence
from tickets import timeline
from tickets.errors import NotFound
from tickets.intake import contacts
from tickets.people.actor import Actor
from tickets.schema import Call, Presence
from tickets.states import Channel, TimelineKind
from tickets.work.conversation import note
from tickets.work.resolution import give_way
from tickets.work.ticket import lock_ticket


def current_call(session: Session, staff_id: int) -> Call | None:
    """The call an agent talks in or wraps up."""
    statement = select(Call).join(Presence, Presence.call_id == Call.id).where(Presence.staff_id == staff_id)
    return session.scalars(statement.where(Call.agent_id == staff_id)).one_or_none()


def link_call(session: Session, call_id: int, *, ticket_id: int, actor: Actor, now: datetime) -> None:
    """The call is about this ticket: shown there as a contact, its recordings with it. Linking again changes nothing.

    The ticket that the call itself had opened gives way when nothing was written in it. Raises NotFound for a call that
    this agent never had.
    """
    before = session.scalar(select(Call.ticket_id).where(Call.id == call_id))
    # Two tickets are locked in the order of their ids, so that two agents never wait for each other.
    locked = {one: lock_ticket(session, one) for one in sorted({before or ticket_id, ticket_id})}
    call = _own(session, call_id, actor)
    if call.ticket_id == ticket_id:
        return
    call.ticket_id = ticket_id
    if call.contact_id is not None:
        contacts.link(session, call.contact_id, ticket_id)
    recordings.link_to_ticket(session, call.id, ticket_id)
    params = {"channel": Channel.VOICE.value, "contact_id": call.contact_id, "call_id": call.id}
    timeline.add(session, ticket_id, TimelineKind.CONTACT, actor=actor, is_public=True, params=params, now=now)
    session.flush()
    if before is not None:
        give_way(session, before, to=locked[ticket_id], actor=actor, now=now)


def finish_wrap_up(session: Session, call_id: int, *, said: str, actor: Actor, now: datetime) -> None:
    """Keep what the agent noted on the call's ticket; the call counts as wrapped up from now."""
    ticket_id = session.scalar(select(Call.ticket_id).where(Call.id == call_id))
    if said.strip() and ticket_id is not None:
        note(session, ticket_id, body=said, actor=actor, now=now)
    if actor.staff_id is not None:
        lock_presence(session, actor.staff_id)
    call = _own(session, call_id, actor)
    if call.wrapped_up_at is None and call.agent_id == actor.staff_id:
        call.wrapped_up_at = now
    session.flush()


def _own(session: Session, call_id: int, actor: Actor) -> Call:
    call = lock_call(session, call_id)
    mine = actor.staff_id is not None and session.scalar(
        select(Call.id).where(Call.id == call_id, was_taken_by(actor.staff_id))
    )
    if not mine:
        raise NotFound("call", call_id)
    return call
