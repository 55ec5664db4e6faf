"""Settings with a database and a Redis behind them, for commands that work beside or without a running `up`."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.engines import running_engines, start_engines
from app.settings import Settings, load_settings


@contextmanager
def connected(data_dir: str | None = None) -> Iterator[Settings]:
    """Settings whose engines run: configured, those of a running `up`, or our own for the time of the block."""
    settings = load_settings(**_overrides(data_dir))
    if settings.database_url and settings.redis_url:
        yield settings
        return
    engines = start_engines(settings.data_dir, postgres=not settings.database_url, valkey=not settings.redis_url)
    try:
        yield with_engines(settings, engines.database_url, engines.owner_database_url, engines.redis_url)
    finally:
        engines.stop()


def connected_if_running(data_dir: str | None = None) -> Settings | None:
    """Settings whose engines are configured or belong to a running `up`; None when they would have to be started."""
    settings = load_settings(**_overrides(data_dir))
    if settings.database_url and settings.redis_url:
        return settings
    engines = running_engines(settings.data_dir)
    if engines is None:
        return None
    return with_engines(settings, engines.database_url, engines.owner_database_url, engines.redis_url)


def with_engines(settings: Settings, database_url: str, owner_database_url: str, redis_url: str) -> Settings:
    """The settings with what is not configured filled in from the embedded engines (and from `up`, when it runs)."""
    update: dict[str, Any] = {"embedded": True}
    if not settings.database_url:
        update |= {"database_url": database_url, "owner_database_url": owner_database_url}
    if not settings.redis_url:
        update["redis_url"] = redis_url
    if note := running_up(settings.data_dir):
        update |= {"host": note["host"], "port": note["port"], "demo": note["demo"]}
    # Built anew rather than copied: a copy would keep what was derived from the old values.
    return Settings.model_construct(**{**settings.model_dump(), **update})


def running_up(data_dir: Path) -> dict[str, Any] | None:
    """What a running `up` of this data folder has noted: url, live_url, pid, host, port, demo, links, pids."""
    try:
        note = json.loads((data_dir / "up.json").read_text())
        Path(f"/proc/{note['pid']}").stat()
    except (OSError, ValueError, KeyError):
        return None
    return dict(note)


def _overrides(data_dir: str | None) -> dict[str, Any]:
    return {"data_dir": Path(data_dir).absolute()} if data_dir else {}
