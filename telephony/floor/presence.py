"""Whether an agent takes calls now: signing on and off, heartbeats, away, on a call, calling back, wrap-up."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Update, and_, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from telephony.floor.answerers import people_concerned
from telephony.floor.floor import HEARTBEAT_LOST
from tickets.each_alone import PutAside, change_rows
from tickets.errors import NotAllowed
from tickets.schema import Call, Offer, Presence
from tickets.states import PresenceState

WRAP_UP = timedelta(seconds=90)
# Offers left unanswered in a row before somebody is taken to have left the desk.
MISSED_OFFERS_BEFORE_AWAY = 2
AWAY_MISSED_OFFERS = "missed_offers"
AWAY_NO_HEARTBEAT = "no_heartbeat"
AWAY_NO_TELEPHONE = "no_telephone"
_BUSY = (PresenceState.OFFERED, PresenceState.ON_CALL, PresenceState.CALLING_BACK)


def presence_of(session: Session, staff_id: int) -> Presence | None:
    return session.get(Presence, staff_id)


def phone_of(session: Session, staff_id: int) -> str:
    """Where it rings at them now, as in `presence.phone`."""
    return session.scalar(select(Presence.phone).where(Presence.staff_id == staff_id)) or ""


def lock_to_talk(session: Session, staff_id: int, *, phone: str, now: datetime) -> Presence:
    """Locked for a talk that begins at once at this telephone, whether or not they take calls.

    Raises NotAllowed during a call.
    """
    presence = _present(session, staff_id, now=now)
    if presence.state in _BUSY:
        raise NotAllowed("available_during_call")
    presence.heartbeat_at, presence.phone = now, phone
    return presence


def lock_presence(session: Session, staff_id: int) -> Presence | None:
    return session.scalars(
        select(Presence)
        .where(Presence.staff_id == staff_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()


def go_available(
    session: Session, staff_id: int, *, phone: str = "", must_register: bool = False, now: datetime
) -> Presence:
    """Takes calls from now on, at this telephone or ('') in the browser. Ends wrap-up; not possible during a call.

    `must_register`: the telephone has to say every few seconds that it can ring.
    """
    presence = _present(session, staff_id, now=now)
    if presence.state in _BUSY:
        raise NotAllowed("available_during_call")
    if presence.state is not PresenceState.AVAILABLE:
        presence.state, presence.since, presence.idle_since = PresenceState.AVAILABLE, now, now
    presence.reason, presence.missed_offers, presence.wrap_up_until = "", 0, None
    presence.heartbeat_at, presence.phone, presence.call_id = now, phone, None
    presence.telephone_at = now if must_register else None
    return presence


def go_away(session: Session, staff_id: int, *, reason: str, now: datetime) -> Presence:
    """Signed on, but takes no calls for a while."""
    return _pause(session, staff_id, state=PresenceState.AWAY, reason=reason, now=now)


def go_offline(session: Session, staff_id: int, *, now: datetime) -> Presence:
    return _pause(session, staff_id, state=PresenceState.OFFLINE, reason="", now=now)


def heartbeat(session: Session, staff_id: int, *, can_ring: bool = False, now: datetime) -> Presence | None:
    """The console is open, and its telephone can ring. It changes no state: who is away stays so until they say so.

    Once a telephone in the browser has said that it can ring, it is waited for.
    """
    heard = {"heartbeat_at": now} | ({"telephone_at": now} if can_ring else {})
    session.execute(
        update(Presence)
        .where(Presence.staff_id == staff_id, Presence.heartbeat_at < now)
        .values(heard)
        .execution_options(synchronize_session=False)
    )
    return session.get(Presence, staff_id, populate_existing=True)


def is_heard(session: Session, staff_id: int, *, now: datetime) -> bool:
    """Whether their console is open, so that a ring is seen."""
    mine = session.get(Presence, staff_id)
    return mine is not None and min(mine.heartbeat_at, mine.telephone_at or now) > now - HEARTBEAT_LOST


def start_wrap_up(session: Session, staff_id: int, *, call_id: int, now: datetime) -> None:
    """The talk is over: time to write down what was said, before the next call rings."""
    presence = lock_presence(session, staff_id)
    if presence is None or presence.state is not PresenceState.ON_CALL or presence.call_id != call_id:
        return
    presence.state, presence.since, presence.wrap_up_until = PresenceState.WRAP_UP, now, now + WRAP_UP


def end_wrap_up(session: Session, staff_id: int, *, now: datetime) -> None:
    """Ready again, by the agent's own word or because the time is up."""
    presence = lock_presence(session, staff_id)
    if presence is not None and presence.state is PresenceState.WRAP_UP:
        free(presence, now=now)


def free(presence: Presence, *, now: datetime) -> None:
    """Idle from now: last in the order of the longest idle."""
    presence.state, presence.since, presence.idle_since = PresenceState.AVAILABLE, now, now
    presence.call_id, presence.wrap_up_until = None, None


