"""Incidents that are over end, who is counted is told, and requests of their own are tied to the incident's."""

import time

from app.clockwork.node import Node
from app.storage.bounded_connection import within_less
from app.storage.database import transaction
from tickets.work import incident_people, incidents

_GOES_ON_FOR = 15.0
_STATEMENT_MS, _LOCK_MS = 3_000, 500


def follow_incidents(node: Node) -> None:
    """In steps of one transaction each; what is left is for the next round."""
    until = time.monotonic() + _GOES_ON_FOR
    try:
        while node.post(
            incidents.end_what_is_over, incident_people.tell_some, statement_ms=_STATEMENT_MS, lock_ms=_LOCK_MS
        ):
            if time.monotonic() > until:
                break
    finally:
        _link(node, until=until)


def _link(node: Node, *, until: float) -> None:
    aside = node.aside("link requests to incidents")
    while True:
        with transaction(node.factory) as session:
            within_less(session.connection(), statement_ms=_STATEMENT_MS, lock_ms=_LOCK_MS)
            linked = incident_people.link_next(session, failed=aside, leave_out=aside.ids, now=node.now(session))
        if not linked or time.monotonic() > until:
            break
    aside.say()
