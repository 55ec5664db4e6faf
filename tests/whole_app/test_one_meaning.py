"""One name, one meaning: a name that two files give to two things is read wrongly in one of them."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator

from tests.whole_app.sources import sources

_CLASS = re.compile(r"[A-Z][A-Za-z0-9]*[a-z][A-Za-z0-9]*")


def test_every_public_class_has_one_meaning() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path, tree in sources().items():
        for name in _classes(tree):
            places[name].append(path)

    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}


def _classes(tree: ast.Module) -> Iterator[str]:
    """Classes, and what is named like one: unions and other types. A type variable is its function's."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name
        elif isinstance(node, ast.Assign) and not _is_type_variable(node.value):
            yield from (n.id for n in node.targets if isinstance(n, ast.Name) and _CLASS.fullmatch(n.id))


def _is_type_variable(value: ast.expr) -> bool:
    return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "TypeVar"
