"""The steps of a first start, each in a transaction of its own, so that an interrupted start is simply begun again."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from app.clock import utc_now
from app.reference import Reference
from app.seeding import people, reference, volume
from app.seeding.demonstration import play
from app.settings import Settings
from app.storage.database import make_engine, session_factory, transaction

Progress = Callable[[str], None]
STATEMENT_TIMEOUT_MS = 600_000


def prepare(settings: Settings, *, demo: bool, tickets: int | None, progress: Progress) -> None:
    """Load what is missing; a second start on the same data changes nothing.

    `tickets` is how many the demonstration shall have at least. Connects as the role that owns the tables: what has
    just been filled is also analysed, and copying switches constraints off and on.
    """
    load_reference(settings, progress=progress)
    if demo:
        with _owner(settings) as factory:
            _demonstrate(settings, factory, tickets=tickets, progress=progress)


def load_reference(settings: Settings, *, progress: Progress) -> None:
    """Units, lines, queues, categories, promises: each kind of which there is nothing, and no other."""
    with _owner(settings) as factory, transaction(factory) as session:
        written = reference.load(session, now=utc_now())
        if written:
            progress(f"Loaded reference data: {', '.join(written)}.")


@contextmanager
def _owner(settings: Settings) -> Iterator[sessionmaker[Session]]:
    engine = make_engine(settings.migrations_url, pool_size=2, statement_timeout_ms=STATEMENT_TIMEOUT_MS)
    try:
        yield session_factory(engine)
    finally:
        engine.dispose()


def _demonstrate(
    settings: Settings, factory: sessionmaker[Session], *, tickets: int | None, progress: Progress
) -> None:
    with transaction(factory) as session:
        if people.load(session, now=utc_now(), zone=settings.zone):
            progress("Loaded the people of the demonstration.")
    began = monotonic()
    with transaction(factory) as session:
        opened = play(settings, session, now=utc_now(), progress=progress)
    if opened is not None:
        progress(f"The demonstration has {opened} tickets of the last 30 days ({monotonic() - began:.0f} s).")
        _analyse(factory)
    if tickets:
        keys = Reference.from_settings(settings).keys
        with transaction(factory) as session:
            added = volume.multiply(session, wanted=tickets, keys=keys, progress=progress, now=utc_now())
        if added:
            _analyse(factory)


def _analyse(factory: sessionmaker[Session]) -> None:
    """The planner must know at once how much there is; the database would find out by itself a minute later."""
    with transaction(factory) as session:
        session.execute(text("analyze"))
