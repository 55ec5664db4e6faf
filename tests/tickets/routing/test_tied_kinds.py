"""Two kinds of which the words tell alike: both stand with the ticket, and the more urgent promise holds."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from app.wording.reasons import reason_text
from tests.factories import open_ticket, rules
from tickets.matter import read_matter
from tickets.routing.decision import RoutingFacts, guess_category, route
from tickets.routing.matter_kinds import kinds_of
from tickets.schema import Category, Ticket
from tickets.states import Channel, Level, QueueKind

BOTH = "Rác và ngập ở phường Sài Gòn"


@pytest.fixture
def ticket(session):
    opened = open_ticket(session, body=BOTH, subject="", category_code=None, unit_code=None, channel=Channel.SMS)
    return session.get_one(Ticket, opened.ticket_id)


def tied_in(reasons):
    return next(reason["params"] for reason in reasons if reason["code"] == "category_tied")


def test_both_kinds_stand_with_it_and_the_more_urgent_promise_holds(session, ticket):
    told = tied_in(ticket.routing_reasons)
    within = rules(session).routing.settled_within
    ids = session.scalars(select(Category.id).where(Category.code.in_(told["rules"]))).all()

    assert set(told["rules"]) == {"rubbish", "flooding"}
    assert within[ticket.category_id] == min(within[one] for one in ids)


def test_an_agent_reads_why_in_both_names(ticket):
    told = tied_in(ticket.routing_reasons)

    said = reason_text("category_tied", told)

    assert told["category"] in said and told["others"][0] in said


def test_it_stays_where_a_person_looks_while_they_would_go_to_different_bodies(session):
    known = rules(session).routing
    kinds = [one for one in known.categories.values() if one.code in ("rubbish", "flooding")]
    apart = {one.id: replace(one, department_id=None if one is kinds[0] else one.department_id) for one in kinds}
    apart[kinds[0].id] = replace(kinds[0], level=Level.WARD)
    apart[kinds[1].id] = replace(kinds[1], level=Level.CITY)

    decision = route(RoutingFacts(said=BOTH), replace(known, categories={**known.categories, **apart}))

    assert decision.needs_question and decision.queue_id == known.queues[(decision.unit_id, QueueKind.TRIAGE)]
    assert decision.category_id in apart


@pytest.mark.parametrize(
    "said",
    [
        "gọi lại cho tôi",
        "Please help me with my problem",
        "Bữa nay nó nặng hơn hôm qua nữa",
        "mai có họp không",
        "Please call me after 5 pm",
        "Nhà em ở số 12 hẻm 5 nha, gần chợ đó",
        "Tới giờ chưa thấy ai tới hết anh ơi",
        "Dạ thưa anh hôm qua tới nay vẫn chưa ai làm gì cho chúng tôi hết",
    ],
)
def test_words_that_only_lean_to_a_kind_give_a_ticket_no_clock_and_no_department(session, said):
    known = rules(session).routing

    decision = route(RoutingFacts(said=said), known)

    assert guess_category(said, known) is None
    assert decision.category_id is None


def test_what_is_named_comes_before_what_single_words_lean_to(session):
    known = rules(session).routing
    said = "khu trọ hay mất trộm xe, xin tuần tra thêm"

    ranked = kinds_of(said, read_matter(said), known)

    named = [kind.is_named for kind in ranked]
    assert named[0] and True in named and named == sorted(named, reverse=True)
