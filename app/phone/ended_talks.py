"""Talks that an agent has ended: the line is taken down, and the provider asked whether the caller is still there.

A caller whose leg went without a word is over at once, not when the provider is next asked about everybody. What could
not be said or asked now is said and asked again by the leader, until the call is over.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from app.phone.answers import Phones
from app.phone.asking import ASKED_AT_ONCE, is_on_the_line, take_in_end
from app.phone.call_control import LegChange, lead_to_hold, note_not_led, tell
from app.recurring.aside import Aside
from app.storage.database import transaction
from telephony.call.end import ended_by_agents
from telephony.provider.account import ProviderAccount
from telephony.provider.account_kinds import steers_talks
from telephony.provider.driver import ProviderUnreachable
from telephony.provider.drivers import carrier_of
from tickets.schema import Call

# A line that comes down says so within that time.
COMES_DOWN_WITHIN = timedelta(seconds=10)
_GONE = "completed"

log = structlog.get_logger()


def take_down(
    factory: sessionmaker[Session], phones: Phones, changes: Sequence[LegChange], caller: LegChange, *, now: datetime
) -> None:
    """What the provider is told, and whether there was a caller at all."""
    if not all(change.url for change in tell(phones.accounts, changes)):
        note_not_led(factory, caller)
    if caller.account not in phones.accounts:
        return
    try:
        is_on_the_line(factory, phones, caller, now=now)
    except ProviderUnreachable as trouble:
        log.warning("ended_talks.not_asked", account=caller.account, reason=str(trouble))


def take_down_again(
    factory: sessionmaker[Session], phones: Phones, *, aside: Aside | None = None, now: datetime
) -> int:
    """One round over those that have not come down; who is still connected is led to our goodbye. How many are over."""
    with transaction(factory) as session:
        ended = ended_by_agents(now - COMES_DOWN_WITHIN)
        calls = session.scalars(select(Call).where(ended).order_by(Call.id).limit(ASKED_AT_ONCE)).all()
        # Whoever was never connected waits until it has rung long enough, and then in the line again.
        open_ends = [(lead_to_hold(one, base_url=phones.settings.base_url), one.answered_at) for one in calls]
    aside, over = aside or Aside("take down ended talks"), list[bool]()

    def take_one_down(caller: LegChange, *, was_connected: bool) -> None:
        if caller.account not in phones.accounts:
            return
        try:
            is_there = is_on_the_line(factory, phones, caller, now=now)
            if is_there is None:
                take_in_end(factory, phones, caller, status=_GONE, now=now)
            elif is_there and was_connected:
                _take_down_leg(phones.accounts[caller.account], caller)
            over.append(not is_there)
        except ProviderUnreachable as trouble:
            log.warning("ended_talks.not_asked", account=caller.account, reason=str(trouble))

    aside.each(
        open_ends, lambda one: take_one_down(one[0][0], was_connected=one[1] is not None),
        named=lambda one: one[0][0].call_sid,
    )  # fmt: skip
    return sum(over)


def _take_down_leg(account: ProviderAccount, caller: LegChange) -> None:
    """To our goodbye; where nobody is led out of a talk, to its end."""
    if steers_talks(account):
        carrier_of(account).lead_leg(caller.call_sid, url=caller.url)
    else:
        carrier_of(account).end_leg(caller.call_sid)
