"""The order in which rows are locked everywhere: ticket, then agent, then call, then offer or recording.

All of them `for no key update`: whoever only writes a row that points at one (a line of the timeline, a recording, a
leg) waits for none of these locks, and so cannot come across the order.
"""

from collections.abc import Collection

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from telephony.floor.consulting import consult_of
from telephony.floor.presence import lock_presence
from tickets.schema import Call, Ticket

_TICKET_OF_CALL = (
    select(Ticket.id)
    .join(Call, Call.ticket_id == Ticket.id)
    .where(Call.account == bindparam("account"), Call.call_sid == bindparam("call_sid"))
    .with_for_update(of=Ticket, key_share=True)
)


# Put together once: each status of each call sends them.
_AROUND = select(Call.ticket_id, Call.agent_id, Call.detail).where(
    Call.account == bindparam("account"), Call.call_sid == bindparam("call_sid")
)
_TICKET = select(Ticket.id).where(Ticket.id == bindparam("ticket_id")).with_for_update(key_share=True)


def lock_ticket_of_call(session: Session, *, account: str, call_sid: str) -> None:
    """The ticket a call has already, before the call itself."""
    session.execute(_TICKET_OF_CALL, {"account": account, "call_sid": call_sid})


def lock_around_call(session: Session, *, account: str, call_sid: str, beside: Collection[int] = ()) -> bool:
    """Ticket, then agents, as everywhere; the call is locked by the one who asks. Whether there is such a call.

    `beside`: whoever comes into the talk; locked among the others, never after them.
    """
    known = session.execute(_AROUND, {"account": account, "call_sid": call_sid}).one_or_none()
    if known is None:
        return False
    if known.ticket_id is not None:
        session.execute(_TICKET, {"ticket_id": known.ticket_id})
    consult = consult_of(known.detail)
    # In the order of their ids, so that two who ask each other, or come into each other's talk, wait for one another
    # one way only.
    agents: set[int | None] = {known.agent_id, consult.with_id if consult is not None else None, *beside}
    for agent_id in sorted(one for one in agents if one is not None):
        lock_presence(session, agent_id)
    return True
