"""The embedded PostgreSQL: initdb once, start, roles, stop."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from app.engines.folders import Home, Passwords, write_private
from app.engines.orphans import end_orphans
from app.engines.trouble import EngineTrouble

SUPERUSER = "postgres"
OWNER = "hotline_owner"
APP = "hotline_app"
DATABASE = "hotline"

# fsync, full_page_writes and synchronous_commit are the defaults, and written out because a 2xx promises durability.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "on",
    "log_filename": "postgres-%a.log",
    "log_rotation_age": "1d",
    "log_truncate_on_rotation": "on",
    "log_file_mode": "0600",
}


def start_postgres(home: Home, passwords: Passwords) -> subprocess.Popen[bytes]:
    """Start the server on its data (made at the first start) and return once it accepts connections."""
    data = home.data / "postgres"
    end_orphans(data, gentle=signal.SIGINT, leader=_recorded_pid(data))
    if not (data / "PG_VERSION").exists():
        _initdb(home, data, passwords)
    _refuse_other_version(home, data)
    (data / "postmaster.pid").unlink(missing_ok=True)
    for socket in home.sockets.glob(".s.PGSQL.*"):
        socket.unlink(missing_ok=True)

    command: list[str | Path] = [home.binaries.postgres_bin / "postgres", "-D", data]
    for name, value in {
        **SETTINGS,
        "unix_socket_directories": str(home.sockets),
        "log_directory": str(home.data / "logs"),
    }.items():
        command += ["-c", f"{name}={value}"]
    log = os.open(home.data / "logs" / "postgres-start.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        # SIGINT is PostgreSQL's fast shutdown: orphaned clients are not waited for.
        process = home.identity.popen(command, log=log, cwd=data, death_signal=signal.SIGINT)
    finally:
        os.close(log)
    _wait_until_ready(process, data, home)
    _make_roles(home, passwords)
    return process


def _refuse_other_version(home: Home, data: Path) -> None:
    """A server reads no data of another major version; said here, where the version and the way on are known."""
    made_by = (data / "PG_VERSION").read_text().strip()
    ours = home.identity.run([home.binaries.postgres_bin / "postgres", "--version"], cwd=home.data).split()[-1]
    if made_by != ours.split(".")[0]:
        raise EngineTrouble(
            f"The data in {home.data} were made by PostgreSQL {made_by}, and this build brings {ours}. Start the build "
            "that made them and take a backup there, or choose an empty folder with --data."
        )


def _recorded_pid(data: Path) -> int:
    """The server's process as its pid file names it; -1 without one."""
    try:
        return int((data / "postmaster.pid").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return -1


def database_url(home: Home, role: str, password: str, database: str = DATABASE) -> str:
    """A SQLAlchemy URL to the server's socket."""
    return f"postgresql+psycopg://{role}:{quote(password)}@/{database}?host={quote(str(home.sockets), safe='')}"


def _initdb(home: Home, data: Path, passwords: Passwords) -> None:
    # Made beside its final name, so that an initdb that was killed half-way is simply begun again.
    unfinished = data.with_name("postgres-unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    home.identity.own(unfinished)
    password_file = home.data / "superuser-password"
    write_private(password_file, passwords.superuser)
    home.identity.own(password_file)
    try:
        home.identity.run(
            [
                home.binaries.postgres_bin / "initdb",
                "--pgdata", unfinished,
                "--username", SUPERUSER,
                "--pwfile", password_file,
                "--auth", "scram-sha-256",
                "--encoding", "UTF8",
                "--locale-provider", "builtin",
                "--locale", "C.UTF-8",
                "--no-instructions",
            ],
            cwd=home.data,
        )  # fmt: skip
    finally:
        password_file.unlink(missing_ok=True)
    unfinished.replace(data)


def _wait_until_ready(process: subprocess.Popen[bytes], data: Path, home: Home) -> None:
    """PostgreSQL writes its state on the eighth line of its pid file; after a crash, recovery may take a while."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            lines = (data / "postmaster.pid").read_text().splitlines()
        except OSError:
            lines = []
        if len(lines) >= 8 and lines[7].strip() == "ready":
            return
        time.sleep(0.02)
    process.kill()
    process.wait()
    raise EngineTrouble(f"The embedded PostgreSQL does not start. Its log is in {home.data / 'logs'}.")


def _make_roles(home: Home, passwords: Passwords) -> None:
    """Two roles, so that the application cannot alter its own audit trail; made again if a restart lost the race."""
    with psycopg.connect(
        host=str(home.sockets), user=SUPERUSER, password=passwords.superuser, dbname="postgres", autocommit=True
    ) as connection:
        known = {row[0] for row in connection.execute("select rolname from pg_roles").fetchall()}
        for role, password, rights in (
            (OWNER, passwords.owner, "login createdb"),
            (APP, passwords.app, "login"),
        ):
            if role not in known:
                connection.execute(
                    sql.SQL("create role {} {} password {}").format(
                        sql.Identifier(role), sql.SQL(rights), sql.Literal(password)
                    )
                )
        databases = {row[0] for row in connection.execute("select datname from pg_database").fetchall()}
        if DATABASE not in databases:
            connection.execute(sql.SQL("create database {} owner {}").format(*map(sql.Identifier, (DATABASE, OWNER))))
