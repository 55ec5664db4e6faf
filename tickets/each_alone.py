"""Many items in one transaction: all together, or each for itself, so that one that is refused holds up no other (G19).

Whoever works on many does so without `put_aside` first, which costs nothing; where that fails, once more with it.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from sqlalchemy import Update, select
from sqlalchemy.orm import InstrumentedAttribute, Session

Item = TypeVar("Item")
Done = TypeVar("Done")

# Told which item could not be done, and why. Raises what is everybody's trouble, or that it is enough.
PutAside = Callable[[int | str, Exception], None]


class EnoughPutAside(Exception):
    """So much time has gone on what could not be done that the items behind wait for the next time; what is done stays.

    Only for whoever finds again next time what is left.
    """


def each_alone(
    session: Session,
    items: Iterable[Item],
    act: Callable[[Item], Done],
    *,
    named: Callable[[Item], int | str],
    put_aside: PutAside | None,
) -> list[Done]:
    """What each came to, in order. Of one that fails nothing is kept; without `put_aside` it fails for all."""
    if put_aside is None:
        return [act(item) for item in items]
    done: list[Done] = []
    for item in items:
        name = named(item)
        try:
            with session.begin_nested():
                one = act(item)
        except Exception as trouble:  # whatever is wrong with one, the others are nothing to it
            try:
                put_aside(name, trouble)
            except EnoughPutAside:
                break
        else:
            done.append(one)
    return done


def all_or_each(
    session: Session,
    items: Sequence[Item],
    act: Callable[[Sequence[Item]], object],
    *,
    named: Callable[[Item], int | str],
    put_aside: PutAside | None,
) -> None:
    """For what is written of many in a few statements."""
    if put_aside is None:
        act(items)
        return
    each_alone(session, items, lambda item: act([item]), named=named, put_aside=put_aside)


def change_rows(
    session: Session, changing: Update, key: InstrumentedAttribute[int], *, put_aside: PutAside | None
) -> int:
    """Every row that `changing` is about, by its `key`; how many were changed.

    With `put_aside` the rows that somebody holds wait for the next time, however many: they cost no waiting.
    """
    quietly = changing.execution_options(synchronize_session=False)
    if put_aside is None:
        return int(getattr(session.execute(quietly), "rowcount", 0))
    condition = changing.whereclause
    rows = select(key) if condition is None else select(key).where(condition)
    ids = session.scalars(rows.with_for_update(of=key.class_, key_share=True, skip_locked=True)).all()
    changed = each_alone(
        session, ids, lambda one: session.execute(quietly.where(key == one)), named=int, put_aside=put_aside
    )
    return sum(int(getattr(one, "rowcount", 0)) for one in changed)
