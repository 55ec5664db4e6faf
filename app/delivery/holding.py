"""Holding a claim while a conversation goes on for longer than it lasts."""

import time
from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from app.storage.database import transaction
from tickets.outbox import claims
from tickets.outbox.patience import SENDING_LEASE

log = structlog.get_logger()

# A database that does not answer says so within 18 s; until then somebody else must not have begun.
_LET_GO_BEFORE_SECONDS = 20.0


def holder(
    factory: sessionmaker[Session], message_id: int, *, by: str, clock: Callable[[Session], datetime]
) -> Callable[[], bool]:
    """What renews this claim when it is called; False once the message is, or soon may be, somebody else's."""
    held = [time.monotonic()]

    def hold() -> bool:
        began = time.monotonic()
        try:
            with transaction(factory) as session:
                is_ours = claims.hold(session, message_id, by=by, now=clock(session))
        except SQLAlchemyError:
            return time.monotonic() - held[0] < SENDING_LEASE.total_seconds() - _LET_GO_BEFORE_SECONDS
        if is_ours:
            held[0] = began
        else:
            log.warning("message.no_longer_ours", message_id=message_id)
        return is_ours

    return hold
