"""`./hotline test`: everything the project checks, ending with pytest's own summary line."""

import argparse
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from app.cli.commands import Commands
from app.cli.terminal import stop_by_signal
from app.settings import ROOT

CHECK_PATIENCE_SECONDS = 30
CHECKS = {
    "ruff": ["-m", "ruff", "check", "."],
    "mypy": ["-m", "mypy"],
    # Not by its script: a script names the folder in which the environment was made, and people move folders.
    "import-linter": ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
}

# Two cores have work for two; many tests wait, for a beat of a browser or the limit of a database, and a third goes on.
TESTS_AT_ONCE = "3"
# A file's tests in one process (`tests/dealing.py`), in the order in which they are found there.
DEALT = ["-n", TESTS_AT_ONCE, "--dist", "loadfile", "--no-loadscope-reorder"]


def register(commands: Commands) -> None:
    """Add `test`."""
    parser = commands.add_parser("test", help="run every check; arguments are passed on to pytest")
    parser.add_argument("--long", action="store_true", help="also the tests that take minutes")
    parser.set_defaults(run=run, passes_rest_on=True)


def run(arguments: argparse.Namespace) -> int:
    """Without arguments all checks beside all tests; with arguments pytest alone."""
    environment = dict(os.environ)
    if arguments.long:
        environment["HOTLINE_LONG_TESTS"] = "1"
    pytest = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT)]
    with stop_by_signal():
        if arguments.rest:
            return _run([*pytest, *arguments.rest], environment=environment)
        # One after the other in a thread: tests wait now and then, and a check goes on meanwhile.
        with ThreadPoolExecutor(1) as beside:
            checks = {name: beside.submit(_passes, name, words) for name, words in CHECKS.items()}
            try:
                tests = _run([*pytest, *DEALT], environment=environment, folder=ROOT)
            except KeyboardInterrupt:
                beside.shutdown(wait=False, cancel_futures=True)
                raise
            failed = [name for name, passes in checks.items() if not passes.result()]
        if failed:
            print(f"\nFailed beside the tests: {', '.join(failed)} (see above).", flush=True)
        return tests or (1 if failed else 0)


def _run(command: list[str], *, environment: dict[str, str], folder: Path | None = None) -> int:
    """A run that ends with us, by the signal at which pytest takes its engines down, and is waited for."""
    process = subprocess.Popen(command, env=environment, cwd=folder)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=CHECK_PATIENCE_SECONDS)
        process.kill()
        raise


def _passes(name: str, words: list[str]) -> bool:
    """Said when it is over, in one piece among the dots of the tests."""
    words = [sys.executable, *words]
    done = subprocess.run(words, cwd=ROOT, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    print(f"\n── {name}\n{done.stdout}", end="", flush=True)
    return done.returncode == 0
