"""A lane that waits for none of its messages to be sent, as one of them may take minutes."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

from sqlalchemy import ColumnElement, and_, not_, or_

from app.delivery.deliver import AT_ONCE, Delivery, Sending, claim, send_and_record
from app.delivery.letter import Letter
from app.phone.known_accounts import known_accounts
from tickets.schema import OutboundMessage
from tickets.states import OutboundChannel

# What has been sent for so long keeps its place from nobody any more, as long as there are not too many of it.
SLOW_AFTER_SECONDS = 10.0
MOST_SLOW = 32
# A domain whose server is slow for everybody must not keep all places from those of others.
MOST_SLOW_OF_A_DOMAIN = 16
# Threads that such a lane needs.
PLACES = AT_ONCE + MOST_SLOW


def deliver_apart(
    delivery: Delivery,
    channels: Sequence[OutboundChannel],
    *,
    freed: Callable[[], object],
    watching: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> int:
    """Send what is due as places become free, waiting for none to be sent; how many messages were claimed.

    The server of one recipient may take minutes, and nobody else's mail is to wait for it; the last place is kept for
    what is urgent. `freed` is called when a place is free again, and each sending is done inside `watching`.
    """

    def send(letter: Letter) -> None:
        with watching():
            send_and_record(delivery, letter)

    known_accounts(delivery.settings).renew(delivery.factory)
    over = [message_id for message_id, one in delivery.going.items() if one.future.done()]
    for trouble in [delivery.going.pop(message_id).future.exception() for message_id in over]:
        if trouble is not None:
            raise trouble
    slow = [one for one in delivery.going.values() if time.monotonic() - one.began >= SLOW_AFTER_SECONDS]
    # A mail may take longer than its claim holds, which is renewed only while it is sent: none waits for a place.
    free = min(AT_ONCE - (len(delivery.going) - len(slow)), PLACES - len(delivery.going))
    if free <= 0:
        return 0
    # Where a claim could not be renewed it may be over by now, and the sending is not.
    others = and_(OutboundMessage.id.not_in(list(delivery.going)), _elsewhere(slow))
    only, limit = (others, free - 1) if free > 1 else (and_(others, OutboundMessage.is_urgent), 1)
    letters = claim(delivery, channels, only, limit=limit)
    for letter in letters:
        future = delivery.pool.submit(send, letter)
        delivery.going[letter.id] = Sending(future, letter.address, time.monotonic())
        future.add_done_callback(lambda _: freed())
    return len(letters)


def _elsewhere(slow: Sequence[Sending]) -> ColumnElement[bool]:
    """Not to a mailbox that is waited for, nor to a domain of which many are; what is urgent is tried there too."""
    domains = Counter(_domain(one.address) for one in slow)
    waited_for = [
        OutboundMessage.address.in_(sorted({one.address for one in slow})),
        *(
            OutboundMessage.address.endswith(f"@{domain}", autoescape=True)
            for domain, count in sorted(domains.items())
            if count >= MOST_SLOW_OF_A_DOMAIN
        ),
    ]
    return or_(OutboundMessage.is_urgent, not_(or_(*waited_for)))


def _domain(address: str) -> str:
    return address.rpartition("@")[2]
