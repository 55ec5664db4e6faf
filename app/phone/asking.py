"""Whether a caller is still on the line: the provider is asked, and an end that nobody told us of is taken in."""

from datetime import datetime

from sqlalchemy.orm import Session, sessionmaker

from app.phone.answers import Phones, answer
from app.phone.call_control import LegChange
from app.storage.database import transaction
from telephony.provider.drivers import carrier_of
from telephony.provider.status_rank import is_final_call_state
from telephony.provider.webhook_inbox import Webhook

# In one round, at which callers are asked for one after the other.
ASKED_AT_ONCE = 20


def is_on_the_line(factory: sessionmaker[Session], phones: Phones, one: LegChange, *, now: datetime) -> bool | None:
    """None: the provider knows of no such call. Raises ProviderUnreachable. No transaction is open meanwhile."""
    status = carrier_of(phones.accounts[one.account]).call_status(one.call_sid)
    if is_final_call_state(status):
        take_in_end(factory, phones, one, status=str(status), now=now)
        return False
    return None if status is None else True


def take_in_end(factory: sessionmaker[Session], phones: Phones, one: LegChange, *, status: str, now: datetime) -> None:
    """As the callback that never came would have."""
    form = {"call_sid": one.call_sid, "call_status": status, "direction": "inbound"}
    account_sid = phones.accounts[one.account].account_sid
    webhook = Webhook(one.account, "status", {"account_sid": account_sid, **form}, {})
    with transaction(factory) as session:
        answer(session, webhook, phones, received_at=now, now=now)
