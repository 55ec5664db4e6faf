"""The carrier of the rehearsal: what leaves is what the outbox lets leave, and arrives three seconds later."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.seeding.demonstration.post_office import PostOffice
from escalation.acknowledging.still_told import why_each_not_told
from tickets.directory.contact_methods import METHOD_KINDS
from tickets.outbox import claims, results
from tickets.outbox.judged_lists import shorten
from tickets.outbox.overtaken import withdraw
from tickets.outbox.posting import record_status
from tickets.schema import OutboundMessage
from tickets.states import OutboundChannel, OutboundState

REHEARSAL = "rehearsal"
_WAITS = (
    OutboundMessage.state == OutboundState.WAITING,
    OutboundMessage.channel.in_(METHOD_KINDS),
    OutboundMessage.staff_id.is_not(None),
)
# When the next message to somebody of the city may leave.
NEXT_MESSAGE = select(func.min(OutboundMessage.not_before)).where(*_WAITS)
_ARRIVES_AFTER = timedelta(seconds=3)
_AT_ONCE = 200


@dataclass(frozen=True)
class PostRoom:
    """Claims, limits, gathering and withdrawal are the product's own; only the wire is missing."""

    account: str
    to_citizens: PostOffice

    def deliver(self, session: Session, *, now: datetime) -> None:
        """Hand over what is due to people of the city, by phone and mail."""
        among, judge = OutboundMessage.staff_id.is_not(None), partial(why_each_not_told, session, now=now)
        while rows := claims.claim_batch(
            session, by=REHEARSAL, channels=METHOD_KINDS, limit=_AT_ONCE, among=among, now=now
        ):
            over = judge(rows)
            for row in rows:
                why = over.get(row.id) or shorten(session, row, judge, now=now)
                if why is not None:
                    withdraw(session, row, why, by=REHEARSAL, now=now)
                else:
                    self._hand_over(session, row, now=now)

    def deliver_to_citizens(self, session: Session, *, now: datetime) -> None:
        """What citizens are sent, and notices on screens: nothing here counts them, and nothing may pile up."""
        self.to_citizens.send_all(session, after_id=0, now=now)

    def _hand_over(self, session: Session, row: OutboundMessage, *, now: datetime) -> None:
        sid = None if row.channel is OutboundChannel.EMAIL else f"SMre{row.id:030x}"
        results.record_sent(session, row.id, by=REHEARSAL, account=self.account, sid=sid, now=now)
        if sid is not None:
            record_status(session, account=self.account, sid=sid, status="delivered", now=now + _ARRIVES_AFTER)
