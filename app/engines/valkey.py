"""The embedded Valkey, which carries job ids and wake-ups: append-only, on a socket, never evicting."""

import os
import signal
import socket
import subprocess
import time
from urllib.parse import quote

from app.engines.folders import Home, Passwords, write_private
from app.engines.orphans import end_orphans
from app.engines.trouble import EngineTrouble

CONFIGURATION = """\
port 0
unixsocket "{socket}"
unixsocketperm 700
dir "{data}"
requirepass {password}
appendonly yes
appendfsync everysec
maxmemory-policy noeviction
save ""
daemonize no
logfile ""
"""


def start_valkey(home: Home, passwords: Passwords) -> subprocess.Popen[bytes]:
    """Start the server on its data and return once it answers (after reading its append-only file)."""
    data = home.data / "valkey"
    data.mkdir(mode=0o700, exist_ok=True)
    home.identity.own(data)
    end_orphans(data, gentle=signal.SIGTERM)
    socket_path = home.sockets / "valkey.sock"
    socket_path.unlink(missing_ok=True)
    configuration = home.data / "valkey.conf"
    # On disk rather than as arguments: a command line shows its password to everybody on the machine.
    write_private(configuration, CONFIGURATION.format(socket=socket_path, data=data, password=passwords.valkey))
    home.identity.own(configuration)

    log = os.open(home.data / "logs" / "valkey.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        process = home.identity.popen(
            [home.binaries.valkey_server, configuration], log=log, cwd=data, death_signal=signal.SIGTERM
        )
    finally:
        os.close(log)
    _wait_until_ready(process, home, passwords)
    return process


def redis_url(home: Home, passwords: Passwords) -> str:
    """A redis-py URL to the server's socket."""
    return f"unix://:{quote(passwords.valkey)}@{quote(str(home.sockets / 'valkey.sock'))}?db=0"


def _wait_until_ready(process: subprocess.Popen[bytes], home: Home, passwords: Passwords) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        if _answers(str(home.sockets / "valkey.sock"), passwords.valkey):
            return
        time.sleep(0.02)
    process.kill()
    process.wait()
    raise EngineTrouble(f"The embedded Valkey does not start. Its log is {home.data / 'logs' / 'valkey.log'}.")


def _answers(path: str, password: str) -> bool:
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(2)
            connection.connect(path)
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            reply = b""
            while b"PONG" not in reply and b"-" not in reply:
                part = connection.recv(256)
                if not part:
                    return False
                reply += part
            return b"PONG" in reply
    except OSError:
        return False
