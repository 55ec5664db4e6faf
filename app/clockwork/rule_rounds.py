"""New rules and time given back for open tickets, bit by bit: whatever is interrupted goes on where it stood."""

import time
from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from app.clockwork.node import Node
from app.clockwork.one_leader import LeadershipLost
from app.storage.bounded_connection import within_less
from app.storage.database import transaction
from app.storage.database_faults import OF_EVERYBODY, fault_of
from tickets.promises.applying import CouldNotApply, apply_some
from tickets.promises.crediting import give_back_next

log = structlog.get_logger()

_ROUND_SECONDS = 20.0
_LONGEST_STATEMENT_MS = 3_000
_LONGEST_LOCK_MS = 500


def apply_new_rules(node: Node) -> None:
    _round(node, lambda session, now: apply_some(session, failed=_failed("rules.not_applied"), now=now))


def give_time_back(node: Node) -> None:
    _round(node, lambda session, now: give_back_next(session, failed=_failed("time.not_given_back"), now=now))


def _round(node: Node, act: Callable[[Session, datetime], int]) -> None:
    """In steps of one transaction each, until a step gets nothing done; what is left is for the next round."""
    began = time.monotonic()
    while time.monotonic() - began < _ROUND_SECONDS:
        with transaction(node.factory) as session:
            within_less(session.connection(), statement_ms=_LONGEST_STATEMENT_MS, lock_ms=_LONGEST_LOCK_MS)
            done = act(session, node.now(session))
        if not done:
            return


def _failed(event: str) -> CouldNotApply:
    """Names the ticket in the log, unless the trouble is everybody's: then the round is over."""

    def failed(ticket_id: int, trouble: Exception) -> None:
        if isinstance(trouble, LeadershipLost) or fault_of(trouble) in OF_EVERYBODY:
            raise trouble
        log.error(event, ticket_id=ticket_id, reason=str(fault_of(trouble) or repr(trouble)))

    return failed
