"""What `up` makes of the data it finds: brought up to date, or refused with a sentence; never claimed to be ready."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from app.accounts.demo_links import FIRST_ADMINISTRATOR
from app.cli.commands import CommandRefused
from app.clock import utc_now
from app.seeding import prepare
from app.settings import Settings
from app.storage import database
from app.storage.database import session_factory, transaction
from app.storage.play_progress import TellProgress
from app.storage.secret_keys import settle_key
from app.wording.refusals import in_both_languages
from tickets.schema import Staff, Ticket


def bring_up_to_date(settings: Settings, *, say: TellProgress) -> None:
    """Migrate, refuse what cannot be worked with, and load what is missing, people of the demonstration included."""
    try:
        database.migrate(settings.migrations_url, settings.database_url)
        with _engine(settings) as engine:
            database.refuse_unsafe(engine)
            if settings.production:
                database.refuse_demonstration(engine)
            with transaction(session_factory(engine)) as session:
                settle_key(session, settings, now=utc_now())
            _judge_contents(engine, settings, say=say)
    except database.UnsafeDatabase as unsafe:
        raise CommandRefused(in_both_languages(unsafe, settings)) from None
    prepare.load_reference(settings, progress=say)
    if settings.demo:
        prepare.load_people(settings, progress=say)


def _judge_contents(engine: Engine, settings: Settings, *, say: TellProgress) -> None:
    """A city's own data and the invented ones are never mixed by a word too few on the command line."""
    with Session(engine) as session:
        invented = session.scalar(select(func.count(Staff.id)).where(Staff.is_demo)) or 0
        own = select(func.count(Staff.id)).where(
            Staff.is_demo.is_(False), (Staff.email != FIRST_ADMINISTRATOR) | Staff.totp_enrolled_at.is_not(None)
        )
        people, tickets = session.scalar(own) or 0, session.scalar(select(func.count(Ticket.id))) or 0
    where = str(settings.data_dir) if settings.embedded else "this database"
    if settings.demo and not invented and (people or tickets):
        raise CommandRefused(
            f"The data in {where} were made without the demonstration and hold {people} people and {tickets} tickets "
            "of their own. Go on with them by ./hotline up --no-demo, or give the demonstration a folder of its own: "
            "./hotline up --data DIR"
        )
    if not settings.demo and invented:
        say(
            f"Note: the data in {where} hold the demonstration ({invented} invented people). They stay; a city begins "
            "with an empty folder: ./hotline up --no-demo --data DIR"
        )


@contextmanager
def _engine(settings: Settings) -> Iterator[Engine]:
    engine = database.make_engine(settings.database_url, pool_size=1)
    try:
        yield engine
    finally:
        engine.dispose()
