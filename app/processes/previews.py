"""What drafts of rules would do to all open tickets: counted by the worker, part by part, while a page says how far."""

import time as clock
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from sqlalchemy.orm import Session

from app.processes.signs_of_life import database_now
from app.processes.word_previews import Transaction, count_words
from app.seeding.drafted import bring_in_drafted
from app.seeding.imports import FileRefused
from app.storage.bounded_connection import within_more
from app.storage.database_faults import OF_EVERYBODY, fault_of
from app.web.administration.rule_trial import Trial, as_kept, changed_policies, next_morning, tonight
from escalation.queries.last_month import LastMonth, last_month
from escalation.queries.told_tonight import told_tonight
from tickets.people.actor import staff_actor
from tickets.promises.foresight import Foreseeing, Foresight, foresee, foreseeing, parts_of_open
from tickets.promises.loading import PromiseRulebook, load_rulebook
from tickets.promises.previews import AskedPreview, end_preview, note_counted, take_next_preview
from tickets.promises.rule_drafts import RuleKind

log = structlog.get_logger()

# Large enough that reading the rest of a table does not matter, small enough that the page moves every second.
_TICKETS_AT_ONCE = 20_000
# The database counts on as many of its processors; two are what a small server has.
_AT_ONCE = 2
_LONGEST_STATEMENT_SECONDS = 60

TimeOf = Callable[[Session], datetime]


@dataclass(frozen=True)
class _Prepared:
    """The rules as they would be, and what is to be asked of each part of the tickets; None: nothing is touched."""

    book: PromiseRulebook
    policies: tuple[str, ...]
    asked: Foreseeing | None
    parts: list[tuple[range, int]]
    night_ends: datetime
    last_month: LastMonth | None


def count_next_preview(transaction: Transaction, *, at_once: int = _AT_ONCE, time_of: TimeOf = database_now) -> bool:
    """Count the next draft that somebody waits for; whether there was one. `time_of` a session: which open tickets
    are late already, and which night comes next."""
    with transaction() as session:
        asked = take_next_preview(session, now=database_now(session))
    if asked is None:
        return False
    try:
        _count(transaction, asked, at_once, time_of)
    except FileRefused:
        _end(transaction, asked, None, fault="refused")
    except Exception as trouble:  # whoever waits is told, and may ask again
        if fault_of(trouble) in OF_EVERYBODY:
            raise
        log.exception("rules.preview_failed", kind=asked.of.kind.value)
        _end(transaction, asked, None, fault="failed")
    return True


def _count(transaction: Transaction, asked: AskedPreview, at_once: int, time_of: TimeOf) -> None:
    if asked.of.kind is RuleKind.WORDS:
        count_words(transaction, asked)
        return
    began = clock.monotonic()
    with transaction() as session:
        within_more(session.connection(), statement_seconds=_LONGEST_STATEMENT_SECONDS)
        now = time_of(session)
        ready = _prepared(session, asked, now=now)
    seen = Foresight()
    done, tickets = 0, sum(number for _part, number in ready.parts)
    for found, number in _found(transaction, ready, at_once):
        seen, done = seen + found, done + number
        with transaction() as session:
            if not note_counted(session, asked, done=done, tickets=tickets, now=database_now(session)):
                return
    with transaction() as session:
        told = told_tonight(session, ready.book, seen, at=tonight(now))
        trial = Trial(ready.policies, seen, told, ready.night_ends, clock.monotonic() - began, ready.last_month)
        end_preview(session, asked, found=as_kept(trial), now=database_now(session))


def _prepared(session: Session, asked: AskedPreview, *, now: datetime) -> _Prepared:
    """Published and taken back, so that nothing is held while the tickets are counted. Raises FileRefused."""
    before = load_rulebook(session)
    attempt = session.begin_nested()
    try:
        bring_in_drafted(session, asked.of.kind, asked.rules, actor=staff_actor(asked.of.staff_id), now=now)
        after = load_rulebook(session)
        month = last_month(session, before, after, now=now)
    finally:
        attempt.rollback()
    policies = changed_policies(before, after)
    night_ends = next_morning(now)
    question = foreseeing(session, after, policies, night_ends=night_ends, now=now)
    parts = parts_of_open(session, size=_TICKETS_AT_ONCE) if question is not None else []
    return _Prepared(after, policies, question, parts, night_ends, month)


def _found(transaction: Transaction, ready: _Prepared, at_once: int) -> Iterator[tuple[Foresight, int]]:
    """Of each part what it holds and how many tickets that is, as they are counted."""

    def of_part(question: Foreseeing, part: range) -> Foresight:
        with transaction() as session:
            within_more(session.connection(), statement_seconds=_LONGEST_STATEMENT_SECONDS)
            return foresee(session, question, part=part)

    if ready.asked is None:
        return
    with ThreadPoolExecutor(at_once, thread_name_prefix="preview") as pool:
        found = pool.map(partial(of_part, ready.asked), [part for part, _number in ready.parts])
        yield from zip(found, [number for _part, number in ready.parts], strict=True)


def _end(transaction: Transaction, asked: AskedPreview, found: dict[str, Any] | None, *, fault: str) -> None:
    with transaction() as session:
        end_preview(session, asked, found=found, fault=fault, now=database_now(session))
