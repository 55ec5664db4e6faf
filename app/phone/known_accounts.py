"""The accounts kept as rows, in memory and beside the data: a signature must be judged while no database answers.

Each process asks the database again every two seconds it is at work, and whoever is not believed is judged once more
by what is found then. What is found also lies in the data folder, sealed, so that a process which starts while the
database is away knows everybody who may call us.
"""

import json
import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.orm import Session, sessionmaker

from app.settings import Settings
from app.storage.database import transaction
from telephony.provider.account import Capability, ProviderAccount, ProviderKind
from telephony.provider.kept_accounts import account_of, kept_accounts
from telephony.provider.sealed_fields import opened, seal
from tickets.keys import account_keys

RENEWED_AFTER_SECONDS = 2.0
_LOOKED_AT_AFTER_SECONDS = 0.5
_WHOLE = "accounts"

log = structlog.get_logger()


@dataclass
class KnownAccounts:
    """What this process knows of the rows; safe from several threads, each of which sees one whole state."""

    path: Path
    keys: tuple[bytes, ...] = field(repr=False)
    _rows: tuple[ProviderAccount, ...] = ()
    _file: tuple[int, int] = (0, 0)
    _looked_at: float = 0.0
    _asked_at: float = 0.0
    _asking: threading.Lock = field(default_factory=threading.Lock)
    _looking: threading.Lock = field(default_factory=threading.Lock)

    def rows(self) -> tuple[ProviderAccount, ...]:
        """The same object until something has changed."""
        if self._is_to_be_looked_at:
            # Who comes while another looks waits for it: a process's first caller must not find an account unknown.
            with self._looking:
                if self._is_to_be_looked_at:
                    self._look_at_file()
                    self._looked_at = time.monotonic()
        return self._rows

    @property
    def _is_to_be_looked_at(self) -> bool:
        return time.monotonic() - self._looked_at >= _LOOKED_AT_AFTER_SECONDS

    @property
    def is_due(self) -> bool:
        return time.monotonic() - self._asked_at >= RENEWED_AFTER_SECONDS

    def renew(self, factory: sessionmaker[Session], *, at_once: bool = False) -> None:
        """Ask the database unless somebody does, or did a moment ago; in its trouble what was known stays."""
        if (at_once or self.is_due) and self._asking.acquire(blocking=False):
            try:
                self._ask(factory)
            finally:
                self._asking.release()

    def differs(self, rows: tuple[ProviderAccount, ...], factory: sessionmaker[Session]) -> bool:
        """Whether there is something new to what somebody was judged by; waits for whoever asks just now.

        The file is looked at whenever it was looked at last: another process may have kept a new account since.
        """
        with self._looking:
            self._look_at_file()
        with self._asking:
            if self._rows is rows and self.is_due:
                self._ask(factory)
        return self._rows is not rows

    def _ask(self, factory: sessionmaker[Session]) -> None:
        self._asked_at = time.monotonic()
        try:
            with transaction(factory) as session:
                found = tuple(filter(None, (account_of(row, self.keys) for row in kept_accounts(session))))
        except Exception as trouble:
            log.warning("accounts.not_renewed", reason=type(trouble).__name__)
        else:
            self._take(found)

    def renew_beside(self, factory: sessionmaker[Session]) -> None:
        """In the background, where a request must not wait."""
        if self.is_due and not self._asking.locked():
            threading.Thread(target=self.renew, args=(factory,), daemon=True, name="accounts").start()

    def _take(self, found: tuple[ProviderAccount, ...]) -> None:
        if found == self.rows():
            return
        self._rows = found
        try:
            self._file = _keep(self.path, found, self.keys[0])
        except OSError as trouble:
            log.warning("accounts.not_kept", reason=str(trouble.strerror))

    def _look_at_file(self) -> None:
        with suppress(OSError):
            stamp = _stamp(self.path)
            if stamp == self._file:
                return
            kept = _kept(self.path.read_text(), self.keys)
            # What another key has sealed says nothing; what was known stays.
            if kept is not None and kept != self._rows:
                self._rows = kept
            self._file = stamp


def known_accounts(settings: Settings) -> KnownAccounts:
    """One per process and data folder."""
    keys = account_keys(settings.secret_key, previous=settings.previous_secret_keys)
    return _known(settings.data_dir / "provider-accounts", keys, settings.database_url)


@cache
def _known(path: Path, keys: tuple[bytes, ...], _database_url: str) -> KnownAccounts:
    return KnownAccounts(path, keys)


def _keep(path: Path, accounts: Sequence[ProviderAccount], key: bytes) -> tuple[int, int]:
    """Whole or not at all, and for its owner alone."""
    draft = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(seal({_WHOLE: json.dumps([_told(one) for one in accounts])}, key))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return _stamp(path)


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_ino


def _kept(word: str, keys: Sequence[bytes]) -> tuple[ProviderAccount, ...] | None:
    whole = opened(word, keys).get(_WHOLE)
    return None if whole is None else tuple(_account(told) for told in json.loads(whole))


def _told(account: ProviderAccount) -> dict[str, Any]:
    return asdict(account) | {"capabilities": sorted(account.capabilities)}


def _account(told: dict[str, Any]) -> ProviderAccount:
    """What another release has written beside is left out."""
    known = {one.name for one in fields(ProviderAccount)}
    values = {name: value for name, value in told.items() if name in known}
    return ProviderAccount(
        **values
        | {
            "kind": ProviderKind(told["kind"]),
            "capabilities": frozenset(one for one in Capability if one.value in told["capabilities"]),
            "media_hosts": tuple(told["media_hosts"]),
            "templates": tuple((begin, id) for begin, id in told["templates"]),
        }
    )
