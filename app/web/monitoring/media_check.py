"""Whether pictures and recordings can be kept: tried in a thread, because a store behind a network may say nothing."""

import time

from app.storage.media_store import media_store
from app.web.frame.application import HotlineApp
from app.web.monitoring.latest_answer import LatestAnswer

# A proof is good for so long: whoever watches us asks every few seconds, and each proof is written.
_FRESH_SECONDS = 15.0
_SILENT_SECONDS = 60.0
# Beside the database's and Redis's, and together within the two seconds that whoever watches us waits.
_PATIENCE_SECONDS = 0.15


def media_check(app: HotlineApp) -> dict[str, str]:
    """`ok`, or what keeps the store from taking a file and giving it back."""
    last: LatestAnswer[str] = app.extensions.setdefault("media_check", LatestAnswer())
    store = media_store(app.settings)

    def work() -> str:
        try:
            store.prove()
        except OSError as trouble:
            return f"cannot be kept: {trouble.strerror or trouble}"
        return "ok"

    asked_at: float = app.extensions.setdefault("media_asked_at", time.monotonic())
    age = last.age_seconds
    if age is None or age > _FRESH_SECONDS:
        last.ask(work, patience_seconds=_PATIENCE_SECONDS)
        age = last.age_seconds
    if last.value is None or age is None:
        # Only just asked for the first time: the next who asks is told.
        silent = time.monotonic() - asked_at
        return {"media": "say nothing"} if silent > _FRESH_SECONDS else {}
    return {"media": last.value if age <= _SILENT_SECONDS else f"say nothing, last heard {round(age)} s ago"}
