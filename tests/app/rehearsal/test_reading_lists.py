"""Leaders of a rehearsal read the lists that the product sends them of what waits, and may answer then."""

from datetime import timedelta
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.seeding.demonstration import leaders
from app.seeding.demonstration.stage import Stage
from escalation.queries.desk_digests import post_desk_digests
from tests.escalation.raising import raised
from tests.escalation.scene import step

CITY = ZoneInfo("Asia/Ho_Chi_Minh")


def test_whoever_has_not_answered_decides_once_more_with_each_list_until_they_will(session: Session) -> None:
    matter, _people, at = raised(session)
    seven_next = at.replace(hour=1, minute=0) + timedelta(days=1)
    # Reading a list asks neither the desk nor the people of the scenes.
    stage = Stage(None, None, CITY, Random(1), begins_at=at, ends_at=at + timedelta(days=30))  # type: ignore[arg-type]

    decided = []
    for day in range(10):
        now = seven_next + timedelta(days=day)
        if post_desk_digests(session, now=now):
            leaders.read_lists(stage, session, now=now)
        decided.append(set(stage.answering))

    assert decided[-1] >= {step(session, matter, 2).id}
    assert decided == sorted(decided, key=len), "nobody takes back that they will"
