"""Reading a backup back: everything is checked before anything is touched, and compared when it is there."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from app.backup.archive import DUMP, MEDIA, BytesPassed, read_whole
from app.backup.contents import FOR_EVERY_ROW, SnapshotConnection, differences, sequences_of, tables_of, write_alike
from app.backup.envelope import read_from
from app.backup.manifest import Manifest, Told
from app.backup.scratch import folder_beside
from app.backup.tools import Tools, tools_for
from app.backup.trouble import BackupTrouble
from app.engines.connected import running_up
from app.server_addresses import libpq_parameters
from app.settings import Settings
from app.storage.bounded_connection import connect
from app.storage.database import migrate
from app.storage.media_kept import chunks_of
from app.storage.media_store import MediaStore, media_store
from app.storage.play_progress import TellProgress
from app.storage.schema_state import knows_revision
from tickets.keys import fingerprint_of

_TABLES_THERE = "select count(*) from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
_OTHERS = """
    select count(*) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and usesysid is not null
      and coalesce(backend_type, 'client backend') = 'client backend' -- hidden where the session is another role's
"""


def verify(file: Path, *, identity: str, say: TellProgress) -> Manifest:
    """Read all of a backup and compare it with its manifest; nothing is written and no database is asked."""
    with read_from(file, identity=identity) as stream:
        return read_whole(stream, into=None, progress=_progress(file, say))


def restore(settings: Settings, file: Path, *, identity: str, say: TellProgress) -> Manifest:
    """Put a backup into an empty database and its media beside it; raises BackupTrouble, before or, plainly, after."""
    _refuse_running(settings)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with folder_beside(settings.data_dir, "restore-") as folder:
        say("Reading and checking the backup …")
        with read_from(file, identity=identity) as stream:
            manifest = read_whole(stream, into=Path(folder), progress=_progress(file, say))
        tools = _checked(settings, manifest, Path(folder))
        # Before the rows: where there is no room for them the database is still empty, and it is simply done again.
        say(f"Putting {len(manifest.media)} media files back …")
        _put_back(Path(folder) / MEDIA, media_store(settings), manifest)
        say(f"Restoring {sum(told.size for told in manifest.tables.values()):,} rows …")
        tools.run("pg_restore", "--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges",
                  f"--dbname={_name_of(settings)}", str(Path(folder) / DUMP),
                  url=settings.migrations_url)  # fmt: skip
    say("Comparing every table with the backup …")
    _compare(settings, manifest, say)
    migrate(settings.migrations_url, settings.database_url)
    return manifest


def _progress(file: Path, say: TellProgress) -> BytesPassed:
    return BytesPassed(say, "reading", of_bytes=file.stat().st_size if file.exists() else 1)


def _refuse_running(settings: Settings) -> None:
    if running_up(settings.data_dir):
        raise BackupTrouble(f"Hotline runs on the data in {settings.data_dir}. Stop it first; nothing was changed.")
    with _connection(settings) as connection:
        if _number(connection, _OTHERS):
            raise BackupTrouble(
                "Somebody is connected to this database: stop web, live, worker and scheduler on every node, and close "
                "psql. Nothing was changed."
            )
        if _number(connection, _TABLES_THERE):
            raise BackupTrouble(
                "This database is not empty, and nothing is ever restored over data. Make an empty one (createdb, or "
                "another folder with --data) and name it in HOTLINE_DATABASE_URL. Nothing was changed."
            )


def _checked(settings: Settings, manifest: Manifest, folder: Path) -> Tools:
    """What must be right before the first row is written."""
    known = {fingerprint_of(secret) for secret in (settings.secret_key, *settings.previous_secret_keys)}
    if manifest.key_fingerprint not in known:
        raise BackupTrouble(
            f"The backup was made under the secret key with the fingerprint {manifest.key_fingerprint}, and "
            "ours is another: its references and PINs would not open. Set HOTLINE_SECRET_KEY to that key, or put its "
            f"file back as {settings.data_dir / 'secret-key'}. Nothing was changed."
        )
    if not knows_revision(manifest.schema):
        raise BackupTrouble(
            f"The backup's schema {manifest.schema} is of a newer Hotline than this one. Use that one. "
            "Nothing was changed."
        )
    with _connection(settings) as connection:
        server = connection.info.server_version
    if server // 10000 < manifest.server_version // 10000:
        raise BackupTrouble(
            f"The backup is of PostgreSQL {manifest.server_version // 10000}, and this server is "
            f"{server // 10000}: a dump goes into the same version or a newer one. Nothing was changed."
        )
    tools = tools_for(max(server, int(float(manifest.tool_version)) * 10000), named=settings.pg_bin)
    tools.run("pg_restore", "--list", str(folder / DUMP))
    _refuse_other_media(media_store(settings), manifest)
    return tools


def _refuse_other_media(store: MediaStore, manifest: Manifest) -> None:
    for one in store.lying():
        told = manifest.media.get(one.key)
        if told and told != _told(store, one.key):
            raise BackupTrouble(
                f"{one.key} in {store} is another file than that of the backup ({told.size} bytes). Move it away first."
            )


def _told(store: MediaStore, key: str) -> Told:
    opened, digest = store.open(key), hashlib.sha256()
    with opened.stream as file:
        for chunk in chunks_of(file):
            digest.update(chunk)
    return Told(opened.size_bytes, digest.hexdigest())


def _put_back(source: Path, store: MediaStore, manifest: Manifest) -> None:
    for key in manifest.media:
        with (source / key).open("rb") as file:
            store.put(key, file)


def _compare(settings: Settings, manifest: Manifest, say: TellProgress) -> None:
    with _connection(settings) as connection:
        write_alike(connection)
        there, reached = tables_of(connection, say), sequences_of(connection)
    wrong = differences(manifest.tables, there, manifest.sequences, reached)
    lying = {one.key: one.size_bytes for one in media_store(settings).lying()}
    missing = [key for key, told in manifest.media.items() if lying.get(key) != told.size]
    if wrong or missing:
        told = "; ".join([*wrong[:5], *(f"{key} is missing" for key in missing[:5])])
        raise BackupTrouble(f"What was restored is not what was kept: {told}. Do not work with this database.")


def _number(connection: SnapshotConnection, query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    return int(str(row[0])) if row else 0


def _name_of(settings: Settings) -> str:
    with _connection(settings) as connection:
        return connection.info.dbname


@contextmanager
def _connection(settings: Settings) -> Iterator[SnapshotConnection]:
    try:
        with connect(limits=FOR_EVERY_ROW, **libpq_parameters(settings.migrations_url)) as connection:
            connection.autocommit = True
            yield connection
    except psycopg.OperationalError as error:
        raise BackupTrouble(f"The database cannot be used: {error}".strip()) from error


def summary(manifest: Manifest) -> str:
    """What was in it, for the person at the terminal."""
    rows = sum(told.size for told in manifest.tables.values())
    return (
        f"Taken {manifest.made_at}: {rows:,} rows of {len(manifest.tables)} tables, {len(manifest.media)} media files, "
        f"schema {manifest.schema}, PostgreSQL {manifest.server_version // 10000}, key {manifest.key_fingerprint}."
    )
