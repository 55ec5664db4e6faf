"""What a leader meets with on a day: what reached them, and not what was over before they could hear of it."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Subquery, func, select, update
from sqlalchemy.orm import Session

from app.rehearsal.figures import figures_of
from escalation.firing.items_met import items_met, matters_met
from escalation.queries.digests import post_daily_lists
from tests.escalation.queries.test_digests import climbed, seven_after
from tickets.schema import Clock, OutboundMessage, Post
from tickets.states import ClockStatus

CITY = ZoneInfo("Asia/Ho_Chi_Minh")
DAYS = 8


def test_a_line_that_gathers_the_rest_is_one_item_and_all_its_matters_are_counted_beside(session: Session) -> None:
    people, _matters, at = climbed(session, count=9)
    post_daily_lists(session, now=seven_after(at))
    session.execute(update(OutboundMessage).values(sent_at=OutboundMessage.created_at))

    def most(met: Subquery) -> int:
        of_chair = select(func.count()).where(met.c.staff_id == people[5].id)
        return session.scalars(of_chair).one()

    assert (most(items_met(CITY)), most(matters_met(CITY))) == (5, 9)


def test_a_line_of_the_list_counts_each_morning_on_which_it_stands_there_and_one_that_was_over_before_never(
    session: Session,
) -> None:
    _people, matters, at = climbed(session, count=3)
    over = Clock.ticket_id == matters[0].id
    session.execute(update(Clock).where(over).values(status=ClockStatus.MET, stopped_at=at))
    for morning in (seven_after(at) + timedelta(days=days) for days in (0, 1, 2, 3)):
        post_daily_lists(session, now=morning)
    session.execute(update(OutboundMessage).values(sent_at=OutboundMessage.created_at))
    chair = session.scalars(select(Post.name).where(Post.code == "city_chair")).first()

    found = figures_of(
        session, seed=1, tickets_a_day=1, begins_at=at, days=DAYS, zone=CITY, now=at + timedelta(days=DAYS)
    )

    [met] = [one for one in found.posts if one.post == chair]
    assert (met.people, met.most_items, met.items_a_day) == (1, 2, 4 / DAYS), "on the two working mornings of the four"
