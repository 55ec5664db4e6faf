"""Which module writes the rows of which table, as far as the source shows it."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache

from tests.whole_app.sources import functions, nodes, sources, strings
from tickets.schema import Base

_STATEMENTS = {"insert", "update", "delete"}
_SQL = re.compile(r'\b(?:insert into|update|delete from)\s+"?([a-z_]+)"?\s', re.IGNORECASE)


@cache
def tables() -> dict[str, str]:
    """Class → table."""
    return {mapper.class_.__name__: mapper.class_.__tablename__ for mapper in Base.registry.mappers}


@cache
def writers() -> dict[str, set[str]]:
    """Class → the modules that insert, change or delete its rows."""
    found: dict[str, set[str]] = defaultdict(set)
    for path, tree in sources().items():
        if not path.startswith("tickets/schema/"):
            for name in _written(tree):
                found[name].add(path)
    return found


def _written(tree: ast.Module) -> Iterator[str]:
    yield from _by_class(tree, _known_here(tree))
    yield from _by_sql(tree)
    yield from _by_attribute(tree, _known_here(tree))


@cache
def _known_here(tree: ast.Module) -> Mapping[str, str]:
    """Local name → class of a table; "" for a module that holds some (`from tickets.schema import promise`)."""
    known = {}
    for node in nodes(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tickets.schema"):
            for name in node.names:
                known[name.asname or name.name] = name.name if name.name in tables() else ""
    return known


def _by_class(tree: ast.Module, known: Mapping[str, str]) -> Iterator[str]:
    """`Ticket(...)` and `insert(Ticket)`."""
    statements = _statements_here(tree)
    for node in nodes(tree):
        if isinstance(node, ast.Call):
            if made := _class_of(node.func, known):
                yield made
            if _last_name(node.func) in statements and node.args and (name := _class_of(node.args[0], known)):
                yield name


def _statements_here(tree: ast.Module) -> set[str]:
    """What inserts, updates and deletes, by the names it is imported under."""
    return _STATEMENTS | {
        name.asname or name.name
        for node in nodes(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("sqlalchemy")
        for name in node.names
        if name.name in _STATEMENTS
    }


def _by_sql(tree: ast.Module) -> Iterator[str]:
    classes = {table: name for name, table in tables().items()}
    for text in strings(tree):
        for table in _SQL.findall(text.value):
            if table in classes:
                yield classes[table]


def _by_attribute(tree: ast.Module, known: Mapping[str, str]) -> Iterator[str]:
    """`ticket.status = …`, where the name's class is said by an annotation, a question, or the name itself."""
    for function in functions(tree):
        named = _classes_of_names(function, known)
        for node in ast.walk(function):
            for target in _assigned(node):
                name = _last_name(target.value)
                found = named[name] if name in named else _named_like(name)
                if found and target.attr in _columns()[found]:
                    yield found


@cache
def _columns() -> dict[str, set[str]]:
    return {mapper.class_.__name__: {column.key for column in mapper.columns} for mapper in Base.registry.mappers}


def _assigned(node: ast.AST) -> Iterator[ast.Attribute]:
    targets: list[ast.expr] = []
    if isinstance(node, ast.Assign):
        targets = node.targets
    elif isinstance(node, ast.AugAssign | ast.AnnAssign):
        targets = [node.target]
    for target in targets:
        for one in target.elts if isinstance(target, ast.Tuple) else [target]:
            if isinstance(one, ast.Attribute):
                yield one


def _classes_of_names(function: ast.FunctionDef, known: Mapping[str, str]) -> dict[str, str | None]:
    """Name → its table's class; None for a name that is said to be something else."""
    named: dict[str, str | None] = {}
    for argument in (*function.args.args, *function.args.kwonlyargs):
        if argument.annotation is not None:
            named[argument.arg] = _mentioned(argument.annotation, known)
    for node in ast.walk(function):
        is_name = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
        if is_name and (name := _answered_with(node.value, known)):
            named[node.targets[0].id] = name
    return named


def _answered_with(value: ast.expr, known: Mapping[str, str]) -> str | None:
    """`session.get(Ticket, …)`, `scalars(select(Ticket)…)`, or a function of ours that returns one."""
    for node in ast.walk(value):
        if isinstance(node, ast.Call):
            called = _last_name(node.func)
            if called in {"get", "get_one", "select"} and node.args and (name := _class_of(node.args[0], known)):
                return name
            if called in _returning():
                return _returning()[called]
    return None


@cache
def _returning() -> dict[str, str]:
    return {
        function.name: name
        for tree in sources().values()
        for function in functions(tree)
        if function.returns is not None and (name := _mentioned(function.returns, _known_here(tree)))
    }


def _mentioned(annotation: ast.expr, known: Mapping[str, str]) -> str | None:
    """The table's class in `Ticket` or `Ticket | None`; nothing in `Sequence[Ticket]`."""
    return _class_of(annotation.left if isinstance(annotation, ast.BinOp) else annotation, known)


def _class_of(node: ast.expr, known: Mapping[str, str]) -> str | None:
    if isinstance(node, ast.Name):
        return known.get(node.id) or None
    if not isinstance(node, ast.Attribute):
        return None
    if node.attr == "__table__":
        return _class_of(node.value, known)
    in_module = isinstance(node.value, ast.Name) and known.get(node.value.id) == ""
    return node.attr if in_module and node.attr in tables() else None


def _named_like(name: str) -> str | None:
    wanted = name.strip("_").replace("_", "")
    return next((one for one in tables() if one.lower() == wanted), None)


def _last_name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
