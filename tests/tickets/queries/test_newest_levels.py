"""The newest levels of a body are those of the tickets it may see, wherever they were when the level fired."""

from datetime import datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tests.factories import open_ticket, staff, unit
from tickets.people.roles import Viewer, load_viewer, visible_tickets
from tickets.queries.newest_levels import newest_level_ids
from tickets.schema import PlannedStep, Ticket, TicketAccess
from tickets.states import Role, StepKind

HERE, OTHER, EMPTY = "26740", "26743", "26506"
_FIRE = text("""
    update planned_step s set fired_at = :now, result = 'notified', unit_id = t.unit_id from ticket t
    where t.id = s.ticket_id and s.kind = 'level' and s.rank <= 2 and t.id = any(:tickets)
""")


@pytest.fixture
def tickets(session: Session, now: datetime) -> list[int]:
    """Seven with levels that fired at one ward, two at another, and one at each without any."""
    ids = [open_ticket(session, unit_code=code, now=now).ticket_id for code in [HERE] * 7 + [OTHER] * 2]
    session.flush()
    session.execute(_FIRE, {"tickets": ids, "now": now})
    for ticket_id in ids:
        session.get_one(Ticket, ticket_id).escalation_level = 2
    for code in (HERE, OTHER):
        open_ticket(session, unit_code=code, now=now)
    session.flush()
    return ids


def viewers(session: Session, now: datetime) -> dict[str, Viewer]:
    held = {HERE: (Role.SUPERVISOR, HERE), OTHER: (Role.AGENT, OTHER), EMPTY: (Role.AGENT, EMPTY)}
    held |= {"city": (Role.SUPERVISOR, "TTDH"), "auditor": (Role.AUDITOR, "79")}
    found = {name: load_viewer(session, staff(session, role=r, at=at).id, now=now) for name, (r, at) in held.items()}
    return {name: one for name, one in found.items() if one is not None}


def told(session: Session, viewer: Viewer, *, limit: int = 500) -> list[int]:
    """As the stretches say, having held them against every level there is."""
    session.flush()
    fired = PlannedStep.kind == StepKind.LEVEL, PlannedStep.fired_at.is_not(None)
    every = select(PlannedStep.id).join(Ticket, Ticket.id == PlannedStep.ticket_id).where(*fired)
    seen = session.scalars(every.where(visible_tickets(viewer)).order_by(PlannedStep.id.desc()).limit(limit)).all()
    found = session.scalars(select(PlannedStep.id).where(PlannedStep.id.in_(newest_level_ids(viewer, limit=limit))))
    assert sorted(found, reverse=True) == list(seen)
    return list(seen)


def test_a_body_is_told_the_levels_of_what_it_sees_moved_coordinated_and_named(
    session: Session, tickets: list[int], now: datetime
) -> None:
    who = viewers(session, now)
    before = {name: len(told(session, one)) for name, one in who.items()}
    assert before[HERE] > 2 * before[OTHER] > before[EMPTY] == before["auditor"] == 0

    session.get_one(Ticket, tickets[0]).unit_id = unit(session, OTHER).id
    session.get_one(Ticket, tickets[1]).coordinating_unit_id = unit(session, OTHER).id
    for restricted in tickets[2:4]:
        session.get_one(Ticket, restricted).is_restricted = True
    session.add(TicketAccess(ticket_id=tickets[2], staff_id=who[EMPTY].staff_id, reason="routing", created_at=now))
    # There and back again: it is where its levels fired.
    for code in (OTHER, HERE):
        session.get_one(Ticket, tickets[4]).unit_id = unit(session, code).id
        session.flush()

    after = {name: len(told(session, one)) for name, one in who.items()}
    of_one = before[OTHER] // 2
    assert after[OTHER] == before[OTHER] + 2 * of_one
    assert after[EMPTY] == of_one, "one is named to them, and the restricted one beside it is not"
    assert after[HERE] == before[HERE] - 3 * of_one
    assert after["city"] == before["city"] - 2 * of_one and after["auditor"] == 0


def test_pages_follow_each_other_without_a_gap(session: Session, tickets: list[int], now: datetime) -> None:
    who = viewers(session, now)
    session.get_one(Ticket, tickets[0]).unit_id = unit(session, OTHER).id
    every = told(session, who[OTHER])
    read: list[int] = []
    while page := session.scalars(
        newest_level_ids(who[OTHER], *([PlannedStep.id < read[-1]] if read else []), limit=2)
    ).all():
        read += page

    assert read == every
