"""A lane that waits for none of its messages to be sent, as one of them may take minutes."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

from sqlalchemy import and_

from app.delivery.deliver import AT_ONCE, Delivery, claim, send_and_record
from app.delivery.letter import Letter
from app.phone.known_accounts import known_accounts
from tickets.schema import OutboundMessage
from tickets.states import OutboundChannel


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
    over = [message_id for message_id, one in delivery.going.items() if one.done()]
    for trouble in [delivery.going.pop(message_id).exception() for message_id in over]:
        if trouble is not None:
            raise trouble
    # A mail may take longer than its claim holds, which is renewed only while it is sent: none waits for a place.
    free = AT_ONCE - len(delivery.going)
    if not free:
        return 0
    # Where a claim could not be renewed it may be over by now, and the sending is not.
    others = OutboundMessage.id.not_in(list(delivery.going))
    only, limit = (others, free - 1) if free > 1 else (and_(others, OutboundMessage.is_urgent), 1)
    letters = claim(delivery, channels, only, limit=limit)
    for letter in letters:
        one = delivery.going[letter.id] = delivery.pool.submit(send, letter)
        one.add_done_callback(lambda _: freed())
    return len(letters)
