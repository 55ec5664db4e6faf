"""What a migration may do while the release before it is still answering citizens (G21): read from the files' words.

For one version the old code works on the new schema, so nothing it names goes, changes its name or asks for more. No
statement keeps a table locked while it reads all of it. Run as `python -m tools.migration_rules`; a test does too.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

VERSIONS = Path(__file__).resolve().parents[1] / "app" / "migrations" / "versions"
# Made before there were two releases to carry.
FIRST = "0001"

_WRITTEN = {
    r"\bdrop\s+(table|column|view|function|sequence|type|trigger)\b": "drops something the release before may use",
    r"\brename\b": "renames something the release before names",
    r"\bset\s+not\s+null\b": "asks the release before for a value it may not give",
    r"\balter\s+(column\s+)?\w+\s+(set\s+data\s+)?type\b": "rewrites a table under a lock",
    r"\bcreate\s+(unique\s+)?index\s+(?!concurrently)": "makes an index without `concurrently`",
    r"\bdrop\s+index\s+(?!concurrently)": "drops an index without `concurrently`",
    r"\b(lock_timeout|statement_timeout)\b": "changes the time limits that every migration has",
    r"^\s*(lock|truncate|vacuum|cluster|reindex)\b": "locks a whole table",
    r"\badd\s+constraint\b(?!.*\bnot\s+valid\b)": "adds a constraint that is not `not valid` at first",
    r"\badd\s+(column\s+)?(?!constraint)\w+\s+[^,;]*\bnot\s+null\b(?!.*\bdefault\b)": "adds one that must be filled",
}


def faults_of(source: str) -> tuple[str, ...]:
    """What a migration does that it may not, one sentence each with its line; empty when it is well."""
    tree = ast.parse(source)
    (upgrade,) = (n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "upgrade")
    calls = [n for n in ast.walk(upgrade) if isinstance(n, ast.Call) and _is_operation(n)]
    calls.sort(key=lambda call: (call.lineno, call.col_offset))
    own = {_text(call, 0) for call in calls if _name(call) == "create_table"}
    again = {_text(call, 0) for call in calls if _name(call).startswith("create_") and "table" not in _name(call)}
    outside = {id(call) for block in ast.walk(upgrade) if _is_autocommit(block) for call in ast.walk(block)}
    found = []
    for call in calls:
        for fault in _faults(call, own=own, again=again, is_outside=id(call) in outside):
            found.append(f"line {call.lineno}: {fault}")
    return tuple(found)


def _is_operation(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name) and call.func.value.id == "op"


def _is_autocommit(node: ast.AST) -> bool:
    return isinstance(node, ast.With) and "autocommit_block" in ast.unparse(node.items[0].context_expr)


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def _text(call: ast.Call, position: int) -> str:
    """A name given in words, with or without `op.f(…)` around it."""
    if position >= len(call.args):
        return ""
    inner = call.args[position]
    if isinstance(inner, ast.Call) and inner.args:
        inner = inner.args[0]
    return str(inner.value) if isinstance(inner, ast.Constant) else ast.unparse(inner)


def _is_set(call: ast.Call, keyword: str) -> bool:
    return any(k.arg == keyword and ast.unparse(k.value) == "True" for k in call.keywords)


def _faults(call: ast.Call, *, own: set[str], again: set[str], is_outside: bool) -> Iterator[str]:
    match _name(call):
        case "drop_table" | "drop_column":
            yield "drops something the release before may use"
        case "rename_table":
            yield "renames something the release before names"
        case "drop_constraint" if _text(call, 0) not in again:
            yield "drops a constraint that it does not make again"
        case "add_column":
            yield from _column_faults(call)
        case "alter_column":
            yield from _alteration_faults(call)
        case "execute":
            yield from _written_faults(ast.unparse(call.args[0]) if call.args else "")
        case _ if _table(call) not in own:
            yield from _faults_on_a_full_table(call, is_outside=is_outside)
        case _:
            pass


def _faults_on_a_full_table(call: ast.Call, *, is_outside: bool) -> Iterator[str]:
    match _name(call):
        case "create_index" | "drop_index" if not (_is_set(call, "postgresql_concurrently") and is_outside):
            yield "an index of a table that is there: `postgresql_concurrently=True`, in an `autocommit_block()`"
        case "create_unique_constraint":
            yield "a unique constraint reads the whole table under a lock: make a unique index concurrently"
        case "create_foreign_key" | "create_check_constraint" if not _is_set(call, "postgresql_not_valid"):
            yield "a constraint on a table that is there: `postgresql_not_valid=True`, then `validate constraint`"
        case _:
            pass


def _table(call: ast.Call) -> str:
    named = [k.value for k in call.keywords if k.arg == "table_name"]
    return str(named[0].value) if named and isinstance(named[0], ast.Constant) else _text(call, 1)


def _column_faults(call: ast.Call) -> Iterator[str]:
    words = ast.unparse(call)
    if "nullable=False" in words and "server_default" not in words:
        yield "a column that must be filled and has no default: the release before does not fill it"


def _alteration_faults(call: ast.Call) -> Iterator[str]:
    for keyword in call.keywords:
        if keyword.arg == "new_column_name":
            yield "renames something the release before names"
        if keyword.arg == "nullable" and ast.unparse(keyword.value) == "False":
            yield "asks the release before for a value it may not give"
        if keyword.arg == "type_":
            yield "rewrites a table under a lock"


def _written_faults(words: str) -> Iterator[str]:
    plain = words.strip("'\"f").lower()
    for pattern, fault in _WRITTEN.items():
        if re.search(pattern, plain, re.M):
            yield fault


def files() -> list[Path]:
    """Every migration the rules hold for."""
    return sorted(file for file in VERSIONS.glob("*.py") if not file.name.startswith(FIRST))


if __name__ == "__main__":
    told = [f"{file.name}, {fault}" for file in files() for fault in faults_of(file.read_text("utf-8"))]
    sys.exit("\n".join(told) or None)
