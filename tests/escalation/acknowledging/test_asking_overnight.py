"""A word between colleagues that waits for the morning is judged again then: what has been done meanwhile (A8)."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from escalation.acknowledging.acknowledge import acknowledge
from escalation.acknowledging.asked_in_vain import report_unanswered
from escalation.acknowledging.decline import decline
from escalation.acknowledging.delegate import delegate
from tests.escalation.raising import HOUR, MONDAY, raised
from tests.escalation.scene import messages, step, ward, with_role
from tests.handing_over import overtaken_by
from tickets.outbox.overtaken import Overtaken
from tickets.promises import ledger
from tickets.schema import OutboundMessage, PlannedStep, Staff, Ticket
from tickets.states import OutboundChannel, Priority, Role
from tickets.work.ticket import lock_ticket

_MINUTE = timedelta(minutes=1)


class Asked:
    """Somebody whom the second level was told asks a colleague, who does nothing in the time they have."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.matter, people, self.at = raised(session, priority=Priority.NORMAL)
        self.asker: Staff = people[2]
        self.colleague = with_role(session, Role.AGENT, ward(session), now=MONDAY)
        self.ask(at=self.at)

    def ask(self, *, at: datetime) -> None:
        ids = {"from_id": self.asker.id, "to_id": self.colleague.id}
        delegate(self.session, self.level.id, **ids, reason="đi họp", now=at)

    @property
    def level(self) -> PlannedStep:
        return step(self.session, self.matter, 2)

    def text(self, template: str) -> OutboundMessage:
        """The newest one that leaves the house."""
        return messages(self.session, template=template, channel=OutboundChannel.SMS)[-1]

    def why(self, template: str) -> Overtaken | None:
        return overtaken_by(self.session, self.text(template), now=self.at + 60 * HOUR)

    def give_back(self, *, at: datetime) -> None:
        decline(self.session, self.level.id, staff_id=self.colleague.id, reason="ốm", now=at)

    def answer(self, *, at: datetime) -> None:
        acknowledge(self.session, self.level.id, staff_id=self.asker.id, via="web", now=at)

    def settle(self, *, at: datetime) -> Ticket:
        """The promise ends; the matter is not over by that."""
        ledger.on_resolved(self.session, lock_ticket(self.session, self.matter.id), now=at)
        return self.matter


@pytest.fixture
def asked(session: Session) -> Asked:
    return Asked(session)


def test_given_back_overnight_nobody_reads_in_the_morning_that_nothing_was_done(asked: Asked) -> None:
    assert report_unanswered(asked.session, now=asked.at + 48 * HOUR) == 1
    assert asked.why("delegation_overdue") is None

    asked.give_back(at=asked.at + 49 * HOUR)

    assert asked.why("delegation_overdue") is Overtaken.GIVEN_BACK
    assert asked.why("delegation_declined") is None, "that it came back, and why, is what there is to know"


def test_given_back_before_the_text_left_nobody_is_asked_by_it_and_asked_again_they_are(asked: Asked) -> None:
    assert asked.why("delegated") is None
    first = asked.text("delegated")

    asked.give_back(at=asked.at + _MINUTE)

    assert asked.why("delegated") is Overtaken.GIVEN_BACK
    asked.ask(at=asked.at + 2 * _MINUTE)
    assert asked.text("delegated").id != first.id and asked.why("delegated") is None


@pytest.mark.parametrize(("ending", "why"), [("answer", Overtaken.LEVEL_REACHED), ("settle", Overtaken.STEP_OVER)])
@pytest.mark.parametrize("template", ["delegated", "delegation_overdue", "delegation_declined"])
def test_answered_or_settled_overnight_nobody_is_asked_or_told_of_it(
    asked: Asked, template: str, ending: str, why: Overtaken
) -> None:
    if template == "delegation_overdue":
        report_unanswered(asked.session, now=asked.at + 48 * HOUR)
    if template == "delegation_declined":
        asked.give_back(at=asked.at + _MINUTE)
    assert asked.why(template) is None

    getattr(asked, ending)(at=asked.at + 49 * HOUR)

    assert asked.why(template) is why
