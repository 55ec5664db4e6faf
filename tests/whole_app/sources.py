"""Our own source files as syntax trees, for the tests that read the code instead of running it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("app", "escalation", "telephony", "tickets")


@cache
def sources() -> dict[str, ast.Module]:
    """Every module of the product by its path from the root; the generated migration is nobody's writing."""
    files = (file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py")))
    return {
        name: ast.parse(file.read_text(), name)
        for file in files
        if not (name := file.relative_to(ROOT).as_posix()).startswith("app/migrations/")
    }


@cache
def nodes(tree: ast.AST) -> tuple[ast.AST, ...]:
    """All of a module; walked once, since that takes longer than what is asked of it."""
    return tuple(ast.walk(tree))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    return (node for node in nodes(tree) if isinstance(node, ast.FunctionDef))


def strings(tree: ast.AST) -> Iterator[ast.Constant]:
    """String constants; docstrings included, f-strings by their parts."""
    return (node for node in nodes(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
