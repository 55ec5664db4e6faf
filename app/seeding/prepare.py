"""What a first start writes, each step a transaction of its own: an interrupted one is simply begun again."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic

from sqlalchemy import exists, select, text
from sqlalchemy.orm import Session, sessionmaker

from app.clock import utc_now
from app.seeding import example_lines, people, reference, volume
from app.seeding.copies import COPIED
from app.seeding.demonstration import is_played, play
from app.seeding.demonstration.office_work import PUBLIC_SINCE, show_office_work
from app.settings import Settings
from app.storage.database import make_engine, session_factory, transaction
from app.storage.play_progress import TellProgress
from app.storage.secret_keys import keys_of
from tickets.directory import going_live, releases
from tickets.schema import Ticket

STATEMENT_TIMEOUT_MS = 600_000
_ALL_LIVE = "Every unit is live: this is the demonstration."
_CLOSED = "Closed {} example lines that were shipped and nobody has: ./hotline import lines brings the city's own."
_NONE_LIVE = "No unit is live yet: ./hotline golive decides."


def prepare(settings: Settings, *, tickets: int | None, progress: TellProgress) -> None:
    """Everything one after the other, for whoever waits for it; a second time on the same data changes nothing."""
    load_reference(settings, progress=progress)
    load_people(settings, progress=progress)
    demonstrate(settings, tickets=tickets, say=progress, percent=lambda _percent: None)


def load_reference(settings: Settings, *, progress: TellProgress) -> None:
    """Units, queues, categories, promises: each kind of which there is nothing, and no other."""
    with _owner(settings) as factory, transaction(factory) as session:
        written = reference.load(session, now=utc_now())
        if written:
            progress(f"Loaded reference data: {', '.join(written)}.")
        if _begins_here(session, written) and going_live.begin(session, are_live=settings.demo, now=utc_now()):
            progress(_ALL_LIVE if settings.demo else _NONE_LIVE)
        _lines(session, settings, progress)


def _lines(session: Session, settings: Settings, progress: TellProgress) -> None:
    """The demonstration has lines to be called; a city has those that somebody entered, and no other."""
    gave = settings.demo and example_lines.give(session, now=utc_now())
    begun = releases.begin(session, now=utc_now() - PUBLIC_SINCE if settings.demo else utc_now())
    if gave and not begun:
        releases.release_all(session, now=utc_now())
    if not settings.demo and (closed := example_lines.close(session, now=utc_now())):
        progress(_CLOSED.format(closed))


def _begins_here(session: Session, written: Collection[str]) -> bool:
    """A directory that was just written, or one that was brought in and has not received a single matter."""
    return "units" in written or not session.scalar(select(exists().select_from(Ticket)))


def load_people(settings: Settings, *, progress: TellProgress) -> None:
    """The people of the demonstration: from here on their sign-in links work, with or without its tickets."""
    with _owner(settings) as factory, transaction(factory) as session:
        if people.load(session, now=utc_now(), zone=settings.zone):
            show_office_work(session, now=utc_now())
            progress("Loaded the people of the demonstration.")


def needs_playing(settings: Settings) -> bool:
    with _owner(settings) as factory, factory() as session:
        return not is_played(session)


def demonstrate(settings: Settings, *, tickets: int | None, say: TellProgress, percent: Callable[[int], None]) -> None:
    """Play the demonstration unless it is there, and bring it to at least `tickets`.

    Connects as the role that owns the tables: what has just been filled is also analysed, and copying switches
    constraints off and on. Only copying wants to be alone in the database.
    """
    with _owner(settings) as factory:
        began = monotonic()
        with transaction(factory) as session:
            opened = play(settings, session, progress=percent, now=utc_now(), clock=utc_now)
        if opened is not None:
            say(f"The demonstration has {opened} tickets of the last 30 days ({monotonic() - began:.0f} s).")
            _analyse(factory)
        if tickets:
            with transaction(factory) as session:
                keys = keys_of(session, settings)
                added = volume.multiply(session, wanted=tickets, keys=keys, progress=say, now=utc_now())
            if added:
                _analyse(factory, COPIED)


@contextmanager
def _owner(settings: Settings) -> Iterator[sessionmaker[Session]]:
    engine = make_engine(settings.migrations_url, pool_size=2, statement_timeout_ms=STATEMENT_TIMEOUT_MS)
    try:
        yield session_factory(engine)
    finally:
        engine.dispose()


def _analyse(factory: sessionmaker[Session], tables: Sequence[str] = ()) -> None:
    """The planner must know at once how much there is; the database would find out by itself a minute later."""
    with transaction(factory) as session:
        session.execute(text(f"analyze {', '.join(tables)}"))
