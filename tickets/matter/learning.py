"""What the city's own corrections taught: learned at night from its texts, kept in its database, switched by a person.

It never leaves the city, and nothing of a restricted ticket is learned.
"""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from tickets.audit.entries import record
from tickets.matter.learned import Corrected, LearnedKind, OtherText, learn
from tickets.matter.lists import FILES
from tickets.matter.short_forms import ShortForm, propose
from tickets.people.actor import SYSTEM, Actor
from tickets.schema import Category, MatterLearning, ReadingCorrection, Ticket
from tickets.states import ReadField

# What was corrected longer ago says little of what people write now; of texts that nobody corrected a sample is enough.
LEARNS_FROM, LEARNS_BESIDE = timedelta(days=365), timedelta(days=60)
MOST_CORRECTIONS, MOST_OTHERS = 5_000, 1_000
_KEPT, _MOST_FOR_FORMS = 60, 1_000


@dataclass(frozen=True, slots=True)
class Learning:
    """What holds now. `waiting`: kinds with too few corrections so far, or with too little in common."""

    is_on: bool = True
    at: datetime | None = None
    corrections: int = 0
    kinds: tuple[LearnedKind, ...] = ()
    waiting: tuple[tuple[str, int], ...] = ()


def learning_now(session: Session) -> Learning:
    row = session.scalars(select(MatterLearning).order_by(MatterLearning.id.desc()).limit(1)).one_or_none()
    if row is None:
        return Learning()
    kinds = tuple(LearnedKind(**{**one, "instead_of": frozenset(one["instead_of"])}) for one in row.kinds)
    return Learning(row.is_on, row.at, row.corrections, kinds, tuple((code, count) for code, count in row.waiting))


def learned_in_force(session: Session) -> tuple[LearnedKind, ...]:
    """What has a voice when a text is read; nothing where it is switched off."""
    learning = learning_now(session)
    return learning.kinds if learning.is_on else ()


@dataclass(frozen=True, slots=True)
class Lessons:
    """Texts to learn from, the newest first."""

    corrected: Sequence[Corrected]
    others: Sequence[OtherText]


@dataclass(frozen=True, slots=True)
class Lesson:
    """By what one look knows whether another would find other corrections: the last of them, and how many count.

    One more moves both; one whose ticket was restricted since, or is given free, and one that is too old move the
    number.
    """

    last_id: int
    number: int


def lesson_now(session: Session, *, now: datetime) -> Lesson:
    """Without reading a text."""
    kept = ReadingCorrection
    hidden = select(Ticket.id).where(Ticket.id == kept.ticket_id, Ticket.is_restricted)
    row = session.execute(
        select(func.coalesce(func.max(kept.id), 0), func.count())
        .where(kept.field == ReadField.CATEGORY, kept.at >= now - LEARNS_FROM)
        .where(~hidden.exists())
    ).one()
    return Lesson(*row)


def lessons(session: Session, *, now: datetime) -> Lessons:
    return Lessons(_corrected(session, now=now), [*_examples(), *_uncorrected(session, now=now)])


def proposed_short_forms(session: Session, known: Mapping[str, object], *, now: datetime) -> list[ShortForm]:
    """What people shorten in the texts that were corrected lately, and the rules do not know."""
    by_kind: dict[str, list[str]] = {}
    for one in _corrected(session, now=now, limit=_MOST_FOR_FORMS):
        by_kind.setdefault(one.correct, []).append(one.text)
    return propose(by_kind, known)


def learn_from(given: Lessons) -> Learning:
    """Pure: what these texts teach."""
    counts = Counter(one.correct for one in given.corrected if one.correct != one.guessed)
    kinds = learn(given.corrected, given.others)
    heard = {kind.code for kind in kinds}
    waiting = tuple(sorted((code, count) for code, count in counts.items() if code not in heard))
    return Learning(corrections=counts.total(), kinds=kinds, waiting=waiting)