def take(session: Session, staff_id: int, call: Call, *, now: datetime) -> bool:
    """Offer this agent the call, if they are free, or write down this very talk, and nobody else has them in hand.

    Nor whoever something still rings at, whatever their presence says: the database would refuse a second offer, and
    with it the turn of a caller who has nothing to do with it. Nor anybody of the body that the request is about.
    """
    # The call is locked already, against the usual order: an agent who is locked is passed over, never waited for.
    wraps_it_up = and_(Presence.state == PresenceState.WRAP_UP, Presence.call_id == call.id)
    free = (
        select(Presence.staff_id)
        .where(Presence.staff_id == staff_id, or_(Presence.state == PresenceState.AVAILABLE, wraps_it_up))
        .where(~select(Offer.id).where(Offer.staff_id == staff_id, Offer.outcome.is_(None)).exists())
        .where(Presence.staff_id.not_in(people_concerned(call.ticket_id, now=now)))
        .with_for_update(key_share=True, skip_locked=True)
    )
    taken = session.execute(
        update(Presence)
        .where(Presence.staff_id.in_(free.scalar_subquery()))
        .values(state=PresenceState.OFFERED, since=now, call_id=call.id, wrap_up_until=None)
        .returning(Presence.staff_id)
        .execution_options(synchronize_session="fetch")
    )
    return taken.first() is not None


def keep_for_callback(session: Session, staff_id: int, *, callback_id: int, now: datetime) -> bool:
    """Nothing else rings at this agent while somebody is called back; false when they are not free any more."""
    # The callback is locked already, against the usual order: an agent who is locked is passed over, never waited for.
    free = (
        select(Presence.staff_id)
        .where(Presence.staff_id == staff_id, Presence.state == PresenceState.AVAILABLE)
        .with_for_update(key_share=True, skip_locked=True)
    )
    kept = session.execute(
        update(Presence)
        .where(Presence.staff_id.in_(free.scalar_subquery()))
        .values(state=PresenceState.CALLING_BACK, since=now, callback_id=callback_id, call_id=None)
        .returning(Presence.staff_id)
        .execution_options(synchronize_session="fetch")
    )
    return kept.first() is not None


def call_back_by_hand(presence: Presence, callback_id: int, *, now: datetime) -> None:
    """The agent dials; the presence is locked. Who is not on the phones may ring somebody all the same."""
    if presence.state in _BUSY and presence.callback_id != callback_id:
        raise NotAllowed("callback_during_call")
    if presence.state in (PresenceState.AVAILABLE, PresenceState.WRAP_UP):
        presence.state, presence.since, presence.callback_id = PresenceState.CALLING_BACK, now, callback_id
        presence.call_id, presence.wrap_up_until = None, None


def is_kept_for(presence: Presence | None, callback_id: int) -> bool:
    return presence is not None and presence.state is PresenceState.CALLING_BACK and presence.callback_id == callback_id


def ring_kept(presence: Presence, call_id: int, *, now: datetime) -> bool:
    """The person is on the line: it rings at the agent who was kept, unless their console or telephone is gone."""
    if min(presence.heartbeat_at, presence.telephone_at or now) <= now - HEARTBEAT_LOST:
        return False
    presence.state, presence.since, presence.call_id = PresenceState.OFFERED, now, call_id
    presence.callback_id = None
    return True


def let_go(presence: Presence, *, now: datetime) -> None:
    """Nobody came to the telephone: free at once, and not behind everybody else for it."""
    presence.state, presence.since, presence.callback_id = PresenceState.AVAILABLE, now, None


def free_without_callback(
    session: Session, kept: ColumnElement[bool], *, put_aside: PutAside | None = None, now: datetime
) -> int:
    """Free agents who are kept for nobody any more; `kept` is the condition that they are."""
    mended = (
        update(Presence)
        .where(Presence.state == PresenceState.CALLING_BACK, ~kept)
        .values(state=PresenceState.AVAILABLE, since=now, callback_id=None)
    )
    return change_rows(session, mended, Presence.staff_id, put_aside=put_aside)


def begin_talk(presence: Presence, call_id: int, *, now: datetime) -> None:
    presence.state, presence.since, presence.call_id = PresenceState.ON_CALL, now, call_id
    presence.missed_offers = 0


