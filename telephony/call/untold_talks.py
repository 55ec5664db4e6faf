"""Talks of which a provider tells nothing before they end: that one has begun is known from its lasting."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from telephony.call.end import note_answered
from telephony.calls import lock_call
from telephony.desk import Desk
from telephony.plan.verbs import Dial
from telephony.provider.account_kinds import steers_talks
from tickets.each_alone import PutAside, each_alone
from tickets.schema import Call
from tickets.states import CallState

# What nobody picks up comes back to us after that many seconds; the words before it rings are counted in.
LONGER_THAN_IT_RINGS = timedelta(seconds=Dial.timeout_seconds + 10)


def note_lasting_talks(
    session: Session, desk_of: Callable[[str], Desk | None], *, put_aside: PutAside | None = None, now: datetime
) -> int:
    """Without this an agent would be shown as being connected for the whole talk, and a caller who hangs up at its end
    as one whom nobody answered. What a telephone in the browser has told stands."""
    lasting = session.execute(select(Call.id, Call.account).where(_lasts(now))).all()

    def note(call_id: int, account: str) -> bool:
        desk = desk_of(account)
        if desk is None or steers_talks(desk.account):
            return False
        call = lock_call(session, call_id)
        if call.state is not CallState.TALKING or call.answered_at is not None or call.agent_id is None:
            return False
        note_answered(session, call, at=call.state_since)
        return True

    return sum(each_alone(session, lasting, lambda one: note(*one), named=lambda one: one.id, put_aside=put_aside))


def _lasts(now: datetime) -> ColumnElement[bool]:
    return and_(
        Call.state == CallState.TALKING,
        Call.answered_at.is_(None),
        Call.agent_id.is_not(None),
        Call.hold_since.is_(None),
        Call.state_since <= now - LONGER_THAN_IT_RINGS,
    )
