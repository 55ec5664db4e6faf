"""Many messages are judged together when they are handed over: each as alone, in the statements of one."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session

from escalation.acknowledging.still_told import why_each_not_told
from escalation.firing.sweep import tick
from tests.escalation.scene import clock, full_house, level_at, messages, ticket, ward
from tests.handing_over import why_not_told
from tests.statements import counted
from tickets.outbox.overtaken import Overtaken
from tickets.people.citizens import opt_out
from tickets.schema import OutboundMessage, Ticket
from tickets.states import OutboundChannel, Priority, TicketStatus

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def texts_of(session: Session, count: int) -> tuple[Sequence[OutboundMessage], datetime]:
    """The texts by which a ward's chair was told of a level of so many matters, in their order."""
    people = full_house(session, ward(session), now=MONDAY)
    matters = [ticket(session, ward(session), arrived_at=MONDAY, priority=Priority.URGENT) for _ in range(count)]
    at = level_at(session, matters[0], 2)
    tick(session, now=at)
    found = messages(session, staff_id=people[2].id, channel=OutboundChannel.SMS, template="escalation_level")
    return sorted(found, key=lambda one: one.ticket_id or 0), at


def test_each_of_many_is_judged_as_it_would_be_alone(session: Session) -> None:
    texts, at = texts_of(session, 4)
    of = [session.get_one(Ticket, one.ticket_id) for one in texts]
    of[1].status = TicketStatus.RESOLVED
    clock(session, of[2]).due_at = at + 9 * HOUR
    texts[3].address = "+84900000077"
    session.flush()
    opt_out(session, texts[3].address, reason="asked", now=at + HOUR)

    together = why_each_not_told(session, texts, now=at + HOUR)

    assert [together.get(one.id) for one in texts] == [
        None, Overtaken.TICKET_OVER, Overtaken.STEP_OVER, Overtaken.OPTED_OUT
    ]  # fmt: skip
    assert [why_not_told(session, one, now=at + HOUR) for one in texts] == [together.get(one.id) for one in texts]


def test_many_are_judged_in_the_statements_of_one(session: Session) -> None:
    texts, at = texts_of(session, 12)
    why_each_not_told(session, texts, now=at + HOUR)

    sent = []
    for some in (texts[:1], texts):
        with counted(session) as statements:
            why_each_not_told(session, some, now=at + HOUR)
        sent.append(len(statements))

    assert len(texts) == 12 and sent[0] == sent[1]
