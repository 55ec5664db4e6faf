"""Settings with a database and a Redis behind them, for commands that work beside or without a running `up`."""

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.engines import Engines, running_engines, start_engines
from app.settings import Settings, load_settings


@contextmanager
def connected(data_dir: str | None = None) -> Iterator[Settings]:
    """Settings whose engines run: configured, those of a running `up`, or our own for the time of the block."""
    settings = _settings(data_dir)
    if settings.database_url and settings.redis_url:
        yield settings
        return
    engines = start_engines(settings.data_dir, postgres=not settings.database_url, valkey=not settings.redis_url)
    try:
        yield with_engines(settings, engines)
    finally:
        engines.stop()


def connected_if_running(data_dir: str | None = None) -> Settings | None:
    """Settings whose engines are configured or belong to a running `up`; None when they would have to be started."""
    settings = _settings(data_dir)
    if settings.database_url and settings.redis_url:
        return settings
    engines = running_engines(settings.data_dir)
    return with_engines(settings, engines) if engines else None


def with_engines(settings: Settings, engines: Engines) -> Settings:
    """The settings with what is not configured filled in from the embedded engines."""
    update: dict[str, Any] = {"embedded": True}
    if not settings.database_url:
        update |= {"database_url": engines.database_url, "owner_database_url": engines.owner_database_url}
    if not settings.redis_url:
        update["redis_url"] = engines.redis_url
    # Built anew rather than copied: a copy would keep what was derived from the old values.
    return Settings.model_construct(**{**settings.model_dump(), **update})


def running_up(data_dir: Path) -> dict[str, Any] | None:
    """What a running `up` of this data folder has noted: url, live_url, pid, host, port, demo, links, pids."""
    try:
        with (data_dir / "up.lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        return None
    except BlockingIOError:
        pass
    except OSError:
        return None
    try:
        return dict(json.loads((data_dir / "up.json").read_text()))
    except (OSError, ValueError):
        return None


def _settings(data_dir: str | None) -> Settings:
    """The settings as a running `up` of the same data folder has them, where it was told otherwise than we."""
    given: dict[str, Any] = {"data_dir": Path(data_dir).absolute()} if data_dir else {}
    settings = load_settings(**given)
    note = running_up(settings.data_dir)
    if note is None:
        return settings
    return load_settings(**given, host=note["host"], port=note["port"], demo=note["demo"])
