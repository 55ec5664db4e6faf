"""No `match` leaves a case out in silence: it names every one, or says on purpose what becomes of the rest.

A text message from a hidden number that began like a leader's code once matched nothing: no ticket, no answer.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [
    path
    for folder in ("app", "tickets", "telephony", "escalation", "tools")
    for path in sorted((ROOT / folder).rglob("*.py"))
]


def matches(source: str) -> list[ast.Match]:
    return [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Match)]


def faults_of(statement: ast.Match) -> list[str]:
    """A wildcard at the end; where classes are told apart, it proves that there are no others, or passes them on."""
    last = statement.cases[-1]
    if not isinstance(last.pattern, ast.MatchAs) or last.pattern.pattern is not None or last.guard is not None:
        return [f"line {statement.lineno}: the last case is no wildcard"]
    by_class = any(isinstance(node, ast.MatchClass) for case in statement.cases for node in ast.walk(case.pattern))
    if by_class and not _hands_on(statement.subject, last.body):
        return [f"line {statement.lineno}: neither assert_never nor anybody else gets what is left"]
    return []


def _hands_on(subject: ast.expr, body: list[ast.stmt]) -> bool:
    calls = [node for statement in body for node in ast.walk(statement) if isinstance(node, ast.Call)]
    wanted = ast.dump(subject)
    return any(wanted == ast.dump(argument) for call in calls for argument in call.args)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_match_says_what_becomes_of_everything(path):
    faults = [fault for statement in matches(path.read_text("utf-8")) for fault in faults_of(statement)]

    assert faults == []


@pytest.mark.parametrize(
    ("source", "is_whole"),
    [
        ("match x:\n    case A():\n        f()\n", False),
        ("match x:\n    case A():\n        f()\n    case _ if g():\n        f()\n", False),
        ("match x:\n    case A():\n        f()\n    case _:\n        pass\n", False),
        ("match x:\n    case A():\n        f()\n    case _:\n        assert_never(x)\n", True),
        ("match x.kind:\n    case 'a':\n        f()\n    case _:\n        pass\n", True),
        ("match x:\n    case A() if g():\n        f()\n    case _:\n        rest(scene, x)\n", True),
    ],
)
def test_the_check_sees_what_it_is_for(source, is_whole):
    (statement,) = matches(source)

    assert (faults_of(statement) == []) is is_whole
