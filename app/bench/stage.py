"""Where benchmarks run: engines and a database of their own, with the demonstration multiplied to a volume."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.engines import start_engines
from app.engines.connected import with_engines
from app.engines.leftovers import discard, undisturbed
from app.seeding import prepare
from app.settings import Settings, load_settings
from app.storage.database import make_engine, migrate
from app.storage.play_progress import TellProgress

PREFIX = "hotline-bench-"


@contextmanager
def stage(*, tickets: int, port: int, say: TellProgress) -> Iterator[Settings]:
    """Settings of a fresh installation with `tickets` demonstration tickets; everything is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        engines = start_engines(folder)
        try:
            given: dict[str, Any] = {"data_dir": folder, "demo": True, "port": port, "public_base_url": ""}
            settings = with_engines(load_settings(**given), engines)
            migrate(settings.owner_database_url, settings.database_url)
            prepare(settings, tickets=tickets, progress=say)
            settle(settings)
            yield settings
        finally:
            with undisturbed():
                engines.stop()
    finally:
        with undisturbed():
            discard(folder)


def settle(settings: Settings) -> None:
    """Statistics as a database has them that was not filled a moment ago."""
    engine = make_engine(settings.owner_database_url, statement_timeout_ms=0)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("vacuum (analyze, index_cleanup on)")
    engine.dispose()
