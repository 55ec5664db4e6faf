"""What the doctor finds where the address names several database servers: what each is, and who keeps what was told."""

from collections.abc import Iterator

import psycopg

from app.cli.finding import Finding
from app.server_addresses import libpq_parameters, shown_hosts
from app.settings import Settings
from app.storage.bounded_connection import Limits, connect

_STANDING = (
    "select pg_is_in_recovery(), current_setting('synchronous_standby_names'), current_setting('synchronous_commit')"
)
# What a commit waits for; the others do not wait until a standby has it on its disk.
_KEPT_BY_TWO = ("on", "remote_apply")


def server_findings(settings: Settings) -> Iterator[Finding]:
    """Nothing where one server is named: what it is the other findings say."""
    servers = shown_hosts(settings.database_url)
    if len(servers) < 2:
        return
    if set(shown_hosts(settings.migrations_url)) != set(servers):
        yield Finding("servers", "warning", "HOTLINE_OWNER_DATABASE_URL does not name the same servers")
    primaries = 0
    for host, port in servers:
        finding = _server(settings, host, port)
        primaries += finding.words.startswith("primary")
        yield finding
    if primaries > 1:
        yield Finding("servers", "failed", f"{primaries} of them take writing: stop all but the one that is right")


def _server(settings: Settings, host: str, port: str) -> Finding:
    subject = f"server {host}:{port}"
    there = {**libpq_parameters(settings.database_url), "host": host, "port": port, "target_session_attrs": "any"}
    try:
        with connect(limits=Limits(connect_seconds=2), **there) as connection:
            row = connection.execute(_STANDING).fetchone()
    except psycopg.Error as error:
        return Finding(subject, "warning", f"does not answer ({str(error).strip().splitlines()[0]})")
    is_standby, awaited, commit = row or (True, "", "")
    return Finding(subject, "ok", "standby") if is_standby else _primary(subject, awaited, commit)


def _primary(subject: str, awaited: str, commit: str) -> Finding:
    if not awaited:
        return Finding(
            subject, "warning", "primary; no standby is synchronous, so what it acknowledged last can be lost with it"
        )
    if commit not in _KEPT_BY_TWO:
        return Finding(
            subject, "failed", f"primary; synchronous_commit is {commit}, so no commit waits for its standby"
        )
    return Finding(subject, "ok", f"primary; a commit waits for a standby ({awaited})")
