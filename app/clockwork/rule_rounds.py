"""New rules and time given back for open tickets, bit by bit: whatever is interrupted goes on where it stood."""

import time
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from app.clockwork.node import Node
from app.storage.bounded_connection import within_less
from app.storage.database import transaction
from tickets.promises.applying import CouldNotApply, apply_some
from tickets.promises.crediting import give_back_next

_ROUND_SECONDS = 20.0
_LONGEST_STATEMENT_MS = 3_000
_LONGEST_LOCK_MS = 500


def apply_new_rules(node: Node) -> None:
    _round(node, apply_some, job="apply new rules")


def give_time_back(node: Node) -> None:
    _round(node, give_back_next, job="give time back")


class _Step(Protocol):
    def __call__(self, session: Session, *, failed: CouldNotApply, now: datetime) -> int: ...


def _round(node: Node, act: _Step, *, job: str) -> None:
    """In steps of one transaction each, until a step gets nothing done; what is left is for the next round."""
    began, aside = time.monotonic(), node.aside(job)
    while time.monotonic() - began < _ROUND_SECONDS:
        with transaction(node.factory) as session:
            within_less(session.connection(), statement_ms=_LONGEST_STATEMENT_MS, lock_ms=_LONGEST_LOCK_MS)
            done = act(session, failed=aside, now=node.now(session))
        if not done:
            break
    aside.say()
