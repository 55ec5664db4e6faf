"""Who stands where is asked at every tick and by every leader's page: it reads no more for more decisions."""

from datetime import timedelta

from app.bench.pages_read import pages_read
from app.storage.database import make_engine, transaction
from tests.conftest import NOW, Committed
from tests.factories import staff, unit
from tickets.directory.standing import Standing
from tickets.directory.standing_rows import load_standing
from tickets.promises.plan import RESPONSIBLE_LEADER
from tickets.schema import Responsibility
from tickets.states import Role

DECISIONS = 200


def test_two_hundred_decisions_of_who_is_responsible_are_read_from_a_few_pages(committed: Committed) -> None:
    with transaction(committed.factory) as session:
        leader, ward = staff(session, role=Role.LEADER, at="79").id, unit(session, "26740").id

    def load() -> Standing:
        with transaction(committed.factory) as session:
            return load_standing(session, posts=[RESPONSIBLE_LEADER], unit_ids=[ward], now=NOW)

    def read() -> int:
        owner = make_engine(committed.superuser_url, pool_size=1, statement_timeout_ms=0)
        with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("vacuum analyze")
        owner.dispose()
        return pages_read(committed.engine, load).pages

    few = read()
    since = (NOW - timedelta(days=30)).date()
    with transaction(committed.factory) as session:
        session.add_all(
            Responsibility(staff_id=leader, field=f"field {number}", decision_no=str(number), valid_from=since)
            for number in range(DECISIONS)
        )
    many = read()

    found = load().at([RESPONSIBLE_LEADER], unit_id=ward, field=f"field {DECISIONS - 1}")
    assert [one.person.staff_id for one in found] == [leader]
    # Each decision's person was looked for once more among everybody, for the name of somebody who is on leave.
    assert many - few < DECISIONS // 4
