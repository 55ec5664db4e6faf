"""News of a turn that had to wait, for a limit or a carrier, are judged again when they leave (A8)."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from tests.app.web.rota.planning import DAY, HOUR, MONDAY, post_of
from tests.escalation.scene import messages, ward, with_role
from tests.handing_over import overtaken_by
from tickets.directory.swaps import Swap, accept_swap, ask_swap, refuse_swap, withdraw_swap
from tickets.outbox.overtaken import Overtaken
from tickets.outbox.rota_news import tell_swap, tell_turns_that_begin
from tickets.people.actor import staff_actor
from tickets.schema import Absence, OutboundMessage, Shift, Staff
from tickets.states import OutboundChannel, Role

_LATER = MONDAY + timedelta(minutes=15)
_ANSWERS = {"accepted": accept_swap, "refused": refuse_swap, "withdrawn": withdraw_swap}


@pytest.fixture
def people(session: Session) -> tuple[Staff, Staff]:
    lan, minh = (with_role(session, Role.AGENT, ward(session), now=MONDAY) for _ in range(2))
    return lan, minh


def turn_of(session: Session, who: Staff, *, begins_in: timedelta) -> Shift:
    begins = MONDAY + begins_in
    one = Shift(
        post_id=post_of(session, ward(session)).id, staff_id=who.id, starts_at=begins, ends_at=begins + 8 * HOUR
    )
    session.add(one)
    session.flush()
    return one


def told(session: Session, swap: Swap) -> Swap:
    tell_swap(session, swap, now=MONDAY)
    return swap


def texts(session: Session, template: str) -> list[OutboundMessage]:
    return messages(session, template=template, channel=OutboundChannel.SMS)


@pytest.mark.parametrize("answer", _ANSWERS)
def test_whoever_was_asked_to_swap_is_not_asked_once_it_was_settled_and_the_answer_is_told_all_the_same(
    session: Session, people: tuple[Staff, Staff], answer: str
) -> None:
    lan, minh = people
    shift = turn_of(session, lan, begins_in=DAY)
    swap = told(session, ask_swap(session, shift.id, to_staff_id=minh.id, actor=staff_actor(lan.id), now=MONDAY))
    question = texts(session, "swap")[-1]
    assert overtaken_by(session, question, now=_LATER) is None

    answering = lan if answer == "withdrawn" else minh
    told(session, _ANSWERS[answer](session, swap.swap_id, actor=staff_actor(answering.id), now=MONDAY))

    assert overtaken_by(session, question, now=_LATER) is Overtaken.ANSWERED
    assert overtaken_by(session, texts(session, "swap")[-1], now=_LATER) is None


def test_that_a_turn_begins_is_told_while_it_runs_and_only_to_whose_it_is(
    session: Session, people: tuple[Staff, Staff]
) -> None:
    lan, minh = people
    shift = turn_of(session, lan, begins_in=timedelta(0))
    tell_turns_that_begin(session, now=MONDAY)
    begins = texts(session, "duty_begins")[-1]
    assert overtaken_by(session, begins, now=_LATER) is None
    assert overtaken_by(session, begins, now=shift.ends_at) is Overtaken.SHIFT_OVER

    shift.staff_id = minh.id
    session.flush()

    assert overtaken_by(session, begins, now=_LATER) is Overtaken.NOT_THEIRS


def test_whoever_stands_in_is_told_that_the_turn_begins_as_long_as_they_do(
    session: Session, people: tuple[Staff, Staff]
) -> None:
    lan, minh = people
    turn_of(session, lan, begins_in=timedelta(0))
    away = {"starts_at": MONDAY - HOUR, "ends_at": MONDAY + HOUR, "created_at": MONDAY}
    session.add(Absence(staff_id=lan.id, deputy_id=minh.id, **away))
    session.flush()
    tell_turns_that_begin(session, now=MONDAY)
    begins = texts(session, "duty_begins")[-1]

    assert begins.staff_id == minh.id
    assert overtaken_by(session, begins, now=_LATER) is None
    assert overtaken_by(session, begins, now=MONDAY + 2 * HOUR) is Overtaken.NOT_THEIRS
