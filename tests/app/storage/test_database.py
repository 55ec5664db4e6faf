"""What a database must be for a process to start on it."""

from datetime import datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from app.settings import Settings
from app.storage.database import (
    DemonstrationHeld,
    OtherBuild,
    make_engine,
    migrate,
    session_factory,
    transaction,
)
from app.storage.starting import refuse_unsafe_start
from tests.conftest import Committed
from tests.factories import staff


def test_no_process_starts_on_a_public_address_with_the_people_of_a_demonstration(
    committed: Committed, settings: Settings, now: datetime
) -> None:
    here = {**settings.model_dump(), "database_url": committed.url, "demo": False}
    public = Settings(**{**here, "public_base_url": "https://hotline.example.vn"}, _env_file=None)
    refuse_unsafe_start(public)
    with transaction(committed.factory) as session:
        staff(session).is_demo = True

    refuse_unsafe_start(Settings(**here, _env_file=None))
    with pytest.raises(DemonstrationHeld):
        refuse_unsafe_start(public)


@pytest.mark.parametrize(
    "statement",
    [
        "update audit_entry set action = 'x'",
        "delete from audit_entry",
        "truncate audit_entry",
        "update audit_seal set hash = 'x'",
        "delete from audit_seal",
        "insert into alembic_version values ('x')",
        "create table of_my_own (id int)",
    ],
)
def test_the_applications_role_cannot_rewrite_what_was_written_down(committed: Committed, statement: str) -> None:
    with (
        committed.engine.connect() as connection,
        pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
    ):
        connection.execute(text(statement))


def test_a_connection_that_only_read_keeps_what_it_has_prepared(committed: Committed) -> None:
    engine = make_engine(committed.url, pool_size=1)
    factory = session_factory(engine)
    often = text("select code from unit where id = :id")
    for number in range(10):
        with transaction(factory) as session:
            session.execute(often, {"id": number}).all()

    with transaction(factory) as session:
        kept = session.execute(text("select statement from pg_prepared_statements")).scalars().all()

    engine.dispose()
    assert any("select code from unit" in statement for statement in kept)


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("alter table ticket drop column subject", "ticket.subject is missing"),
        ("drop table holiday", "the table holiday is missing"),
        ("alter table ticket add column colour text not null", "ticket.colour is not known here"),
        ("alter table ticket drop constraint ck_ticket_ticket_status", "ticket.status does not allow new"),
        ("update alembic_version set version_num = '9999'", "newer Hotline"),
    ],
)
def test_data_of_another_build_are_refused_by_name_instead_of_taken_for_ready(
    committed: Committed, statement: str, told: str
) -> None:
    owner = make_engine(committed.owner_url, pool_size=1)
    with owner.begin() as connection:
        connection.execute(text(statement))
    owner.dispose()

    with pytest.raises(OtherBuild, match=told):
        migrate(committed.owner_url, committed.url)
