"""Where an embedded engine keeps its data, its socket and its passwords."""

import hashlib
import json
import os
import secrets
import shutil
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

from app.engines.binaries import Binaries, copied_out, installed_binaries
from app.engines.identity import Identity, Manner, as_we_are, can_run, dropped, in_user_namespace
from app.engines.trouble import EngineTrouble


@dataclass(frozen=True)
class Home:
    """Everything an engine needs to know about its place on this machine."""

    identity: Identity
    binaries: Binaries
    data: Path
    """Holds `postgres/`, `valkey/` and `logs/`."""
    sockets: Path
    """A 0700 folder with a short name: a socket's path may have at most 107 bytes, a data folder's may be longer."""


@dataclass(frozen=True)
class Passwords:
    """Generated once per data folder and kept there, readable by its owner only."""

    superuser: str
    owner: str
    app: str
    valkey: str


def home_for(data_dir: Path) -> Home:
    """Choose the identity for this machine and make the folders it needs."""
    short = _short(data_dir)
    binaries = installed_binaries()
    data = data_dir / "engines"
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    identity = _identity(binaries, data, moved=data_dir / "engines-moved-to")
    if identity.manner is Manner.DROPPED:
        data = _outside_home(data_dir, short, identity)
        binaries = copied_out(binaries, into=data.parent / "binaries")
    logs = data / "logs"
    logs.mkdir(mode=0o700, exist_ok=True)
    identity.own(logs)
    return Home(identity=identity, binaries=binaries, data=data, sockets=_socket_folder(data_dir, identity))


def _identity(binaries: Binaries, data: Path, *, moved: Path) -> Identity:
    if os.geteuid() != 0:
        return as_we_are()
    namespace = in_user_namespace()
    # Once the data were given to a real user they stay his: a namespace could no longer read them.
    if not moved.exists() and can_run(namespace, executable=binaries.postgres_bin / "postgres", folder=data):
        return namespace
    return dropped()


def _outside_home(data_dir: Path, short: str, identity: Identity) -> Path:
    """A folder for the dropped user under /var/lib, because a home of root's is closed to him."""
    pointer = data_dir / "engines-moved-to"
    root = moved_to(data_dir) or Path(f"/var/lib/hotline-{short}")
    root.mkdir(mode=0o755, exist_ok=True)
    data = root / "data"
    if not pointer.exists() and (data_dir / "engines" / "postgres").exists():
        shutil.copytree(data_dir / "engines", data, symlinks=True, dirs_exist_ok=True)
        for folder, _, files in os.walk(data):
            for name in files:
                os.chown(Path(folder) / name, identity.uid, identity.gid)
            os.chown(folder, identity.uid, identity.gid)
    data.mkdir(mode=0o700, exist_ok=True)
    identity.own(data)
    pointer.write_text(str(root))
    return data


def socket_folder_of(data_dir: Path) -> Path:
    """Where the sockets of a data folder stand, whether or not they do now."""
    folder = Path(tempfile.gettempdir()) / f"hotline-{_short(data_dir)}"
    # Its owner and mode are checked where it is made.
    return folder if len(os.fsencode(folder)) <= 80 else Path("/tmp") / folder.name  # noqa: S108


def moved_to(data_dir: Path) -> Path | None:
    """Where the data were given to another user because root's own folders are closed to him; None as a rule."""
    pointer = data_dir / "engines-moved-to"
    return Path(pointer.read_text()) if pointer.exists() else None


def _short(data_dir: Path) -> str:
    return hashlib.sha256(os.fsencode(data_dir.resolve())).hexdigest()[:12]


def _socket_folder(data_dir: Path, identity: Identity) -> Path:
    folder = socket_folder_of(data_dir)
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    owner = identity.uid if identity.manner is Manner.DROPPED else os.geteuid()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (owner, os.geteuid()):
        raise EngineTrouble(
            f"{folder} belongs to somebody else, and the engines' sockets must stand in a private folder. Remove it, "
            "or choose another data folder with --data."
        )
    folder.chmod(0o700)
    identity.own(folder)
    return folder


def passwords_for(data_dir: Path) -> Passwords:
    """The passwords of this data folder; made at the first call."""
    kept = data_dir / "engine-passwords.json"
    if not kept.exists():
        made = {name: secrets.token_urlsafe(24) for name in ("superuser", "owner", "app", "valkey")}
        write_private(kept, json.dumps(made))
    return Passwords(**json.loads(kept.read_text()))


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
