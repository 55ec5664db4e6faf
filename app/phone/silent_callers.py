"""Waiting callers of whom nothing is heard: the provider is asked, and who is still on the line is fetched back.

A lost redirect or a hang-up that was never told look the same from here. Nobody is rung for either
(`telephony.floor.waiting`), so the one must not wait for ever, nor the other be counted as waiting.
"""

from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from app.phone.answers import Phones
from app.phone.asking import ASKED_AT_ONCE, is_on_the_line
from app.phone.call_control import LegChange, lead_to_agent
from app.recurring.aside import Aside
from app.storage.database import transaction
from telephony.floor.waiting import silent_calls
from telephony.provider.driver import ProviderUnreachable
from telephony.provider.drivers import carrier_of
from tickets.schema import Call

# The leader's job that does it.
ASKING_FOR_SILENT = "ask for silent callers"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class AskedFor:
    """How many were gone, and how many were still there and fetched back."""

    gone: int = 0
    fetched: int = 0


def ask_for_silent_callers(
    factory: sessionmaker[Session], phones: Phones, *, aside: Aside | None = None, now: datetime
) -> AskedFor:
    """One round; no transaction is open while a provider is asked. Who does not answer is asked again next time."""
    with transaction(factory) as session:
        calls = session.scalars(select(Call).where(silent_calls(now)).order_by(Call.queued_at).limit(ASKED_AT_ONCE))
        silent = [change for call in calls for change in lead_to_agent(call, base_url=phones.settings.base_url)]
    aside, found = aside or Aside("ask for silent callers"), list[bool | None]()
    aside.each(silent, lambda one: found.append(_ask(factory, phones, one, now=now)), named=lambda one: one.call_sid)
    gone, fetched = found.count(False), found.count(True)
    if silent:
        log.info("silent_callers.asked", silent=len(silent), gone=gone, fetched=fetched)
    return AskedFor(gone, fetched)


def _ask(factory: sessionmaker[Session], phones: Phones, one: LegChange, *, now: datetime) -> bool | None:
    """Whether they are still there; None where nobody knows."""
    account = phones.accounts.get(one.account)
    if account is None:
        return None
    try:
        is_there = is_on_the_line(factory, phones, one, now=now)
        if is_there:
            carrier_of(account).lead_leg(one.call_sid, url=one.url)
    except ProviderUnreachable as trouble:
        log.warning("silent_callers.not_asked", account=one.account, reason=str(trouble))
        return None
    return is_there
