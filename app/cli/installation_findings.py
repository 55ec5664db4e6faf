"""What `./hotline doctor` finds of an installation: its servers, clocks, rights, media and public address."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import redis
from redis.sentinel import MasterNotFoundError
from sqlalchemy.exc import DBAPIError

from app.cli.database_servers import server_findings
from app.cli.database_trouble import database_finding
from app.cli.finding import Finding
from app.cli.provider_access import provider_findings
from app.cli.work_findings import work_findings
from app.server_addresses import libpq_parameters, sentinel_address
from app.settings import Settings
from app.storage.bounded_connection import BoundedConnection, Limits, connect
from app.storage.media_store import media_store
from app.storage.redis_connection import bounded_redis, prove_it_keeps

Connection = BoundedConnection
LARGEST_CLOCK_DIFFERENCE_SECONDS = 2.0
_PATIENCE = Limits()
# Half a megabyte, so that the server needs pages on its disk.
_KEPT_FOR_A_MOMENT = "create temporary table kept as select repeat(md5(n::text), 30) from generate_series(1, 500) n"
_WITHOUT_REDIS = "until then nothing is lost, and messages leave within 15 s instead of 2"
_NOT_READ = """
    select string_agg(relname, ', ' order by relname) from pg_class
    where relnamespace = 'public'::regnamespace and relkind = 'r' and not has_table_privilege(oid, 'select')
"""


def findings(settings: Settings) -> Iterator[Finding]:
    """All checks, in the order in which a failure explains the next."""
    kind = "production" if settings.production else "this machine only"
    yield Finding("settings", "ok", f"complete ({kind}, {settings.base_url})")
    is_well = True
    for finding in _database(settings):
        is_well = is_well and finding.verdict != "failed"
        yield finding
    if is_well:
        yield from work_findings(settings)
    yield from _redis(settings)
    yield _media(settings)
    yield from provider_findings(settings)
    yield _public_address(settings)


def _database(settings: Settings) -> Iterator[Finding]:
    from app.cli.contents import content_findings

    try:
        yield from _of_server(settings)
    except psycopg.Error as error:
        yield database_finding("database", error)
        yield from server_findings(settings)
        return
    yield from server_findings(settings)
    try:
        yield from content_findings(settings)
    except DBAPIError as error:
        yield database_finding("contents", error)


def _of_server(settings: Settings) -> Iterator[Finding]:
    with connect(limits=_PATIENCE, **libpq_parameters(settings.database_url)) as connection:
        yield _version(connection.info.server_version)
        yield _pool(connection)
        yield _durability(connection)
        yield _clocks(connection)
        yield _writing(connection)
        yield from _roles(settings, connection)
        yield from _rights(connection)


def _version(number: int) -> Finding:
    if number < 150000:
        return Finding("database", "failed", f"PostgreSQL {number // 10000} is too old; 15 or newer is needed")
    return Finding("database", "ok", f"PostgreSQL {number // 10000} answers")


def _writing(connection: Connection) -> Finding:
    """Whether it keeps what it is given: a standby answers every question, and so does a server whose disk is full.

    A table of this session alone, which is gone with its transaction.
    """
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(_KEPT_FOR_A_MOMENT)
    except psycopg.errors.InsufficientPrivilege:
        return _numbered(connection)
    except psycopg.Error as error:
        return database_finding("writing", error)
    return Finding("writing", "ok", "the database keeps what it is given")


def _numbered(connection: Connection) -> Finding:
    """Where no table may be made for a moment: whether there is a number for a transaction that writes."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute("select pg_current_xact_id()")
    except psycopg.Error as error:
        return database_finding("writing", error)
    return Finding("writing", "ok", "the database takes transactions that write")


def _pool(connection: Connection) -> Finding:
    if connection.is_pooled:
        return Finding(
            "connections", "ok", "through a pool of transactions; limits are set in each, nothing is prepared"
        )
    return Finding("connections", "ok", "straight to PostgreSQL")


