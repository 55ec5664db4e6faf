"""What a command loads before it knows which one it is."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
# Each of them takes a noticeable part of a second, in which somebody at a terminal, and each process we start, waits.
_HEAVY = {"flask", "jinja2", "redis", "sqlalchemy.orm", "gevent", "rq", "apscheduler"}
_LOADED = """import sys
from app.cli.commands import build_parser
build_parser()
print(*sys.modules)"""


def test_no_command_waits_for_what_another_one_needs() -> None:
    done = subprocess.run([sys.executable, "-c", _LOADED], cwd=ROOT, capture_output=True, text=True, check=True)

    loaded = done.stdout.split()
    assert "app.cli.doctor" in loaded
    assert _HEAVY & set(loaded) == set()
