"""Processes of a node whose words are kept: an alarm that nobody can read is none."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.processes.commands import spawn
from app.settings import Settings


@dataclass
class Logged:
    """One process; `words` is everything it has said."""

    process: subprocess.Popen[bytes]
    file: Path

    @property
    def words(self) -> str:
        return self.file.read_text(errors="replace")

    def said(self, name: str) -> list[dict[str, Any]]:
        """The entries of this name in its log, oldest first."""
        found = []
        for line in self.words.splitlines():
            with suppress(ValueError):
                entry = json.loads(line)
                if isinstance(entry, dict) and entry.get("event") == name:
                    found.append(entry)
        return found


@contextmanager
def logged(settings: Settings, *names: str) -> Iterator[dict[str, Logged]]:
    """These processes until the block ends. Only from the main thread: a child ends with the thread that made it."""
    running: dict[str, Logged] = {}
    try:
        for name in names:
            file = settings.data_dir / f"{name}.log"
            running[name] = Logged(spawn(name, settings, log=file), file)
        yield running
    finally:
        for one in running.values():
            with suppress(ProcessLookupError):
                os.killpg(one.process.pid, signal.SIGKILL)
            one.process.wait(10)
