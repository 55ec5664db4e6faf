"""Whoever joined a talk that broke off before the room had caller and agent: their telephone is put down for them."""

from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy.orm import Session, sessionmaker

from app.phone.answers import Phones
from app.phone.asking import ASKED_AT_ONCE
from app.phone.call_control import LegChange, tell
from app.recurring.aside import Aside
from app.storage.database import transaction
from telephony.calls import lock_call
from telephony.floor.rooms import forget_left, left_in_rooms

log = structlog.get_logger()


def end_left_legs(factory: sessionmaker[Session], phones: Phones, *, aside: Aside | None = None, now: datetime) -> int:
    """One round; no transaction is open while a provider is told. What one did not hear is said again next time.

    A leg that it knows to be down already is down.
    """
    with transaction(factory) as session:
        left = left_in_rooms(session, most=ASKED_AT_ONCE, now=now)
    ended, aside = list[str](), aside or Aside("end legs that were left")

    def end(call_id: int, account: str, legs: Sequence[str]) -> None:
        unheard = {change.call_sid for change in tell(phones.accounts, [LegChange(account, leg) for leg in legs])}
        down = [leg for leg in legs if leg not in unheard]
        if down:
            with transaction(factory) as session:
                forget_left(lock_call(session, call_id), down)
        ended.extend(down)

    aside.each(left, lambda one: end(*one), named=lambda one: one[0])
    if left:
        log.info("left_legs.ended", calls=len(left), ended=len(ended))
    return len(ended)
