"""The steps of a first start, each in transactions of its own, so that an interrupted start is simply begun again."""

from collections.abc import Callable

from app.clock import utc_now
from app.database import make_engine, session_factory, transaction
from app.seeding import people, reference
from app.settings import Settings

Progress = Callable[[str], None]


def prepare(settings: Settings, *, demo: bool, tickets: int | None, progress: Progress) -> None:
    """Load what is missing; a second start on the same data changes nothing."""
    engine = make_engine(settings.database_url, pool_size=2, statement_timeout_ms=120_000)
    try:
        factory = session_factory(engine)
        with transaction(factory) as session:
            if reference.load(session, now=utc_now()):
                progress("Loaded the directory of the city: units, lines, procedures, categories, promises.")
        if demo:
            with transaction(factory) as session:
                if people.load(session, now=utc_now(), zone=settings.zone):
                    progress("Loaded the people of the demonstration.")
    finally:
        engine.dispose()
