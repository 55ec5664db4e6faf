"""Whoever joined a talk that broke off before the room had caller and agent: their telephone is put down for them."""

from datetime import datetime

import structlog
from sqlalchemy.orm import Session, sessionmaker

from app.phone.answers import Phones
from app.phone.asking import ASKED_AT_ONCE
from app.phone.call_control import LegChange, tell
from app.storage.database import transaction
from telephony.calls import lock_call
from telephony.floor.rooms import forget_left, left_in_rooms

log = structlog.get_logger()


def end_left_legs(factory: sessionmaker[Session], phones: Phones, *, now: datetime) -> int:
    """One round; no transaction is open while a provider is told. What one did not hear is said again next time."""
    with transaction(factory) as session:
        left = left_in_rooms(session, most=ASKED_AT_ONCE, now=now)
    ended = 0
    for call_id, account, legs in left:
        unheard = {change.call_sid for change in tell(phones.accounts, [LegChange(account, leg) for leg in legs])}
        down = [leg for leg in legs if leg not in unheard]
        if down:
            with transaction(factory) as session:
                forget_left(lock_call(session, call_id), down)
        ended += len(down)
    if left:
        log.info("left_legs.ended", calls=len(left), ended=ended)
    return ended
