"""Jobs about what is kept beside the clocks: counting days that are over, and the nightly proof."""

import structlog

from app.clockwork.node import Node
from app.storage.bounded_connection import within_more
from app.storage.database import transaction
from tickets.people.actor import SYSTEM
from tickets.promises import day_totals, open_breaches, published
from tickets.promises.proof import Differences, correct, differences

log = structlog.get_logger()

# A first start has a quarter of a year to count; what is left is for the next run.
_DAYS_AT_ONCE = 100
# The proof reads every running promise in one statement, once a day.
_READING_ALL_SECONDS = 300


class KeptFiguresDiffered(Exception):
    """What was kept was not what the clocks say; it has been corrected, and somebody should know why it was wrong."""

    def __init__(self, corrected: Differences) -> None:
        days = ", ".join(day.isoformat() for day in corrected.days[:10])
        super().__init__(
            f"days: {days or 'none'}; tickets: {len(corrected.ticket_ids)}; units: {len(corrected.unit_ids)}"
        )


def count_finished_days(node: Node) -> None:
    """Gather what was broken and ended since, which is read with every figure; count today so far and the days that
    are over, and publish what has been counted."""
    with transaction(node.factory) as session:
        open_breaches.gather(session, now=node.now(session))
    with transaction(node.factory) as session:
        day_totals.count_so_far(session, now=node.now(session))
    for _day in range(_DAYS_AT_ONCE):
        with transaction(node.factory) as session:
            counted = day_totals.count_next_day(session, now=node.now(session))
        if not counted:
            break
    else:
        return
    with transaction(node.factory) as session:
        published.publish(session, now=node.now(session))


def prove_kept_figures(node: Node) -> None:
    """Raises KeptFiguresDiffered after correcting: the job counts as failed until the next proof succeeds."""
    with transaction(node.factory) as session:
        within_more(session.connection(), statement_seconds=_READING_ALL_SECONDS)
        found = differences(session, now=node.now(session))
    if not found:
        return
    with transaction(node.factory) as session:
        within_more(session.connection(), statement_seconds=_READING_ALL_SECONDS)
        corrected = correct(session, found, actor=SYSTEM, now=node.now(session))
    if corrected:
        log.error(
            "kept_figures.corrected",
            days=len(corrected.days),
            tickets=len(corrected.ticket_ids),
            units=len(corrected.unit_ids),
        )
        raise KeptFiguresDiffered(corrected)
