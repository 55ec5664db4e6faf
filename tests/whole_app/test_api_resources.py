"""What the API says of a thing is said by one serialiser, so that two answers about it never drift apart."""

import ast
from collections.abc import Iterator
from itertools import combinations

from tests.whole_app.sources import sources

# Two objects that share so many of the smaller one's fields tell of the same thing.
_ALIKE = 0.75
_FEW = 3


def test_no_two_places_of_the_api_tell_of_the_same_thing() -> None:
    told = [object_ for path, tree in sources().items() if _is_api(path) for object_ in _objects(path, tree)]

    twice = [
        (one, other, sorted(here & there))
        for (one, here), (other, there) in combinations(told, 2)
        if len(here & there) / min(len(here), len(there)) >= _ALIKE
    ]

    assert twice == []


def _is_api(path: str) -> bool:
    # The document describes bodies by example; it tells nothing.
    return path.startswith(("app/web/api/", "app/web/frame/")) and path != "app/web/api/document.py"


def _objects(path: str, tree: ast.AST) -> Iterator[tuple[str, set[str]]]:
    """Where an object with more than a few named fields is made, and its fields."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            keys = {key.value for key in node.keys if isinstance(key, ast.Constant)}
            if len(keys) >= _FEW and all(isinstance(key, str) for key in keys):
                yield f"{path}:{node.lineno}", keys
