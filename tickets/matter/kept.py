"""The words of the city, in its database: which version is in force, what it says, and publishing the next one."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, func, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from tickets.audit.entries import record
from tickets.matter.lists import WordList, WordRow, shipped_rows
from tickets.matter.rulebook import MatterRulebook, rulebook, rulebook_of
from tickets.people.actor import SYSTEM, Actor
from tickets.schema import MatterRow, MatterVersion, Staff
from tickets.schema.rows import insert_many

_NEWEST = select(MatterVersion.id, MatterVersion.number).order_by(MatterVersion.number.desc()).limit(1)
# One book per database, as for promises, with the row of its version: a number comes again where one was taken back.
_books: WeakKeyDictionary[Engine, tuple[int, MatterRulebook]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class KeptRow:
    """A row in force, by the number under which it is edited."""

    id: int
    position: int
    row: WordRow


@dataclass(frozen=True, slots=True)
class PastVersion:
    number: int
    at: datetime
    by: str
    reason: str
    brought: int
    gone: int


@dataclass(frozen=True, slots=True)
class WordEdit:
    """`old` is the row that goes, None for a new one; `new` is what comes, None where nothing does."""

    old: KeptRow | None
    new: WordRow | None


def newest_version(session: Session) -> int:
    """0: the words of the release, where nothing was ever loaded."""
    return session.scalar(select(func.max(MatterVersion.number))) or 0


def words_in_force(session: Session) -> MatterRulebook:
    """The city's words; one cheap statement when nothing was published since the last time."""
    newest = session.execute(_NEWEST).one_or_none()
    if newest is None:
        return rulebook()
    engine = _engine(session)
    known = _books.get(engine)
    if known is None or known[0] != newest.id:
        book = rulebook_of((one.row for one in rows_of(session, newest.number)), version=str(newest.number))
        known = _books[engine] = (newest.id, book)
    return known[1]


def rows_of(session: Session, number: int) -> list[KeptRow]:
    """What a version says, in its order."""
    kept = session.execute(
        select(MatterRow.id, MatterRow.position, MatterRow.list_name, MatterRow.says, MatterRow.weight, MatterRow.words)
        .where(MatterRow.from_number <= number, or_(MatterRow.until_number.is_(None), MatterRow.until_number > number))
        .order_by(MatterRow.position, MatterRow.id)
    )
    return [KeptRow(r.id, r.position, WordRow(WordList(r.list_name), r.says, r.weight, r.words)) for r in kept]


def past_versions(session: Session, *, limit: int) -> list[PastVersion]:
    """The newest first, each with who published it ('' for a release) and how many rows it brought and took out."""
    rows = session.execute(
        select(MatterVersion, Staff.name)
        .outerjoin(Staff, Staff.id == MatterVersion.created_by_id)
        .order_by(MatterVersion.number.desc())
        .limit(limit)
    ).all()
    numbers = [version.number for version, _name in rows]
    brought = _counted(session, MatterRow.from_number, numbers)
    gone = _counted(session, MatterRow.until_number, numbers)
    return [
        PastVersion(
            one.number, one.created_at, name or "", one.reason, brought.get(one.number, 0), gone.get(one.number, 0)
        )
        for one, name in rows
    ]


def _counted(session: Session, column: InstrumentedAttribute[Any], numbers: Sequence[int]) -> dict[int, int]:
    rows = session.execute(select(column, func.count()).where(column.in_(numbers)).group_by(column))
    return {number: count for number, count in rows}


def publish_words(
    session: Session, edits: Sequence[WordEdit], *, reason: str, actor: Actor, now: datetime
) -> int | None:
    """The number of the new version; None where the edits change nothing."""
    edits = [edit for edit in edits if edit.new != (edit.old.row if edit.old else None)]
    if not edits:
        return None
    number = _begin(session, reason, actor=actor, now=now)
    _write(session, number, edits)
    gone = sum(edit.old is not None for edit in edits)
    params = {"version": number, "added": sum(edit.new is not None for edit in edits), "closed": gone, "reason": reason}
    record(
        session, actor=actor, action="matter.words_published", subject_kind="matter_version", subject_id=number,
        params=params, now=now,
    )  # fmt: skip
    return number


def go_on(session: Session, number: int, edits: Sequence[WordEdit]) -> None:
    """Further edits to the version that this very transaction has begun."""
    _write(session, number, edits)
    _books.pop(_engine(session), None)


def load_shipped(session: Session, *, now: datetime) -> int | None:
    """Bring in the rows of this release: the first time all, later what is new in it, less what it no longer has.

    A row that the city changed or took out stays as the city wants it. The version's number where anything changed.
    """
    shipped = shipped_rows()
    ours = _shipped_before(session)
    in_force = rows_of(session, newest_version(session))
    standing = {one.row for one in in_force}
    new = [row for row in shipped if row not in ours and row not in standing]
    wanted = set(shipped)
    gone = [one for one in in_force if one.row in ours and one.row not in wanted]
    edits = [*(WordEdit(one, None) for one in gone), *(WordEdit(None, row) for row in new)]
    return publish_words(session, edits, reason="", actor=SYSTEM, now=now)


def _shipped_before(session: Session) -> set[WordRow]:
    """What earlier releases brought, and did not take back themselves."""
    ours = select(MatterVersion.number).where(MatterVersion.created_by_id.is_(None))
    rows = session.execute(
        select(MatterRow.list_name, MatterRow.says, MatterRow.weight, MatterRow.words).where(
            MatterRow.from_number.in_(ours),
            or_(MatterRow.until_number.is_(None), MatterRow.until_number.not_in(ours)),
        )
    )
    return {WordRow(WordList(r.list_name), r.says, r.weight, r.words) for r in rows}


def _begin(session: Session, reason: str, *, actor: Actor, now: datetime) -> int:
    """Two who publish at once draw different numbers: the second one fails, and its words are kept in its draft."""
    number = newest_version(session) + 1
    row = {"number": number, "reason": reason, "created_at": now, "created_by_id": actor.staff_id}
    insert_many(session, MatterVersion, [row])
    return number


def _write(session: Session, number: int, edits: Iterable[WordEdit]) -> None:
    edits = list(edits)
    _close(session, number, [edit.old.id for edit in edits if edit.old])
    last = session.scalar(select(func.max(MatterRow.position))) or 0
    rows = []
    for edit in edits:
        if edit.new is None:
            continue
        last += edit.old is None
        rows.append(
            {
                "list_name": edit.new.list.value, "says": edit.new.says, "weight": edit.new.weight,
                "words": edit.new.words, "position": edit.old.position if edit.old else last, "from_number": number,
            }
        )  # fmt: skip
    insert_many(session, MatterRow, rows)


def _close(session: Session, number: int, ids: Collection[int]) -> None:
    if ids:
        session.execute(update(MatterRow).where(MatterRow.id.in_(ids)).values(until_number=number))


def _engine(session: Session) -> Engine:
    bind = session.get_bind()
    return bind if isinstance(bind, Engine) else bind.engine


def edits_back_to(session: Session, number: int) -> list[WordEdit]:
    """What makes the words in force say what a version said."""
    now, then = rows_of(session, newest_version(session)), rows_of(session, number)
    kept = {one.id for one in then} & {one.id for one in now}
    places = {one.position: one for one in now if one.id not in kept}
    edits = [WordEdit(places.pop(one.position, None), one.row) for one in then if one.id not in kept]
    return [*edits, *(WordEdit(one, None) for one in places.values())]
