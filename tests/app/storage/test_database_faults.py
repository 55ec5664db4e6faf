"""What kind of fault a failing database has, asked of a real one."""

import ast

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.storage.database import make_engine
from app.storage.database_faults import DatabaseFault, fault_of, passes
from tests.conftest import Committed
from tests.whole_app.sources import sources


def _fault(url: str, *statements: str) -> BaseException:
    engine = make_engine(url, pool_size=1)
    try:
        with pytest.raises(DBAPIError) as caught, engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
    finally:
        engine.dispose()
    return caught.value


def _raising(state: str) -> str:
    return f"do $$ begin raise exception using errcode = '{state}', message = 'as asked'; end $$"


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("08006", DatabaseFault.AWAY),
        ("57P01", DatabaseFault.AWAY),
        ("53300", DatabaseFault.AWAY),
        ("53100", DatabaseFault.READ_ONLY),
        ("57014", DatabaseFault.TOO_SLOW),
        ("55P03", DatabaseFault.LOCKED),
        ("40P01", DatabaseFault.DEADLOCK),
        ("40001", DatabaseFault.DEADLOCK),
        ("22012", DatabaseFault.REFUSED),
        ("23505", DatabaseFault.REFUSED),
        ("42P01", DatabaseFault.REFUSED),
        ("42501", DatabaseFault.REFUSED),
    ],
)
def test_each_state_is_one_kind(committed: Committed, state: str, kind: DatabaseFault) -> None:
    fault = _fault(committed.url, _raising(state))

    assert fault_of(fault) is kind
    assert passes(fault) is (kind is not DatabaseFault.REFUSED)


def test_a_server_that_was_never_reached_is_away() -> None:
    fault = _fault("postgresql+psycopg://nobody@127.0.0.1:1/nothing", "select 1")

    assert fault_of(fault) is DatabaseFault.AWAY


def test_a_database_that_keeps_nothing_is_read_only(committed: Committed) -> None:
    fault = _fault(committed.url, "set transaction read only", "delete from draft")

    assert fault_of(fault) is DatabaseFault.READ_ONLY


def test_what_is_not_the_databases_is_no_fault_of_it() -> None:
    assert fault_of(ValueError("no")) is None
    assert not passes(ValueError("no"))


def test_nobody_else_judges_by_the_kind_of_exception() -> None:
    judging = {"OperationalError", "InterfaceError", "InternalError", "TimeoutError"}

    judges = {
        path
        for path, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "sqlalchemy.exc"
        if judging & {name.name for name in node.names}
    }

    assert judges == {"app/storage/database_faults.py"}
