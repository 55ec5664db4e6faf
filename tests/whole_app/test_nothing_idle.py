"""Nothing public lives for tests alone: what the product does not use is deleted, or was forgotten to be wired."""

import ast
import re
from collections import Counter
from collections.abc import Iterator

from tests.whole_app.sources import ROOT, nodes, sources

_WORD = re.compile(r"[A-Za-z_]\w*")
# Named by nobody of us, with the reason.
_USED_FROM_OUTSIDE = {
    # What the driver of a provider that carries texts alone stands on; the second provider of the tests is one.
    "telephony/provider/driver.py: WithoutVoice",
    # gunicorn calls it by this name.
    "app/processes/web_workers.py: post_worker_init",
}


def test_every_public_name_is_used_by_the_product() -> None:
    used = _names_used()

    idle = {f"{path}: {name}" for path, tree in sources().items() for name in _public(tree) if used[name] == 0}

    assert idle <= _USED_FROM_OUTSIDE


def _public(tree: ast.Module) -> Iterator[str]:
    """Functions, classes and constants of a module. What is decorated is used by its decorator: a view, a fixture."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names = [] if node.decorator_list and isinstance(node, ast.FunctionDef) else [node.name]
        elif isinstance(node, ast.Assign):
            names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names = [node.target.id]
        else:
            continue
        yield from (name for name in names if not name.startswith("_"))


def _names_used() -> Counter[str]:
    """How often each name is said, apart from where it is defined or imported."""
    used: Counter[str] = Counter()
    tools = (ast.parse(file.read_text()) for file in (ROOT / "tools").rglob("*.py"))
    for tree in (*sources().values(), *tools, ast.parse((ROOT / "hotline").read_text())):
        used.update(_said(tree))
    for file in (ROOT / "templates").rglob("*"):
        if file.is_file():
            used.update(_WORD.findall(file.read_text()))
    for file in ("pyproject.toml", "alembic.ini"):
        if (ROOT / file).exists():
            used.update(_WORD.findall((ROOT / file).read_text()))
    return used


def _said(tree: ast.AST) -> Iterator[str]:
    docstrings = {id(node.value) for node in nodes(tree) if isinstance(node, ast.Expr)}
    for node in nodes(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            # "app.processes.wsgi:app" in the words of a command.
            yield from _WORD.findall(node.value)
