"""Provider requests that could not be kept in the database: on disk with fsync, and replayed when it is back."""

import json
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import structlog

from app.clock import utc_now
from app.storage.database_faults import OF_EVERYBODY, fault_of, passes
from app.storage.folder_owner import leave_to_the_owner, make_folder
from telephony.provider.webhook_inbox import Webhook

# What fails is tried again after two seconds, then longer and longer, for as long as a night and a morning last.
FIRST_PAUSE = timedelta(seconds=2)
LONGEST_PAUSE = timedelta(minutes=10)
GIVEN_UP_AFTER = timedelta(hours=24)
FEWEST_ATTEMPTS = 5
# Nobody writes a single event for so long: its process died, or its disk was full, and its sender was not answered.
DRAFT_ABANDONED_AFTER = timedelta(minutes=10)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Spooled:
    """A request as it lies on the disk. `was_held`: its caller holds the line, so it is taken as if it came now."""

    path: Path
    webhook: Webhook
    received_at: datetime
    attempts: int
    was_held: bool = False
    next_try_at: datetime | None = None
    # Why it failed last, for people; the trouble's own name, no content.
    failure: str = ""

    def is_due(self, *, now: datetime) -> bool:
        return self.next_try_at is None or self.next_try_at <= now


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
        make_folder(self.refused, mode=0o700)
        # Names sort by arrival: a call's requests are replayed in the order in which they came.
        path = self.folder / f"{received_at.timestamp():020.6f}-{secrets.token_hex(4)}.json"
        self._write(Spooled(path, webhook, received_at, 0, was_held))
        return path

    def waiting(self) -> Iterator[Spooled]:
        """In the order of arrival; a file that cannot be read is set aside, for it holds up all others."""
        return self._read_all(self.folder)

    def set_aside(self) -> Iterator[Spooled]:
        """What was given up, for people."""
        return self._read_all(self.refused)

    def _read_all(self, folder: Path) -> Iterator[Spooled]:
        for path in sorted(folder.glob("*.json")):
            try:
                yield _spooled(path, json.loads(path.read_text("utf-8")))
            except FileNotFoundError:
                # Another process of this node has just replayed it.
                continue
            except (ValueError, KeyError, TypeError) as unreadable:
                log.error("spool.unreadable", file=path.name, reason=type(unreadable).__name__)
                if folder == self.folder:
                    self._set_aside(path)

    def depth(self) -> int:
        return sum(1 for _ in self.folder.glob("*.json"))

    def oldest_at(self) -> datetime | None:
        """When the one that waits longest was received, as its name says: no file need be opened."""
        names = sorted(path.name for path in self.folder.glob("*.json"))
        with suppress(ValueError):
            return datetime.fromtimestamp(float(names[0].partition("-")[0]), UTC) if names else None
        return None

    def refused_count(self) -> int:
        return sum(1 for _ in self.refused.glob("*.json"))

    def done(self, spooled: Spooled) -> None:
        spooled.path.unlink(missing_ok=True)

    def failed(self, spooled: Spooled, *, failure: str, now: datetime) -> None:
        """Tried again after a pause that grows; what fails for a day is set aside, where people see it."""
        if not spooled.path.exists():
            # Another process of this node has just replayed it.
            return
        attempts = spooled.attempts + 1
        pause = min(FIRST_PAUSE * 2 ** min(attempts - 1, 20), LONGEST_PAUSE)
        noted = replace(spooled, attempts=attempts, next_try_at=now + pause, failure=failure)
        try:
            self._write(noted)
        except OSError as full:
            # Its first form still lies there; what is lost is the count alone.
            log.warning("spool.not_counted", file=spooled.path.name, reason=type(full).__name__)
        if attempts >= FEWEST_ATTEMPTS and now - spooled.received_at >= GIVEN_UP_AFTER:
            log.error("spool.set_aside", file=spooled.path.name, kind=spooled.webhook.kind, reason=failure)
            self._set_aside(spooled.path)

    def take_back(self, spooled: Spooled) -> None:
        """What was set aside waits again, as if it had never been tried."""
        again = replace(spooled, path=self.folder / spooled.path.name, attempts=0, next_try_at=None)
        self._write(again)
        if spooled.path != again.path:
            spooled.path.unlink(missing_ok=True)

    def clear_drafts(self, *, now: datetime) -> int:
        """Remove what a full disk or a killed process left half written; how many."""
        gone = 0
        for draft in self.folder.glob("*.draft"):
            with suppress(FileNotFoundError):
                if now.timestamp() - draft.stat().st_mtime > DRAFT_ABANDONED_AFTER.total_seconds():
                    draft.unlink()
                    gone += 1
        return gone

    def _set_aside(self, path: Path) -> None:
        make_folder(self.refused, mode=0o700)
        with suppress(FileNotFoundError):
            path.rename(self.refused / path.name)

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
            "next_try_at": spooled.next_try_at.isoformat() if spooled.next_try_at else None,
            "failure": spooled.failure,
        }
        draft = spooled.path.with_suffix(".draft")
        try:
            with draft.open("w", encoding="utf-8") as file:
                json.dump(told, file, ensure_ascii=True)
                file.flush()
                os.fsync(file.fileno())
            leave_to_the_owner(draft)
            draft.rename(spooled.path)
        except OSError:
            # Half a file on a full disk helps nobody, and the next event needs its room.
            with suppress(OSError):
                draft.unlink(missing_ok=True)
            raise
        _sync_folder(self.folder)


def depth(data_dir: Path) -> int:
    """How many requests wait on this node's disk."""
    return Spool.in_data_dir(data_dir).depth()


def refused_count(data_dir: Path) -> int:
    """How many requests were given up on this node, and wait for a person."""
    return Spool.in_data_dir(data_dir).refused_count()


def replay(spool: Spool, act: Callable[[Spooled], None], *, now: datetime | None = None) -> int:
    """Act on everything that is due, in order; returns how many were done.

    While the database is away, or a lock is waited for, nothing is counted against a request; one that fails with a
    database is, and is passed over, so that it holds up no other.
    """
    done, now = 0, now or utc_now()
    spool.clear_drafts(now=now)
    for spooled in spool.waiting():
        if not spooled.is_due(now=now):
            continue
        try:
            act(spooled)
        except Exception as trouble:
            if fault_of(trouble) in OF_EVERYBODY:
                return done
            if passes(trouble):
                # Somebody works on these rows, or they hang: this one waits its turn, the others need not.
                continue
            log.exception("spooled webhook failed", kind=spooled.webhook.kind, attempts=spooled.attempts)
            spool.failed(spooled, failure=type(trouble).__name__, now=now)
            continue
        spool.done(spooled)
        done += 1
    return done


def _spooled(path: Path, told: dict[str, Any]) -> Spooled:
    webhook = Webhook(str(told["account"]), str(told["kind"]), dict(told["form"]), dict(told["query"]))
    received_at = datetime.fromisoformat(told["received_at"])
    next_try = told.get("next_try_at")
    return Spooled(
        path,
        webhook,
        received_at,
        int(told["attempts"]),
        bool(told.get("was_held")),
        datetime.fromisoformat(next_try) if next_try else None,
        str(told.get("failure", "")),
    )


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
