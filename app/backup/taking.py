"""Taking a backup while everything works: one snapshot for the dump, the digests and the list of media."""

import tarfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg

from app.backup.archive import DUMP, MEDIA, BytesPassed, add_file, add_manifest
from app.backup.contents import FOR_EVERY_ROW, SnapshotConnection, sequences_of, tables_of, write_alike
from app.backup.envelope import written_to
from app.backup.manifest import Manifest, Told
from app.backup.scratch import folder_beside
from app.backup.tools import Tools, tools_for
from app.backup.trouble import BackupTrouble
from app.server_addresses import libpq_parameters
from app.settings import Settings
from app.storage.bounded_connection import connect
from app.storage.media_kept import Lying
from app.storage.media_store import MediaStore, media_store
from app.storage.play_progress import TellProgress
from tickets.keys import fingerprint_of

_NAMED_MEDIA = (
    "select storage_key from attachment union select storage_key from recording where storage_key is not null"
)


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """The database at one instant: where `pg_dump` finds it, and what stands in it."""

    name: str
    schema: str
    fingerprint: str
    server_version: int
    tool_version: str
    tables: dict[str, Told]
    sequences: dict[str, int]
    named_media: frozenset[str]


def take(settings: Settings, file: Path, *, recipient: str, say: TellProgress, now: datetime) -> Manifest:
    """Write a backup of everything to `file`; raises BackupTrouble, and then there is no file."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (
        written_to(file, recipient=recipient) as out,
        folder_beside(settings.data_dir, "backup-") as folder,
    ):
        dump = folder / DUMP
        with _snapshot(settings, say) as (snapshot, tools):
            say("Dumping the database …")
            # Whoever keeps a table locked for longer is to be seen: a backup that waits for ever is none.
            tools.run("pg_dump", "--format=custom", "--lock-wait-timeout=60s", f"--snapshot={snapshot.name}",
                      f"--file={dump}", "--no-owner", "--no-privileges", url=settings.migrations_url)  # fmt: skip
        with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            manifest = _written(tar, dump, snapshot, media_store(settings), say=say, now=now)
    say(_summary(manifest, file, encrypted=bool(recipient)))
    return manifest


@contextmanager
def _snapshot(settings: Settings, say: TellProgress) -> Iterator[tuple[_Snapshot, Tools]]:
    with connect(limits=FOR_EVERY_ROW, **libpq_parameters(settings.migrations_url)) as connection:
        tools = tools_for(connection.info.server_version, named=settings.pg_bin)
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        write_alike(connection)
        say("Reading the rows …")
        yield _told(connection, settings, tools, say), tools


def _told(connection: SnapshotConnection, settings: Settings, tools: Tools, say: TellProgress) -> _Snapshot:
    if _text(connection, "select to_regclass('public.alembic_version') is not null") != "True":
        raise BackupTrouble("The database has no tables of ours; there is nothing to keep.")
    name = _text(connection, "select pg_export_snapshot()")
    # A schema of before they were kept is backed up too: just before it is upgraded.
    is_kept = _text(connection, "select to_regclass('public.kept_keys') is not null") == "True"
    kept = connection.execute("select fingerprint from kept_keys").fetchone() if is_kept else None
    return _Snapshot(
        name=name,
        schema=_text(connection, "select version_num from alembic_version"),
        fingerprint=str(kept[0]) if kept else fingerprint_of(settings.secret_key),
        server_version=connection.info.server_version,
        tool_version=tools.version,
        sequences=sequences_of(connection),
        tables=tables_of(connection, say),
        named_media=frozenset(str(key) for (key,) in connection.execute(_NAMED_MEDIA)),
    )


def _text(connection: SnapshotConnection, query: str) -> str:
    row = connection.execute(query.encode()).fetchone()
    if row is None:
        raise BackupTrouble("The database has no tables of ours; there is nothing to keep.")
    return str(row[0])


def _written(
    tar: tarfile.TarFile, dump: Path, snapshot: _Snapshot, store: MediaStore, *, say: TellProgress, now: datetime
) -> Manifest:
    media = sorted(store.lying(), key=lambda one: one.key)
    sizes = dump.stat().st_size + sum(one.size_bytes for one in media)
    progress = BytesPassed(say, "writing", of_bytes=sizes)
    say(f"Writing the dump and {len(media)} media files, {sizes / 1e6:,.1f} MB …")
    with dump.open("rb") as file:
        database = add_file(tar, DUMP, file, dump.stat().st_size, progress)
    told = dict(_media(tar, store, media, progress))
    manifest = Manifest(
        made_at=now.isoformat(),
        schema=snapshot.schema,
        key_fingerprint=snapshot.fingerprint,
        server_version=snapshot.server_version,
        tool_version=snapshot.tool_version,
        tables=snapshot.tables,
        sequences=snapshot.sequences,
        database=database,
        media=told,
        missing=tuple(sorted(snapshot.named_media - told.keys())),
    )
    add_manifest(tar, manifest)
    return manifest


def _media(
    tar: tarfile.TarFile, store: MediaStore, media: Sequence[Lying], progress: BytesPassed
) -> Iterator[tuple[str, Told]]:
    for one in media:
        # What came with a form that nobody finished may have been swept meanwhile.
        with suppress(FileNotFoundError):
            opened = store.open(one.key)
            with opened.stream as file:
                yield one.key, add_file(tar, MEDIA + one.key, file, opened.size_bytes, progress)


def _summary(manifest: Manifest, file: Path, *, encrypted: bool) -> str:
    rows = sum(told.size for told in manifest.tables.values())
    words = f"{file}: {rows:,} rows of {len(manifest.tables)} tables, {len(manifest.media)} media files"
    if manifest.missing:
        words += f"; {len(manifest.missing)} that rows name lay nowhere"
    return f"{words}; {'encrypted' if encrypted else 'not encrypted: it holds personal data'}."
