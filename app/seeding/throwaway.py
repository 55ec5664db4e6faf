"""An installation for one piece of work: engines and an empty database of its own, of which nothing is left."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.engines import start_engines
from app.engines.connected import with_engines
from app.engines.leftovers import discard, sweep, undisturbed
from app.settings import Settings, load_settings
from app.storage.database import migrate


@contextmanager
def throwaway_installation(prefix: str, **given: Any) -> Iterator[Settings]:
    """Settings (with those `given`) of a database in which nothing is written; its folder's name begins with `prefix`.

    What one of the same prefix has left that was killed is removed first.
    """
    sweep(prefix)
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        engines = start_engines(folder)
        try:
            own: dict[str, Any] = {"data_dir": folder, "demo": True, "public_base_url": "", **given}
            settings = with_engines(load_settings(**own), engines)
            migrate(settings.owner_database_url, settings.database_url)
            yield settings
        finally:
            with undisturbed():
                engines.stop()
    finally:
        with undisturbed():
            discard(folder)
