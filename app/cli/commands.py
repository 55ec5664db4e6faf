"""The list of command modules, and what a command module must offer."""

import argparse
import tomllib
from importlib import import_module
from typing import Protocol

from app.settings import ROOT

MODULES = (
    "app.cli.up",
    "app.cli.checks",
    "app.cli.one_process",
    "app.cli.database",
    "app.cli.doctor",
    "app.cli.fallback_document",
    "app.cli.secret_key",
    "app.cli.backup",
    "app.cli.media",
    "app.cli.imports",
    "app.cli.people",
    "app.cli.golive",
    "app.cli.audit",
    "app.cli.ledger",
    "app.cli.escalation",
    "app.cli.clock",
    "app.cli.figures",
    "app.cli.simulator",
    "app.cli.simulate",
    "app.cli.prompts",
    "app.cli.spool",
    "app.cli.messages",
    "app.cli.bench",
)


class Commands(Protocol):
    """argparse's collection of sub-commands: `commands.add_parser("name", help=…)`."""

    def add_parser(self, name: str, *, help: str) -> argparse.ArgumentParser: ...


class CommandRefused(Exception):
    """A command cannot be carried out; the text says plainly why and what to do, and the exit code is 1."""


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands.

    A command module has `register(commands)`, which adds its parsers and sets `run` on each:
    `parser.set_defaults(run=run)`, where `run(arguments) -> int` returns the exit code. It imports what is heavy
    inside `run`, because all modules are loaded for every command.
    """
    parser = argparse.ArgumentParser(prog="./hotline", description="The 24/7 contact centre of a city government.")
    parser.add_argument("--version", action="version", version=f"Hotline {_version()}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in MODULES:
        import_module(name).register(commands)
    return parser


def _version() -> str:
    """As the project's own file names it, so that it stands in one place."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])
