"""Jobs about what is kept beside clocks, messages and tickets: counting days that are over, and the nightly proof."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Protocol

import structlog
from sqlalchemy.orm import Session

from app.clockwork.node import Node
from app.recurring.aside import Aside
from app.recurring.jobs import again_at_once
from app.storage.bounded_connection import within_more
from app.storage.database import transaction
from tickets.outbox import text_parts
from tickets.people.actor import SYSTEM
from tickets.promises import day_totals, open_breaches, published, standing_levels, waiting_counts
from tickets.promises.answered_levels import correct_answers, tickets_whose_answers_differ
from tickets.promises.moved_levels import correct_moves, tickets_whose_move_differs
from tickets.promises.proof import Differences, correct, differences, note_corrected
from tickets.promises.standing_levels import tickets_that_differ
from tickets.work.evidence_proof import tickets_whose_evidence_differs
from tickets.work.problems import correct_evidence

log = structlog.get_logger()

_Part = tuple[str, Callable[[], object]]


class _Differing(Protocol):
    def __call__(self, session: Session, *, now: datetime) -> Collection[int]: ...


class _Correcting(Protocol):
    def __call__(self, session: Session, ticket_ids: Collection[int], *, now: datetime) -> Collection[int]: ...


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


class KeptFiguresHeld(Exception):
    """Some are wrong whose tickets somebody holds: they are proved again soon."""


def count_finished_days(node: Node) -> None:
    """Gather what was opened, broken and ended since, which is read with every figure; count today so far and the days
    that are over, of texts and of promises, and publish what has been counted of those."""
    aside = node.aside("count finished days")
    parts: tuple[_Part, ...] = (
        ("breaches", partial(_once, node, open_breaches.gather)),
        ("waiting", partial(_once, node, waiting_counts.gather)),
        ("today", partial(_once, node, day_totals.count_so_far)),
        ("texts today", partial(_once, node, text_parts.count_so_far)),
        ("texts", partial(_count_texts, node)),
        ("days", partial(_count_and_publish, node)),
    )
    aside.each(parts, lambda part: part[1](), named=lambda part: part[0])
    aside.say()


def _once(node: Node, count: Callable[..., object]) -> None:
    with transaction(node.factory) as session:
        count(session, now=node.now(session))


def _count_and_publish(node: Node) -> None:
    """A day that cannot be counted keeps nothing from the public: it is read from its promises."""
    aside = node.aside(day_totals.__name__)
    if _day_by_day(node, day_totals.count_next_day, aside):
        _once(node, published.publish)
    aside.say()


def _count_texts(node: Node) -> None:
    aside = node.aside(text_parts.__name__)
    _day_by_day(node, text_parts.count_next_day, aside)
    aside.say()


def _day_by_day(node: Node, count: Callable[..., object], aside: Aside) -> bool:
    """Each day in a transaction of its own, whatever becomes of the others; whether none is left."""
    for _day in range(_DAYS_AT_ONCE):
        with transaction(node.factory) as session:
            if not count(session, leave_out=set(aside.items), put_aside=aside, now=node.now(session)):
                return True
    return False


def prove_kept_figures(node: Node) -> None:
    """Raises KeptFiguresDiffered after correcting: the job counts as failed until the next proof succeeds.

    What somebody holds just now is left for the next proof, and holds up nothing.

    What the release before wrote beside us is completed afterwards, so that it hides no difference.
    """
    try:
        _prove(node)
    finally:
        _complete(node)


def _complete(node: Node) -> None:
    completed, aside = 0, node.aside("complete what stands")
    while True:
        with transaction(node.factory) as session:
            done = standing_levels.complete(session, at_most=_COMPLETED_AT_ONCE, leave_out=aside.ids, put_aside=aside)
        completed += done
        if done < _COMPLETED_AT_ONCE:
            break
    if completed:
        log.info("kept_figures.completed", tickets=completed)
    aside.say()


def _prove(node: Node) -> None:
    aside, wrong, held = node.aside("prove kept figures"), list[Differences](), list[KeptFiguresHeld]()
    proofs: dict[str, Callable[[Node], Differences]] = {
        "promises": _prove_promises,
        "texts": _prove_texts,
        "evidence": _prove_evidence,
        "moves": partial(_prove_marks, differing=tickets_whose_move_differs, correcting=correct_moves),
        "answers": partial(_prove_marks, differing=tickets_whose_answers_differ, correcting=correct_answers),
    }

    def prove(name: str) -> None:
        try:
            wrong.append(again_at_once(partial(proofs[name], node)))
        except KeptFiguresHeld as some:
            held.append(some)

    aside.each(proofs, prove, named=str)
    wrong = [one for one in wrong if one]
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
    aside.say()
    if held:
        raise held[0]


def _prove_promises(node: Node) -> Differences:
    with _reading_all(node) as session:
        found = differences(session, now=node.now(session))
    if not found:
        return found
    with _reading_all(node) as session:
        corrected = correct(session, found, actor=SYSTEM, now=node.now(session))
    if not corrected:
        _tell_of_held(node, found.ticket_ids, tickets_that_differ)
    return corrected


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
        note_corrected(session, corrected, actor=SYSTEM, now=node.now(session))
    if not corrected:
        _tell_of_held(node, ticket_ids, tickets_whose_evidence_differs)
    return corrected


def _tell_of_held(node: Node, found: Collection[int], differing: Callable[[Session], Collection[int]]) -> None:
    """Raises KeptFiguresHeld where what was found wrong still is: what changed meanwhile was no difference."""
    with _reading_all(node) as session:
        if held := set(found) & set(differing(session)):
            raise KeptFiguresHeld(f"tickets: {len(held)}")


def _prove_marks(node: Node, differing: _Differing, correcting: _Correcting) -> Differences:
    """What a trigger keeps of tickets one by one."""

    def found_now(session: Session) -> Collection[int]:
        return differing(session, now=node.now(session))

    with _reading_all(node) as session:
        ticket_ids = found_now(session)
    if not ticket_ids:
        return Differences()
    with _reading_all(node) as session:
        now = node.now(session)
        corrected = Differences(ticket_ids=tuple(correcting(session, ticket_ids, now=now)))
        note_corrected(session, corrected, actor=SYSTEM, now=now)
    if not corrected:
        _tell_of_held(node, ticket_ids, found_now)
    return corrected


@contextmanager
def _reading_all(node: Node) -> Iterator[Session]:
    with transaction(node.factory) as session:
        within_more(session.connection(), statement_seconds=_READING_ALL_SECONDS)
        yield session
