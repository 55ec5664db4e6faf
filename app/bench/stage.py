"""Where benchmarks run: engines and a database of their own, with the demonstration multiplied to a volume."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import make_url

from app.seeding.prepare import prepare
from app.seeding.throwaway import throwaway_installation
from app.settings import Settings
from app.storage.database import make_engine
from app.storage.play_progress import TellProgress

_PREFIX = "hotline-bench-"


@contextmanager
def stage(*, tickets: int, port: int, say: TellProgress) -> Iterator[Settings]:
    """Settings of a fresh installation with `tickets` demonstration tickets; everything is gone afterwards."""
    with throwaway_installation(_PREFIX, port=port) as settings:
        prepare(settings, tickets=tickets, progress=say)
        settle(settings)
        yield settings


@contextmanager
def stage_beside_its_tenth(*, tickets: int, port: int, say: TellProgress) -> Iterator[tuple[Settings, Settings]]:
    """As `stage`, and beside it a database with a tenth of the tickets, copied from the same play.

    Two plays are two cities: who was told what differs between them by more than what is to be measured.
    """
    with throwaway_installation(_PREFIX, port=port) as settings:
        prepare(settings, tickets=tickets // 10, progress=say)
        tenth = _copied(settings)
        prepare(settings, tickets=tickets, progress=say)
        for one in (settings, tenth):
            settle(one)
        yield settings, tenth


def _copied(settings: Settings) -> Settings:
    """The same installation on a copy of its database, to which nobody is connected."""
    from_name, name = make_url(settings.owner_database_url).database, "hotline_tenth"
    beside = make_engine(_at(settings.owner_database_url, "postgres"), statement_timeout_ms=0)
    with beside.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(f"create database {name} template {from_name}")
    beside.dispose()
    urls = {field: _at(getattr(settings, field), name) for field in ("database_url", "owner_database_url")}
    return settings.model_copy(update=urls)


def _at(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


def settle(settings: Settings) -> None:
    """Statistics as a database has them that was not filled a moment ago."""
    engine = make_engine(settings.owner_database_url, statement_timeout_ms=0)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("vacuum (analyze, index_cleanup on)")
    engine.dispose()
