"""One message as it is judged when it is handed over; the product judges a batch together."""

from datetime import datetime

from sqlalchemy.orm import Session

from escalation.acknowledging.still_told import why_each_not_told
from tickets.outbox.overtaken import Overtaken, each_overtaken
from tickets.schema import OutboundMessage


def overtaken_by(session: Session, message: OutboundMessage, *, now: datetime) -> Overtaken | None:
    return each_overtaken(session, [message], now=now).get(message.id)


def why_not_told(session: Session, message: OutboundMessage, *, now: datetime) -> Overtaken | None:
    return why_each_not_told(session, [message], now=now).get(message.id)
