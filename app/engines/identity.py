"""As whom the engines run: PostgreSQL refuses root, so root lends them a user namespace or drops to a real user."""

import ctypes
import enum
import os
import pwd
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.engines.trouble import EngineTrouble

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1

# Loaded before any fork: between fork and exec only calls that take no lock are safe.
_libc = ctypes.CDLL(None, use_errno=True)


class Manner(enum.Enum):
    """How a child leaves root."""

    AS_WE_ARE = "as we are"
    USER_NAMESPACE = "user namespace"
    DROPPED = "dropped"


@dataclass(frozen=True)
class Identity:
    """Who an engine runs as. In a namespace `uid` is only the name inside: outside, files stay ours."""

    manner: Manner
    uid: int
    gid: int

    def popen(
        self, command: Sequence[str | Path], *, log: int, cwd: Path, death_signal: signal.Signals
    ) -> subprocess.Popen[bytes]:
        """Start a child of its own session that receives `death_signal` should we die, even by SIGKILL."""
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=cwd,
            env=quiet_environment(),
            start_new_session=True,
            preexec_fn=self._before_exec(death_signal),  # noqa: PLW1509  (it takes no lock, see _libc)
        )

    def run(self, command: Sequence[str | Path], *, cwd: Path) -> str:
        """Run to the end and return the output; raises EngineTrouble with that output when it fails."""
        done = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=cwd,
            env=quiet_environment(),
            preexec_fn=self._before_exec(signal.SIGKILL),
            check=False,
            timeout=120,
        )
        output = done.stdout.decode(errors="replace")
        if done.returncode != 0:
            raise EngineTrouble(f"{Path(str(command[0])).name} failed:\n{output.strip()}")
        return output

    def own(self, path: Path) -> None:
        """Give a file or folder we have just made to the engine's user."""
        if self.manner is Manner.DROPPED:
            os.chown(path, self.uid, self.gid)

    def _before_exec(self, death_signal: signal.Signals) -> Callable[[], None]:
        parent = os.getpid()

        def become() -> None:
            if self.manner is Manner.USER_NAMESPACE:
                _enter_user_namespace(self.uid, self.gid)
            elif self.manner is Manner.DROPPED:
                os.setgroups([])
                os.setgid(self.gid)
                os.setuid(self.uid)
            # After the change of identity, which would clear it.
            die_with_parent(death_signal, parent=parent)

        return become


def die_with_parent(death_signal: signal.Signals, *, parent: int) -> None:
    """Ask the kernel for `death_signal` when the parent ends; for use between fork and exec."""
    _libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def quiet_environment() -> Mapping[str, str]:
    """What the engines see of our environment: PG* variables of the person at the terminal must not reach initdb."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}


def _enter_user_namespace(uid: int, gid: int) -> None:
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    if _libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for name, mapping in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {outer_uid} 1"),
        ("gid_map", f"{gid} {outer_gid} 1"),
    ):
        descriptor = os.open(f"/proc/self/{name}", os.O_WRONLY)
        os.write(descriptor, mapping.encode())
        os.close(descriptor)


def as_we_are() -> Identity:
    """The ordinary user's case: engines run as the person who started us."""
    return Identity(Manner.AS_WE_ARE, os.geteuid(), os.getegid())


def in_user_namespace() -> Identity:
    """Root outside, an existing unprivileged name inside (initdb insists that its user has a name)."""
    entry = _unprivileged_entry()
    return Identity(Manner.USER_NAMESPACE, entry.pw_uid, entry.pw_gid)


def dropped() -> Identity:
    """A real unprivileged user of this machine."""
    entry = _unprivileged_entry()
    return Identity(Manner.DROPPED, entry.pw_uid, entry.pw_gid)


def can_run(identity: Identity, *, executable: Path, folder: Path) -> bool:
    """Whether the identity can start the executable and write in the folder, tried for real."""
    probe = folder / ".probe"
    try:
        identity.run(["/bin/sh", "-c", '"$1" --version && : > "$2"', "probe", executable, probe], cwd=folder)
    except (EngineTrouble, OSError, subprocess.SubprocessError):
        return False
    probe.unlink(missing_ok=True)
    return True


def _unprivileged_entry() -> pwd.struct_passwd:
    for name in ("nobody", "daemon"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise EngineTrouble(
        "Running as root needs a user `nobody`, because PostgreSQL refuses to run as root. Start ./hotline as an "
        "ordinary user, or set HOTLINE_DATABASE_URL."
    )
