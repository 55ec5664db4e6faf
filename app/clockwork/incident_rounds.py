"""Incidents that are over end, who is counted is told, and requests of their own are tied to the incident's."""

import time
from functools import partial

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
        node.post(incidents.end_what_is_over, statement_ms=_STATEMENT_MS, lock_ms=_LOCK_MS)
    finally:
        try:
            _tell(node, until=until)
        finally:
            _link(node, until=until)


def _tell(node: Node, *, until: float) -> None:
    """Whoever is refused is left out from then on: those behind them are told all the same, however many they are."""
    aside = node.aside("tell who is counted on incidents")
    while True:
        before = len(aside.items)
        tell = partial(incident_people.tell_some, leave_out=aside.ids)
        told = node.post_beside(aside, tell, statement_ms=_STATEMENT_MS, lock_ms=_LOCK_MS)
        if (not told and len(aside.items) == before) or time.monotonic() > until:
            break
    aside.say()


def _link(node: Node, *, until: float) -> None:
    aside = node.aside("link requests to incidents")
    while True:
        with transaction(node.factory) as session:
            within_less(session.connection(), statement_ms=_STATEMENT_MS, lock_ms=_LOCK_MS)
            linked = incident_people.link_next(session, failed=aside, leave_out=aside.ids, now=node.now(session))
        if not linked or time.monotonic() > until:
            break
    aside.say()
