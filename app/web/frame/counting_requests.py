"""Where requests are counted against their limits: each application of a process at its own Redis."""

from typing import Any

from flask import Flask, current_app
from limits.storage import Storage, storage_from_string

from app.server_addresses import sentinel_address
from app.settings import Settings
from app.storage.redis_connection import redis_limits

_KEPT_AS = "hotline_counts_requests_at"


def count_at(app: Flask, settings: Settings) -> None:
    """This application's requests are counted where its settings say, whatever others this process makes."""
    app.extensions[_KEPT_AS] = storage_from_string(limiter_storage(settings), **limiter_options(settings))


def limiter_storage(settings: Settings) -> str:
    """Where requests are counted, as the library of limits has it."""
    url = settings.redis_url
    if watched := sentinel_address(url):
        return watched.without_secrets
    if url.startswith("unix://"):
        return "redis+" + url
    return url or "memory://"


def limiter_options(settings: Settings) -> dict[str, Any]:
    """How it connects there."""
    # A slow Redis may cost a request a quarter of a second, never more; counting then goes on in memory.
    if not settings.redis_url:
        return {}
    limits = redis_limits(settings.redis_url, patience_seconds=0.25)
    # A replica is behind: what was counted at the master a moment ago would be allowed again.
    return {**limits, "use_replicas": False} if sentinel_address(settings.redis_url) else limits


class CountsOfApp(Storage):
    """The counts of whichever application is asked.

    Limits are written at views when they are imported, so the library's limiter is one for the process, and it keeps
    one storage: that of the application made last. This one hands on to the storage that `count_at` gave each.
    """

    ADDRESS = "application://"
    STORAGE_SCHEME = ["application"]  # noqa: RUF012  (the library declares it so)

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        return self._kept.base_exceptions

    @property
    def _kept(self) -> Storage:
        kept: Storage = current_app.extensions[_KEPT_AS]
        return kept

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        return self._kept.incr(key, expiry, amount)

    def get(self, key: str) -> int:
        return self._kept.get(key)

    def get_expiry(self, key: str) -> float:
        return self._kept.get_expiry(key)

    def check(self) -> bool:
        return self._kept.check()

    def reset(self) -> int | None:
        return self._kept.reset()

    def clear(self, key: str) -> None:
        self._kept.clear(key)
