"""`./hotline test`: everything the project checks, ending with pytest's own summary line."""

import argparse
import os
import subprocess
import sys

from app.cli.commands import Commands
from app.settings import ROOT

CHECKS = {
    "ruff": ["-m", "ruff", "check", "."],
    "mypy": ["-m", "mypy"],
    # Not by its script: a script names the folder in which the environment was made, and people move folders.
    "import-linter": ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
}


def register(commands: Commands) -> None:
    """Add `test`."""
    parser = commands.add_parser("test", help="run every check; arguments are passed on to pytest")
    parser.add_argument("--long", action="store_true", help="also the tests that take minutes")
    parser.set_defaults(run=run, passes_rest_on=True)


def run(arguments: argparse.Namespace) -> int:
    """Without arguments all checks, then all tests; with arguments pytest alone."""
    environment = dict(os.environ)
    if arguments.long:
        environment["HOTLINE_LONG_TESTS"] = "1"
    pytest = [sys.executable, "-m", "pytest", "-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT)]
    if arguments.rest:
        return subprocess.run([*pytest, *arguments.rest], env=environment, check=False).returncode

    failed = [name for name, words in CHECKS.items() if not _passes(name, words)]
    if failed:
        print(f"\nFailed before the tests: {', '.join(failed)} (see above).", flush=True)
    pytest += ["-n", "2", "--dist", "loadgroup"]
    tests = subprocess.run(pytest, env=environment, cwd=ROOT, check=False).returncode
    return tests or (1 if failed else 0)


def _passes(name: str, words: list[str]) -> bool:
    print(f"── {name}", flush=True)
    return subprocess.run([sys.executable, *words], cwd=ROOT, check=False).returncode == 0
