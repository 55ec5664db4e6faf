"""What was told to somebody who has left the post goes on to whoever stands there now, within a minute (A4)."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from escalation.acknowledging.code_replies import take_reply
from escalation.acknowledging.reply_deeds import Reply
from escalation.queries.desk import load_desk
from escalation.queries.open_levels import OwedLevel, some_in_turn
from escalation.queries.proof import changed_since_written
from escalation.queries.succession import hand_over
from tests.escalation.raising import HOUR, MONDAY, raised
from tests.escalation.scene import holder, messages, on_shift, person, step, told, ward
from tickets.audit import entries
from tickets.outbox import posting
from tickets.outbox.posting import Outgoing
from tickets.people.roles import load_viewer
from tickets.promises.ledger import on_status
from tickets.schema import Acknowledgement, PostHolding, Staff, StepRecipient, Ticket, TicketAccess
from tickets.states import OutboundChannel, Priority, TicketStatus

NIGHT = timedelta(hours=14)


def waits_for(session: Session, who: Staff, *, at) -> list[int]:
    viewer = load_viewer(session, who.id, now=at)
    desk = load_desk(session, viewer, limit=10, now=at) if viewer is not None else None
    return [line.step_id for line in desk.waiting.lines] if desk is not None else []


def leaves(session: Session, who: Staff, *, at) -> None:
    session.execute(update(PostHolding).where(PostHolding.staff_id == who.id).values(valid_to=at))


def test_the_successor_finds_it_on_the_desk_is_told_once_and_answers_by_a_code_of_their_own(session):
    matter, people, at = raised(session)
    leaves(session, people[2], at=at + HOUR)
    successor = holder(session, "ward_chair", ward(session), now=MONDAY)
    later = at + 2 * HOUR

    handed = [hand_over(session, now=later + timedelta(minutes=minute)) for minute in range(3)]

    assert handed == [1, 0, 0]
    assert waits_for(session, successor, at=later) == [step(session, matter, 2).id]
    assert waits_for(session, people[2], at=later) == []
    sent = messages(session, template="daily_list", staff_id=successor.id)
    assert {m.channel for m in sent} == {OutboundChannel.SCREEN, OutboundChannel.SMS}
    assert {(m.params["count"], m.params["inherited"]) for m in sent} == {(1, 1)}
    take_reply(
        session,
        Reply((code_of(session, matter, successor),)),
        phone=successor.phone or "",
        message_sid="SM1",
        now=later,
    )
    assert session.scalars(select(Acknowledgement.staff_id)).one() == successor.id
    assert told(session, matter, 2) == [people[2].id, successor.id], "history keeps who was told first"
    entries.seal(session, now=later, settled_before=later)
    assert changed_since_written(session) == []


class OneARound:
    """What is open, one level a round."""

    def __init__(self, owed: Mapping[int, OwedLevel]) -> None:
        self._left = sorted(owed.items())

    def next(self, session: Session, *, now: datetime) -> Mapping[int, OwedLevel]:
        return dict([self._left.pop(0)]) if self._left else {}

    def come_back_to(self, ticket_ids: Collection[int]) -> None:
        assert not ticket_ids


def test_of_several_rounds_within_a_minute_each_tells_the_successor_of_its_level(session):
    matters = [raised(session), raised(session)]
    at = matters[-1][2]
    for _, people, _ in matters:
        leaves(session, people[2], at=at + HOUR)
    successor = holder(session, "ward_chair", ward(session), now=MONDAY)
    later = at + 2 * HOUR
    rounds: Any = OneARound(some_in_turn(session, seconds=60, now=later))

    handed = [hand_over(session, now=later + timedelta(seconds=second), levels=rounds) for second in (5, 10, 15)]

    assert handed == [1, 1, 0]
    texts = [m for m in messages(session, staff_id=successor.id) if m.channel is OutboundChannel.SMS]
    said = [item["step_id"] for text in texts for item in text.params["items"]]
    assert sorted(said) == sorted(step(session, matter, 2).id for matter, _, _ in matters)


def test_at_night_all_of_the_shift_that_begins_are_told_at_once(session):
    matter, _, at = raised(session, level=1)
    night = at + NIGHT
    one, other = (on_shift(session, "section_head", ward(session), now=night) for _ in range(2))

    assert hand_over(session, now=night) == 2

    for who in (one, other):
        assert waits_for(session, who, at=night) == [step(session, matter, 1).id]
        assert {m.channel for m in messages(session, staff_id=who.id)} == {OutboundChannel.SCREEN, OutboundChannel.SMS}


def test_what_can_wait_wakes_nobody_who_took_over_a_post(session):
    matter, people, at = raised(session, priority=Priority.NORMAL)
    leaves(session, people[2], at=at)
    successor = holder(session, "ward_chair", ward(session), now=MONDAY)
    midnight = at.replace(hour=18)

    hand_over(session, now=midnight)

    assert [m.channel for m in messages(session, staff_id=successor.id)] == [OutboundChannel.SCREEN]
    assert waits_for(session, successor, at=midnight) == [step(session, matter, 2).id]


def test_of_a_restricted_matter_the_successor_becomes_a_named_reader_and_nobody_else(session):
    matter, people, at = raised(session, is_restricted=True)
    leaves(session, people[2], at=at)
    successor = holder(session, "ward_chair", ward(session), now=MONDAY)
    person(session, now=MONDAY)

    hand_over(session, now=at + HOUR)

    named = set(session.scalars(select(TicketAccess.staff_id).where(TicketAccess.ticket_id == matter.id)))
    assert named == {people[2].id, successor.id}


def test_what_is_over_or_stands_still_goes_on_to_nobody(session):
    matter, people, at = raised(session)
    matter.status = TicketStatus.PENDING_CITIZEN
    on_status(session, matter, now=at + HOUR)
    leaves(session, people[2], at=at + HOUR)
    successor = holder(session, "ward_chair", ward(session), now=MONDAY)

    assert hand_over(session, now=at + 2 * HOUR) == 0
    matter.status = TicketStatus.OPEN
    on_status(session, matter, now=at + 3 * HOUR)
    assert hand_over(session, now=at + 3 * HOUR) == 1

    assert waits_for(session, successor, at=at + 3 * HOUR) == [step(session, matter, 2).id]


def test_whom_it_was_refused_to_tell_is_told_at_the_next_round_and_the_other_of_the_shift_once(session, monkeypatch):
    matter, _, at = raised(session, level=1)
    night = at + NIGHT
    one, other = (on_shift(session, "section_head", ward(session), now=night) for _ in range(2))
    post_all, aside = posting.post_all, dict[int | str, Exception]()

    def refuses(session: Session, some: Sequence[Outgoing], *, now: datetime) -> None:
        if one.id in {message.staff_id for message in some}:
            raise LookupError("locked")
        post_all(session, some, now=now)

    monkeypatch.setattr(posting, "post_all", refuses)
    first = hand_over(session, now=night, put_aside=aside.__setitem__)
    found = [waits_for(session, who, at=night) for who in (one, other)]
    monkeypatch.setattr(posting, "post_all", post_all)
    then = [hand_over(session, now=night + timedelta(minutes=minute)) for minute in (1, 2)]

    assert (first, then) == (1, [1, 0])
    assert list(aside) == [f"list of {one.id}"]
    assert found == [[], [step(session, matter, 1).id]]
    for who in (one, other):
        assert waits_for(session, who, at=night) == [step(session, matter, 1).id]
        assert sorted(m.channel for m in messages(session, staff_id=who.id)) == ["screen", "sms"]


def code_of(session: Session, matter: Ticket, who: Staff) -> str:
    of = StepRecipient.step_id == step(session, matter, 2).id, StepRecipient.staff_id == who.id
    return session.scalars(select(StepRecipient.reply_code).where(*of)).one()
