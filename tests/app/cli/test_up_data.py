"""What `up` says of data it finds: a city's own and the invented ones are not mixed, and nothing false is claimed."""

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.cli.commands import CommandRefused
from app.cli.up_data import bring_up_to_date
from app.settings import Settings
from app.storage.database import make_engine, transaction
from tests.conftest import Committed
from tests.factories import open_ticket, staff
from tickets.schema import Staff


@pytest.fixture
def settings_of(committed: Committed, settings: Settings) -> Callable[[bool], Settings]:
    def of(demo: bool) -> Settings:
        urls = {"database_url": committed.url, "owner_database_url": committed.owner_url}
        return Settings(**{**settings.model_dump(), **urls, "demo": demo}, _env_file=None)

    return of


def people_of_the_demonstration(committed: Committed) -> int:
    with Session(committed.engine) as session:
        return session.scalar(select(func.count(Staff.id)).where(Staff.is_demo)) or 0


def test_a_city_that_works_is_not_given_invented_people(committed: Committed, settings_of, now: datetime) -> None:
    with transaction(committed.factory) as session:
        staff(session)
        open_ticket(session, now=now)

    with pytest.raises(CommandRefused, match=r"without the demonstration and hold 1 people and 1 tickets.*--no-demo"):
        bring_up_to_date(settings_of(True), say=print)

    assert people_of_the_demonstration(committed) == 0


def test_an_empty_city_may_still_become_a_demonstration(committed: Committed, settings_of) -> None:
    bring_up_to_date(settings_of(False), say=print)

    bring_up_to_date(settings_of(True), say=print)

    assert people_of_the_demonstration(committed) > 40


def test_a_city_begun_on_the_demonstrations_data_is_told_so(committed: Committed, settings_of) -> None:
    said: list[str] = []
    bring_up_to_date(settings_of(True), say=said.append)

    bring_up_to_date(settings_of(False), say=said.append)

    assert "hold the demonstration" in said[-1]
    assert "--no-demo --data" in said[-1]


def test_data_whose_tables_are_another_builds_are_refused_and_nothing_is_loaded(
    committed: Committed, settings_of
) -> None:
    owner = make_engine(committed.owner_url, pool_size=1)
    with owner.begin() as connection:
        connection.execute(text("alter table contact drop column source_key"))
    owner.dispose()

    with pytest.raises(CommandRefused, match=r"another build of Hotline.*contact\.source_key is missing"):
        bring_up_to_date(settings_of(True), say=print)

    assert people_of_the_demonstration(committed) == 0
