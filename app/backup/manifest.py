"""What a backup says of itself: written last, and compared with all that was read and restored."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from app.backup.trouble import BackupTrouble

FORMAT = 2
# The first format's manifest had no digest of itself; its backups are still read.
_WITHOUT_DIGEST = 1


@dataclass(frozen=True, slots=True)
class Told:
    """How much of something there is, and its digest: rows of a table, or bytes of a file."""

    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """`missing` are media that rows name and that lay on no disk when the backup was taken."""

    made_at: str
    schema: str
    key_fingerprint: str
    server_version: int
    tool_version: str
    tables: Mapping[str, Told]
    sequences: Mapping[str, int]
    database: Told
    media: Mapping[str, Told] = field(default_factory=dict)
    missing: tuple[str, ...] = ()

    def to_json(self) -> str:
        told = {"format": FORMAT, **asdict(self)}
        return json.dumps({**told, "digest": _digest_of(told)}, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> "Manifest":
        """Raises BackupTrouble for what another version has written, and for what is not as it was written."""
        try:
            found: dict[str, Any] = json.loads(text)
            if found["format"] not in (FORMAT, _WITHOUT_DIGEST):
                raise BackupTrouble("This backup is of a newer format; use the Hotline that made it, or a newer one.")
            if found["format"] != _WITHOUT_DIGEST and found.pop("digest") != _digest_of(found):
                raise BackupTrouble("The backup is damaged: its manifest is not what was written.")
            del found["format"]
            told = {name: {key: Told(**one) for key, one in found[name].items()} for name in ("tables", "media")}
            return cls(**{**found, **told, "database": Told(**found["database"]), "missing": tuple(found["missing"])})
        except (ValueError, KeyError, TypeError) as wrong:
            raise BackupTrouble(f"The backup's manifest cannot be read ({wrong}).") from wrong


def _digest_of(told: Mapping[str, Any]) -> str:
    """Of what the manifest says, whatever the order and the spaces."""
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
