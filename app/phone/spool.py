"""Provider requests that could not be kept in the database: on disk with fsync, and replayed when it is back."""

import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from app.storage.database_faults import OF_EVERYBODY, fault_of, passes
from telephony.provider.webhook_inbox import Webhook

MOST_ATTEMPTS = 5

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Spooled:
    """A request as it lies on the disk. `was_held`: its caller holds the line, so it is taken as if it came now."""

    path: Path
    webhook: Webhook
    received_at: datetime
    attempts: int
    was_held: bool = False


class Spool:
    """A folder of this node. `keep` returns only when the request would survive the machine losing power."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.refused = folder / "refused"

    @classmethod
    def in_data_dir(cls, data_dir: Path) -> "Spool":
        return cls(data_dir / "spool")

    def keep(self, webhook: Webhook, *, received_at: datetime, was_held: bool = False) -> Path:
        """Raises OSError when the disk cannot keep it either."""
        self.refused.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Names sort by arrival: a call's requests are replayed in the order in which they came.
        path = self.folder / f"{received_at.timestamp():020.6f}-{secrets.token_hex(4)}.json"
        self._write(Spooled(path, webhook, received_at, 0, was_held))
        return path

    def waiting(self) -> Iterator[Spooled]:
        for path in sorted(self.folder.glob("*.json")):
            with suppress(FileNotFoundError):
                told = json.loads(path.read_text("utf-8"))
                yield _spooled(path, told)

    def depth(self) -> int:
        return sum(1 for _ in self.folder.glob("*.json"))

    def done(self, spooled: Spooled) -> None:
        spooled.path.unlink(missing_ok=True)

    def failed(self, spooled: Spooled) -> None:
        """Counted; what fails again and again is set aside, so that it holds up nothing and is seen by people."""
        if not spooled.path.exists():
            # Another process of this node has just replayed it.
            return
        attempts = spooled.attempts + 1
        if attempts < MOST_ATTEMPTS:
            self._write(replace(spooled, attempts=attempts))
            return
        log.error("spooled webhook set aside", file=spooled.path.name, kind=spooled.webhook.kind)
        spooled.path.rename(self.refused / spooled.path.name)

    def _write(self, spooled: Spooled) -> None:
        webhook = spooled.webhook
        told = {
            "account": webhook.account,
            "kind": webhook.kind,
            "form": dict(webhook.form),
            "query": dict(webhook.query),
            "received_at": spooled.received_at.isoformat(),
            "attempts": spooled.attempts,
            "was_held": spooled.was_held,
        }
        draft = spooled.path.with_suffix(".draft")
        with draft.open("w", encoding="utf-8") as file:
            json.dump(told, file, ensure_ascii=True)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(spooled.path)
        _sync_folder(self.folder)


def depth(data_dir: Path) -> int:
    """How many requests wait on this node's disk."""
    return Spool.in_data_dir(data_dir).depth()


def replay(spool: Spool, act: Callable[[Spooled], None]) -> int:
    """Act on everything that waits, in order; returns how many were done.

    While the database is away, or a lock is waited for, nothing is counted against a request; one that fails with a
    database is, and is passed over, so that it holds up no other.
    """
    done = 0
    for spooled in spool.waiting():
        try:
            act(spooled)
        except Exception as trouble:
            if fault_of(trouble) in OF_EVERYBODY:
                return done
            if passes(trouble):
                # Somebody works on these rows, or they hang: this one waits its turn, the others need not.
                continue
            log.exception("spooled webhook failed", kind=spooled.webhook.kind, attempts=spooled.attempts)
            spool.failed(spooled)
            continue
        spool.done(spooled)
        done += 1
    return done


def _spooled(path: Path, told: dict[str, Any]) -> Spooled:
    webhook = Webhook(str(told["account"]), str(told["kind"]), told["form"], told["query"])
    received_at = datetime.fromisoformat(told["received_at"])
    return Spooled(path, webhook, received_at, int(told["attempts"]), bool(told.get("was_held")))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
