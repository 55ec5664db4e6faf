"""Tickets that guidance answers together, one after the other, each in a transaction of its own."""

import time

from app.clockwork.node import Node
from app.storage.bounded_connection import within_less
from app.storage.database import transaction
from tickets.work import guidance_tickets

_ANSWERS_FOR = 15.0
_STATEMENT_MS, _LOCK_MS = 3_000, 500


def answer_with_guidance(node: Node) -> None:
    """What is left is for the next round; what one ticket cannot have is written down as refused."""
    began, aside = time.monotonic(), node.aside("answer with guidance")
    while time.monotonic() - began < _ANSWERS_FOR:
        with transaction(node.factory) as session:
            within_less(session.connection(), statement_ms=_STATEMENT_MS, lock_ms=_LOCK_MS)
            now = node.now(session)
            if not guidance_tickets.answer_next(session, leave_out=aside.ids, put_aside=aside, now=now):
                break
    aside.say()
