"""Jobs about what is kept beside clocks, messages and tickets: counting days that are over, and the nightly proof."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy.orm import Session

from app.clockwork.node import Node
from app.storage.bounded_connection import within_more
from app.storage.database import transaction
from tickets.outbox import text_parts
from tickets.people.actor import SYSTEM
from tickets.promises import day_totals, open_breaches, published, standing_levels
from tickets.promises.proof import Differences, correct, differences, note_corrected
from tickets.work.evidence_proof import tickets_whose_evidence_differs
from tickets.work.problems import correct_evidence

log = structlog.get_logger()

# A first start has a quarter of a year to count; what is left is for the next run.
_DAYS_AT_ONCE = 100
# The proof reads every running promise in one statement, once a day.
_READING_ALL_SECONDS = 300
# Whoever works on one of these tickets meanwhile waits for no more than this.
_COMPLETED_AT_ONCE = 200


class KeptFiguresDiffered(Exception):
    """What was kept was not what the rows say; it has been corrected, and somebody should know why it was wrong."""

    def __init__(self, corrected: Differences) -> None:
        days = ", ".join(day.isoformat() for day in corrected.days[:10])
        super().__init__(
            f"days: {days or 'none'}; tickets: {len(corrected.ticket_ids)}; units: {len(corrected.unit_ids)}"
        )


def count_finished_days(node: Node) -> None:
    """Gather what was broken and ended since, which is read with every figure; count today so far and the days that
    are over, of texts and of promises, and publish what has been counted of those."""
    with transaction(node.factory) as session:
        open_breaches.gather(session, now=node.now(session))
    with transaction(node.factory) as session:
        day_totals.count_so_far(session, now=node.now(session))
    with transaction(node.factory) as session:
        text_parts.count_so_far(session, now=node.now(session))
    _day_by_day(node, text_parts.count_next_day)
    if not _day_by_day(node, day_totals.count_next_day):
        return
    with transaction(node.factory) as session:
        published.publish(session, now=node.now(session))


def _day_by_day(node: Node, count: Callable[..., object]) -> bool:
    """Each day in a transaction of its own; whether none is left."""
    for _day in range(_DAYS_AT_ONCE):
        with transaction(node.factory) as session:
            if not count(session, now=node.now(session)):
                return True
    return False


def prove_kept_figures(node: Node) -> None:
    """Raises KeptFiguresDiffered after correcting: the job counts as failed until the next proof succeeds.

    What the release before wrote beside us is completed afterwards, so that it hides no difference.
    """
    try:
        _prove(node)
    finally:
        _complete(node)


def _complete(node: Node) -> None:
    completed = 0
    while True:
        with transaction(node.factory) as session:
            done = standing_levels.complete(session, at_most=_COMPLETED_AT_ONCE)
        completed += done
        if done < _COMPLETED_AT_ONCE:
            break
    if completed:
        log.info("kept_figures.completed", tickets=completed)


def _prove(node: Node) -> None:
    wrong = [corrected for prove in (_prove_promises, _prove_texts, _prove_evidence) if (corrected := prove(node))]
    if wrong:
        corrected = Differences(
            tuple(sorted({day for one in wrong for day in one.days})),
            tuple(sorted({ticket_id for one in wrong for ticket_id in one.ticket_ids})),
            tuple(sorted({unit_id for one in wrong for unit_id in one.unit_ids})),
        )
        log.error(
            "kept_figures.corrected",
            days=len(corrected.days),
            tickets=len(corrected.ticket_ids),
            units=len(corrected.unit_ids),
        )
        raise KeptFiguresDiffered(corrected)


def _prove_promises(node: Node) -> Differences:
    with _reading_all(node) as session:
        found = differences(session, now=node.now(session))
    if not found:
        return found
    with _reading_all(node) as session:
        return correct(session, found, actor=SYSTEM, now=node.now(session))


def _prove_texts(node: Node) -> Differences:
    with _reading_all(node) as session:
        days = text_parts.days_that_differ(session, now=node.now(session))
    if not days:
        return Differences()
    with _reading_all(node) as session:
        wrong = text_parts.recount(session, days, now=node.now(session))
        corrected = note_corrected(session, Differences(days=tuple(wrong)), actor=SYSTEM, now=node.now(session))
    log.info("kept_figures.texts_recounted", days=len(days), wrong=len(wrong))
    return corrected


def _prove_evidence(node: Node) -> Differences:
    with _reading_all(node) as session:
        ticket_ids = tickets_whose_evidence_differs(session)
    if not ticket_ids:
        return Differences()
    with _reading_all(node) as session:
        corrected = Differences(ticket_ids=tuple(correct_evidence(session, ticket_ids)))
        return note_corrected(session, corrected, actor=SYSTEM, now=node.now(session))


@contextmanager
def _reading_all(node: Node) -> Iterator[Session]:
    with transaction(node.factory) as session:
        within_more(session.connection(), statement_seconds=_READING_ALL_SECONDS)
        yield session
