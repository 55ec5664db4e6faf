"""PgBouncer in transaction mode before a test's PostgreSQL; Debian's package `pgbouncer` is all it needs."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL, make_url

from tests.faults.breakable import free_port
from tests.faults.line import line_to, postgres_socket

_PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")


@contextmanager
def pooled(*urls: str) -> Iterator[list[str]]:
    """The same addresses through one PgBouncer with two connections for each; skips where the program is missing."""
    if _PROGRAM is None:
        pytest.skip("pgbouncer is not installed (apt-get install pgbouncer)")
    places = [make_url(url) for url in urls]
    port = free_port()
    # It refuses to run as root, and whoever it runs as may not look into the folder of our sockets.
    with (
        tempfile.TemporaryDirectory(prefix="hotline-pooler-") as folder,
        line_to(postgres_socket(urls[0])) as line,
    ):
        Path(folder).chmod(0o755)
        file = _configured(Path(folder), places, port, line.port)
        as_nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.geteuid() == 0 else []
        process = subprocess.Popen([*as_nobody, _PROGRAM, str(file)], stderr=subprocess.DEVNULL)
        try:
            _wait(process, port)
            yield [
                url.set(host="127.0.0.1", port=port, query={}).render_as_string(hide_password=False) for url in places
            ]
        finally:
            process.kill()
            process.wait(10)


def _configured(folder: Path, places: list[URL], port: int, far_port: int) -> Path:
    users = {str(url.username): str(url.password) for url in places}
    (folder / "users").write_text("".join(f'"{name}" "{word}"\n' for name, word in users.items()))
    file = folder / "pgbouncer.ini"
    file.write_text(
        f"[databases]\n* = host=127.0.0.1 port={far_port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n"
        f"unix_socket_dir =\nauth_type = scram-sha-256\nauth_file = {folder}/users\npool_mode = transaction\n"
        "default_pool_size = 2\nmax_client_conn = 200\n"
    )
    return file


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "pgbouncer ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("pgbouncer does not listen")