def _durability(connection: Connection) -> Finding:
    names = ("fsync", "full_page_writes", "synchronous_commit")
    off = [name for name in names if connection.execute(f"show {name}").fetchone() == ("off",)]
    if off:
        return Finding("durability", "failed", f"{', '.join(off)} must be on, or acknowledged tickets can be lost")
    return Finding("durability", "ok", "fsync, full_page_writes and synchronous_commit are on")


def _clocks(connection: Connection) -> Finding:
    before = datetime.now(UTC)
    row = connection.execute("select extract(epoch from clock_timestamp())::float8").fetchone()
    after = datetime.now(UTC)
    middle = before + (after - before) / 2
    apart = abs(float(str(row[0])) - middle.timestamp()) if row else 0.0
    if apart > LARGEST_CLOCK_DIFFERENCE_SECONDS:
        return Finding("clocks", "failed", f"this machine and the database are {apart:.1f} s apart; run NTP on both")
    return Finding("clocks", "ok", f"this machine and the database agree within {max(apart, 0.001):.3f} s")


def _roles(settings: Settings, connection: Connection) -> Iterator[Finding]:
    row = connection.execute("select current_user, usesuper from pg_user where usename = current_user").fetchone()
    if row and row[1]:
        yield Finding("roles", "warning", f"the application signs in as the superuser {row[0]}")
    if settings.migrations_url == settings.database_url:
        yield Finding(
            "roles", "warning", "the application's role owns the schema, so it could alter its own audit trail"
        )
        return
    with connect(limits=_PATIENCE, **libpq_parameters(settings.migrations_url)) as owner:
        names = owner.execute("select current_user").fetchone()
    if row and names == (row[0],):
        yield Finding("roles", "warning", "both database addresses sign in as the same role")
    else:
        yield Finding("roles", "ok", "the application's role and the owner of the schema are two")


def _rights(connection: Connection) -> Iterator[Finding]:
    row = connection.execute(_NOT_READ).fetchone()
    if row and row[0]:
        yield Finding(
            "rights", "failed", f"the application may not read {row[0]}; ./hotline migrate gives it its rights"
        )


def _redis(settings: Settings) -> Iterator[Finding]:
    try:
        client = bounded_redis(settings.redis_url, patience_seconds=5)
        client.ping()
        state: Any = client.info()
        prove_it_keeps(client)
    except MasterNotFoundError:
        yield Finding("redis", "failed", f"no master is known{_named_by(settings)}; {_WITHOUT_REDIS}")
        return
    except redis.ResponseError as error:
        words = f"answers and keeps nothing ({error}); give it memory or disk, or name the master in HOTLINE_REDIS_URL"
        yield Finding("redis", "failed", f"{words}; {_WITHOUT_REDIS}")
        return
    except redis.RedisError as error:
        words = f"cannot be used ({error}); start it, or mend HOTLINE_REDIS_URL; {_WITHOUT_REDIS}"
        yield Finding("redis", "failed", words)
        return
    policy = state.get("maxmemory_policy")
    if policy != "noeviction":
        yield Finding("redis", "warning", f"maxmemory-policy is {policy}; noeviction keeps wake-ups from vanishing")
    if not state.get("aof_enabled"):
        yield Finding("redis", "warning", "appendonly is off; after a crash jobs wait for the poller (15 s)")
    yield Finding("redis", "ok", f"answers{_named_by(settings)}")


def _named_by(settings: Settings) -> str:
    watched = sentinel_address(settings.redis_url)
    return f"; {len(watched.sentinels)} sentinels are asked which is the master of {watched.service}" if watched else ""


def _media(settings: Settings) -> Finding:
    store = media_store(settings)
    try:
        store.prove()
    except OSError as error:
        return Finding("media", "failed", f"{store} cannot be written ({error.strerror or error})")
    if settings.production and settings.media_url.startswith("s3://") and settings.media_endpoint.startswith("http://"):
        return Finding(
            "media", "warning", f"{store} can be written, but unencrypted: use https:// or a network of yours"
        )
    return Finding("media", "ok", f"{store} can be written")


def _public_address(settings: Settings) -> Finding:
    from app.cli.public_address import signed_round_trip

    return signed_round_trip(settings)
