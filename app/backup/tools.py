"""`pg_dump` and `pg_restore`: which of those on this machine fit the server, and how they are given the address."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.backup.trouble import BackupTrouble
from app.engines.binaries import installed_binaries
from app.engines.trouble import EngineTrouble
from app.server_addresses import libpq_parameters
from app.storage import bounded_connection

# libpq's own names for what an address may hold: a password in the arguments stands in every list of processes.
_VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}


@dataclass(frozen=True, slots=True)
class Tools:
    """The folder with both programs, and their version."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        return int(self.version.split(".")[0])

    def run(self, name: str, *arguments: str, url: str = "") -> str:
        """The program's output; raises BackupTrouble with its last words, or where its server falls silent.

        Of several servers it works on the one that takes us now; psycopg.Error where none does.
        """
        there = _of_one_server(url) if url else {}
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
        with subprocess.Popen(
            [str(self.folder / name), *arguments],
            env={**environment, **_address(there)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as program:
            try:
                said, complaint = _last_words(program, name, there)
            except BaseException:
                program.kill()
                raise
        if program.returncode:
            raise BackupTrouble(f"{name} failed: {complaint.strip()[-1000:] or f'exit code {program.returncode}'}")
        return said


def _last_words(program: subprocess.Popen[str], name: str, there: dict[str, str]) -> tuple[str, str]:
    """It may work for hours; a server that answers nobody twice over will not let it go on."""
    in_vain = 0
    while True:
        try:
            return program.communicate(timeout=bounded_connection.ASK_AFTER_SECONDS)
        except subprocess.TimeoutExpired:
            in_vain = 0 if not there or bounded_connection.answers(**there) else in_vain + 1
        if in_vain == bounded_connection.TIMES_IN_VAIN:
            raise BackupTrouble(f"The database says nothing any more; {name} was ended.")


def tools_for(server_version: int, *, named: str = "") -> Tools:
    """Those of the server's own version, else newer ones: an older `pg_dump` refuses a newer server."""
    major, found = server_version // 10000, list(_found(named))
    fitting = sorted((tools for tools in found if tools.major >= major), key=lambda tools: tools.major)
    if fitting:
        return fitting[0]
    there = ", ".join(f"{tools.version} in {tools.folder}" for tools in found) or "none"
    raise BackupTrouble(
        f"The database is PostgreSQL {major}, and pg_dump and pg_restore of that version or a newer one are needed "
        f"(found: {there}). Install postgresql-client-{major}, or name its folder in HOTLINE_PG_BIN."
    )


def _found(named: str) -> Iterator[Tools]:
    folders = [Path(named)] if named else []
    with suppress(EngineTrouble):
        folders.append(installed_binaries().postgres_bin)
    if on_path := shutil.which("pg_dump"):
        folders.append(Path(on_path).parent)
    for folder in folders:
        with suppress(OSError, subprocess.CalledProcessError):
            said = subprocess.run([folder / "pg_dump", "--version"], capture_output=True, text=True, check=True).stdout
            version = re.search(r"(\d+)(\.\d+)?", said)
            if version and (folder / "pg_restore").exists():
                yield Tools(folder, version[0])
    if named and not (Path(named) / "pg_dump").exists():
        raise BackupTrouble(f"HOTLINE_PG_BIN is {named}, and there is no pg_dump in it.")


def _of_one_server(url: str) -> dict[str, str]:
    """What is told of the database, where it names several servers with the one alone that takes us."""
    told = libpq_parameters(url)
    if "," not in told.get("host", ""):
        return told
    with bounded_connection.connect(limits=bounded_connection.Limits(), **told) as connection:
        server = bounded_connection.this_server(connection)
    return told | {name: str(value) for name, value in server.items() if value is not None}


def _address(there: dict[str, str]) -> dict[str, str]:
    return {_VARIABLES[name]: value for name, value in there.items() if name in _VARIABLES}
