"""Incidents that are over end, all who are counted are told, and requests of their own are tied to the incident's."""

import time

import structlog

from app.clockwork.node import Node
from app.clockwork.one_leader import LeadershipLost
from app.storage.bounded_connection import within_less
from app.storage.database import transaction
from app.storage.database_faults import OF_EVERYBODY, fault_of
from tickets.work import incident_people, incidents

log = structlog.get_logger()

_GOES_ON_FOR = 15.0
_STATEMENT_MS, _LOCK_MS = 3_000, 500


def follow_incidents(node: Node) -> None:
    """In steps of one transaction each; what is left is for the next round."""
    began = time.monotonic()
    while time.monotonic() - began < _GOES_ON_FOR:
        with transaction(node.factory) as session:
            within_less(session.connection(), statement_ms=_STATEMENT_MS, lock_ms=_LOCK_MS)
            now = node.now(session)
            done = incidents.end_what_is_over(session, now=now)
            done += incident_people.tell_some(session, now=now)
            done += incident_people.link_next(session, failed=_failed, now=now)
        if not done:
            return


def _failed(ticket_id: int, trouble: Exception) -> None:
    if isinstance(trouble, LeadershipLost) or fault_of(trouble) in OF_EVERYBODY:
        raise trouble
    log.error("incident.not_linked", ticket_id=ticket_id, reason=str(fault_of(trouble) or repr(trouble)))
