"""Ringing somebody into a talk: shared by supervisors who enter one and agents who bring a colleague in."""

from flask import g

from app.phone.accounts import provider_accounts
from app.phone.call_control import end_line
from app.phone.room_calls import lead_agent, ring_party
from app.web.frame.current import done_with_database, settings
from app.web.pieces.call_steering import tell_after_commit
from telephony.call.supervising import TalkEntry, note_partys_leg
from telephony.calls import lock_call
from telephony.plan.verbs import Client, Number, Sip
from telephony.provider.account import Capability
from tickets.errors import NotAllowed
from tickets.schema import Call


def has_rooms(account: str) -> bool:
    """Whether this account connects more than two."""
    known = provider_accounts(settings()).get(account)
    return known is not None and known.can(Capability.CONFERENCE)


def require_rooms(call: Call) -> None:
    if not has_rooms(call.account):
        raise NotAllowed("no_rooms")


def ring_in(entry: TalkEntry, target: Client | Number | Sip) -> bool:
    """Their telephone is rung first: who talks is moved only when there is somebody to hear them.

    What was decided is committed before, because a network is waited for. False when it did not ring.
    """
    call_id, sender = entry.call.id, str(entry.call.detail.get("line_phone", ""))
    changes = lead_agent(entry, base_url=settings().base_url)
    ring = ring_party(settings(), entry, target, sender=sender)
    done_with_database()
    leg = ring()
    if note_partys_leg(g.session, call_id, staff_id=entry.party.staff_id, leg=leg, now=g.now):
        tell_after_commit(changes if leg else [])
    else:
        # It was over before the telephone rang.
        tell_after_commit(end_line(lock_call(g.session, call_id), leg))
    return bool(leg)
