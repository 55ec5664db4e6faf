"""Rounds over tickets whose date has come: one that hangs, is refused or is held keeps no other waiting (G19)."""

import time
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from app.clockwork.node import Node
from app.storage.bounded_connection import within_less
from app.storage.database import transaction
from tickets.work import resolution
from tickets.work.left_behind import pass_on_what_is_left

_LONGEST_SECONDS = 20.0
# Each may cost the round one statement's time; with more of them something else is wrong, and the job says so.
_MOST_LEFT_OUT = 8
_STATEMENT_MS = 3_000
_LOCK_MS = 500


def pass_on_what_units_left(node: Node) -> None:
    node.post(pass_on_what_is_left, statement_ms=_STATEMENT_MS, lock_ms=_LOCK_MS)


class _Round(Protocol):
    def __call__(self, session: Session, *, now: datetime, leave_out: set[int], failed: resolution.Failed) -> int: ...


def open_what_was_held(node: Node) -> None:
    _until_done(node, resolution.wake_due, job="open what was held")


def close_what_was_answered(node: Node) -> None:
    _until_done(node, resolution.close_due, job="close what was answered")


def _until_done(node: Node, act: _Round, *, job: str) -> None:
    aside = node.aside(job)

    def failed(ticket_id: int, trouble: Exception) -> None:
        if len(aside.items) >= _MOST_LEFT_OUT:
            raise trouble
        aside(ticket_id, trouble)

    began = time.monotonic()
    while time.monotonic() - began < _LONGEST_SECONDS:
        with transaction(node.factory) as session:
            within_less(session.connection(), statement_ms=_STATEMENT_MS, lock_ms=_LOCK_MS)
            done = act(session, now=node.now(session), leave_out=aside.ids, failed=failed)
        if not done:
            break
    aside.say()