def keep_learned(session: Session, found: Learning, *, now: datetime) -> bool:
    """Whether it differs from what holds; switched off, nothing is learned anew."""
    known = learning_now(session)
    if not known.is_on or (known.kinds, known.waiting) == (found.kinds, found.waiting):
        return False
    _add(session, found, is_on=True, actor=SYSTEM, now=now)
    params = {"count": found.corrections}
    record(
        session, actor=SYSTEM, action="matter.learned", subject_kind="matter_learning", subject_id=None, params=params,
        now=now,
    )  # fmt: skip
    return True


def switch_learning(session: Session, *, is_on: bool, actor: Actor, now: datetime) -> bool:
    """Off: nothing learned has a voice from now on; on: what was learned speaks again. False where it is so already."""
    known = learning_now(session)
    if known.is_on is is_on:
        return False
    _add(session, known, is_on=is_on, actor=actor, now=now)
    action = "matter.learning_on" if is_on else "matter.learning_off"
    record(session, actor=actor, action=action, subject_kind="matter_learning", subject_id=None, params={}, now=now)
    return True


def _add(session: Session, learning: Learning, *, is_on: bool, actor: Actor, now: datetime) -> None:
    """A row that holds from now on; of what held before a handful stays to be looked at."""
    row = {
        "at": now, "is_on": is_on, "corrections": learning.corrections, "by_id": actor.staff_id,
        "kinds": [{**asdict(kind), "instead_of": sorted(kind.instead_of)} for kind in learning.kinds],
        "waiting": [list(one) for one in learning.waiting],
    }  # fmt: skip
    session.execute(insert(MatterLearning).values(row))
    kept = select(MatterLearning.id).order_by(MatterLearning.id.desc()).limit(_KEPT)
    session.execute(delete(MatterLearning).where(MatterLearning.id.not_in(kept)))


def _corrected(session: Session, *, now: datetime, limit: int = MOST_CORRECTIONS) -> list[Corrected]:
    """Of each ticket the last correction of its kind, and the first guess."""
    kept = ReadingCorrection
    rows = session.execute(
        select(Ticket.id, Ticket.subject, Ticket.body, kept.guessed, kept.correct)
        .join(Ticket, Ticket.id == kept.ticket_id)
        .join(Category, Category.code == kept.correct)
        .where(kept.field == ReadField.CATEGORY, kept.at >= now - LEARNS_FROM, Category.conduct == "")
        .where(Ticket.is_restricted.is_(False), Ticket.is_canary.is_(False))
        .order_by(kept.id.desc())
        .limit(limit)
    )
    last = {row.id: row for row in reversed(rows.all())}
    return [Corrected(_said(r.subject, r.body), r.guessed, r.correct) for r in reversed(last.values())]


def _uncorrected(session: Session, *, now: datetime) -> list[OtherText]:
    corrected = select(ReadingCorrection.id).where(
        ReadingCorrection.ticket_id == Ticket.id, ReadingCorrection.field == ReadField.CATEGORY
    )
    rows = session.execute(
        select(Ticket.subject, Ticket.body, Category.code)
        .join(Category, Category.id == Ticket.category_id)
        .where(Ticket.opened_at >= now - LEARNS_BESIDE, Ticket.is_restricted.is_(False), Ticket.is_canary.is_(False))
        .where(~corrected.exists())
        .order_by(Ticket.id.desc())
        .limit(MOST_OTHERS)
    )
    return [OtherText(_said(r.subject, r.body), frozenset([r.code]), is_certain=False) for r in rows]


@lru_cache(maxsize=1)
def _examples() -> tuple[OtherText, ...]:
    """The labelled texts of this release: what is learned may make none of them worse."""
    with (FILES / "examples.csv").open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["categories"]]
    return tuple(OtherText(row["text"], frozenset(row["categories"].split("|"))) for row in rows)


def _said(subject: str, body: str) -> str:
    return f"{subject}\n{body}"
