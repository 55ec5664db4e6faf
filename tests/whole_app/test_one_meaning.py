"""One name, one meaning: a name that two files give to two things is read wrongly in one of them."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

from tests.whole_app.sources import sources

# The same value for different reasons: one may change without the other.
_MEANT_TWICE = {
    # Who answers calls, and whom a supervisor may give tickets to: a unit may one day have people for one of them only.
    ("any name", "(Role.AGENT, Role.SUPERVISOR)"),
    # Before everything of ours: the earliest instant a program may ask for, and when a lease that was given up ended.
    ("any name", "datetime(2000, 1, 1, tzinfo=UTC)"),
}
_CLASS = re.compile(r"[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*")


def test_every_public_class_has_one_meaning() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path, tree in sources().items():
        for name in _classes(tree):
            places[name].append(path)

    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}


def test_every_public_constant_has_one_meaning() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path, tree in sources().items():
        for name, _ in _constants(tree):
            places[name].append(path)

    shared = {name: paths for name, paths in places.items() if len(paths) > 1 and not name.startswith("_")}

    assert shared == {}


def test_every_fact_stands_once() -> None:
    facts: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path, tree in sources().items():
        for name, value in _constants(tree):
            if _states_a_fact(value):
                facts["any name", ast.unparse(value)].append(f"{path}: {name}")
            elif not isinstance(value, ast.Name):
                facts[name.lstrip("_"), ast.unparse(value)].append(f"{path}: {name}")

    repeated = {fact: places for fact, places in facts.items() if len(places) > 1 and fact not in _MEANT_TWICE}

    assert repeated == {}


def _constants(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target] if _is_declared(node) else []
        for target in targets:
            if isinstance(target, ast.Name) and target.id.isupper() and not _is_type_variable(node.value):
                yield target.id, node.value


def _is_declared(node: ast.stmt) -> bool:
    return isinstance(node, ast.AnnAssign) and node.value is not None


def _states_a_fact(value: ast.expr) -> bool:
    """Whether two such values that are equal can hardly be so by chance: a day, or a list of several codes."""
    if isinstance(value, ast.Tuple | ast.Set | ast.List):
        return len(value.elts) > 1
    return isinstance(value, ast.Dict) or (
        isinstance(value, ast.Call)
        and isinstance(value.func, ast.Name)
        and value.func.id in ("date", "datetime", "frozenset", "text", "Path")
    )


def _classes(tree: ast.Module) -> Iterator[str]:
    """Classes, and what is named like one: unions and other types. A type variable is its function's."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name
        elif isinstance(node, ast.Assign) and not _is_type_variable(node.value):
            yield from (n.id for n in node.targets if isinstance(n, ast.Name) and _CLASS.fullmatch(n.id))


def _is_type_variable(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "TypeVar"