def stop_ringing(session: Session, staff_id: int, *, call_id: int, now: datetime) -> None:
    """The offer was withdrawn: the agent is free again."""
    # The call is locked already, so the agent must not be waited for: whoever accepts at this instant holds the agent
    # and waits for our call, will find the offer withdrawn, and `free_where_nothing_rings` frees the agent.
    presence = session.scalars(
        select(Presence)
        .where(Presence.staff_id == staff_id, Presence.call_id == call_id, Presence.state == PresenceState.OFFERED)
        .with_for_update(key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if presence is not None:
        presence.state, presence.since, presence.call_id = PresenceState.AVAILABLE, now, None


def let_consulted_go(session: Session, staff_id: int, *, call_id: int, now: datetime) -> None:
    """A colleague whom somebody wanted to speak with about this call; whoever holds them is not waited for."""
    presence = session.scalars(
        select(Presence)
        .where(Presence.staff_id == staff_id, Presence.call_id == call_id)
        .where(Presence.state.in_((PresenceState.OFFERED, PresenceState.ON_CALL)))
        .with_for_update(key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if presence is not None:
        presence.state, presence.since, presence.call_id = PresenceState.AVAILABLE, now, None
        session.flush()


def let_party_go(session: Session, staff_id: int, *, call_id: int, to: PresenceState, now: datetime) -> None:
    """Out of a talk that was a colleague's, back to what they were before; whoever holds them is not waited for."""
    presence = session.scalars(
        select(Presence)
        .where(Presence.staff_id == staff_id, Presence.call_id == call_id, Presence.state == PresenceState.ON_CALL)
        .with_for_update(key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if presence is not None:
        presence.state, presence.since, presence.call_id = to, now, None
        session.flush()


def free_where_nothing_rings(
    session: Session, ringing: ColumnElement[bool], *, put_aside: PutAside | None = None, now: datetime
) -> int:
    """Free agents marked as offered for whom nothing rings any more; `ringing` is the condition that something does."""
    mended = (
        update(Presence)
        .where(Presence.state == PresenceState.OFFERED, ~ringing, Presence.since < now - timedelta(seconds=5))
        .values(state=PresenceState.AVAILABLE, since=now, call_id=None)
    )
    return change_rows(session, mended, Presence.staff_id, put_aside=put_aside)


def count_missed_offer(presence: Presence, *, now: datetime) -> None:
    """After the second unanswered ring nobody is taken to sit there, so that the next caller need not wait for them."""
    presence.missed_offers += 1
    presence.call_id = None
    if presence.missed_offers >= MISSED_OFFERS_BEFORE_AWAY:
        presence.state, presence.since, presence.reason = PresenceState.AWAY, now, AWAY_MISSED_OFFERS
    else:
        # Keeps its idle_since: whoever missed one ring is not sent behind everybody else.
        presence.state, presence.since = PresenceState.AVAILABLE, now


def lose_silent_consoles(session: Session, *, put_aside: PutAside | None = None, now: datetime) -> int:
    """Consoles that stopped beating are away; a closed laptop must not be offered calls."""
    gone = _away(Presence.heartbeat_at <= now - HEARTBEAT_LOST, reason=AWAY_NO_HEARTBEAT, now=now)
    return change_rows(session, gone, Presence.staff_id, put_aside=put_aside)


def lose_silent_telephones(session: Session, *, put_aside: PutAside | None = None, now: datetime) -> int:
    """A console that beats while nothing can ring there: calls would be offered to a telephone that is not there."""
    gone = _away(Presence.telephone_at <= now - HEARTBEAT_LOST, reason=AWAY_NO_TELEPHONE, now=now)
    return change_rows(session, gone, Presence.staff_id, put_aside=put_aside)


def _away(is_silent: ColumnElement[bool], *, reason: str, now: datetime) -> Update:
    return (
        update(Presence)
        .where(
            Presence.state.in_((PresenceState.AVAILABLE, PresenceState.WRAP_UP, PresenceState.CALLING_BACK)),
            is_silent,
        )
        .values(state=PresenceState.AWAY, since=now, reason=reason, wrap_up_until=None, callback_id=None)
    )


def end_wrap_ups_in_time(session: Session, *, put_aside: PutAside | None = None, now: datetime) -> int:
    ended = (
        update(Presence)
        .where(Presence.state == PresenceState.WRAP_UP, Presence.wrap_up_until <= now)
        .values(state=PresenceState.AVAILABLE, since=now, idle_since=now, wrap_up_until=None, call_id=None)
    )
    return change_rows(session, ended, Presence.staff_id, put_aside=put_aside)


def _pause(session: Session, staff_id: int, *, state: PresenceState, reason: str, now: datetime) -> Presence:
    presence = _present(session, staff_id, now=now)
    if presence.state in _BUSY:
        raise NotAllowed("away_during_call")
    presence.state, presence.since, presence.reason = state, now, reason
    presence.idle_since, presence.wrap_up_until, presence.heartbeat_at = None, None, now
    return presence


def _present(session: Session, staff_id: int, *, now: datetime) -> Presence:
    session.execute(
        insert(Presence)
        .values(staff_id=staff_id, state=PresenceState.OFFLINE, since=now, heartbeat_at=now)
        .on_conflict_do_nothing()
    )
    presence = lock_presence(session, staff_id)
    assert presence is not None  # noqa: S101  (inserted above)
    return presence
