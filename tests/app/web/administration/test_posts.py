"""Somebody comes to a post or is given a field: from a day on, with what is open, and with what they may open."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from escalation.queries.desk import load_desk
from escalation.queries.succession import hand_over
from tests.app.web.administration.desk import HERE, audited, post, shown
from tests.app.web.steering import Climb, climb
from tests.conftest import NOW as OPENED
from tests.factories import staff
from tests.signing_in import sign_in
from tickets.city import wall_clock
from tickets.people.roles import load_viewer
from tickets.schema import OutboundMessage, Post, PostHolding, Responsibility, Staff, StepRecipient
from tickets.states import Role

CODE = "26740"


@pytest.fixture
def broken(session: Session) -> Climb:
    """An urgent promise of a ward that was reported to its chair, and so on up to the city's leadership."""
    return climb(session, opened_at=OPENED)


def at_a_desk(app: HotlineApp, session: Session, role: Role, at) -> FlaskClient:
    client = app.test_client()
    client.set_cookie("locale", "en")
    sign_in(client, session, role=role, now=at)
    return client


def chair_of(session: Session, broken: Climb) -> int:
    return session.scalars(select(Post.id).where(Post.code == "ward_chair", Post.unit_id == broken.unit.id)).one()


def waits_for(session: Session, who: Staff, at) -> list[int]:
    viewer = load_viewer(session, who.id, now=at)
    return [line.step_id for line in load_desk(session, viewer, limit=20, now=at).waiting.lines] if viewer else []


def held_by(session: Session, who: Staff) -> str:
    return str(session.scalars(select(PostHolding.id).where(PostHolding.staff_id == who.id)).one())


def day(at) -> str:
    return wall_clock(at).date().isoformat()


def test_a_new_head_of_a_ward_finds_what_is_open_within_a_minute_and_the_one_before_opens_nothing_any_more(
    app: HotlineApp, session: Session, broken: Climb
) -> None:
    former, successor = broken.people[2], staff(session, role=None, name="Trần Thị Kế Nhiệm")
    at, level = broken.at + timedelta(minutes=5), broken.step(session, 2).id
    assert waits_for(session, former, at) == [level]
    with app.bound_to(session, at):
        desk = at_a_desk(app, session, Role.ADMINISTRATOR, at)
        address = f"{HERE}/posts/{chair_of(session, broken)}"
        assert "1 report to this post is open and unanswered" in shown(desk, address)

        form = {"kind": "holder", "before": held_by(session, former), "email": successor.email, "role": "leader"}
        answer = post(desk, address, **form, decision="12/QĐ-UBND", ends_roles="1", **{"from": day(at)})

        assert answer.status_code == 303
        page = shown(desk, address)
        assert "Trần Thị Kế Nhiệm" in page and former.name in page and "12/QĐ-UBND" in page
        listed = shown(desk, f"{HERE}/posts?unit={broken.unit.id}")
        assert "Trần Thị Kế Nhiệm" in listed and former.name not in listed
    assert hand_over(session, now=at + timedelta(minutes=1)) == 1
    assert waits_for(session, successor, at + timedelta(minutes=1)) == [level]
    assert waits_for(session, former, at + timedelta(minutes=1)) == []
    for who, status in ((successor, 200), (former, 403)):
        with app.bound_to(session, at + timedelta(minutes=1)):
            own = app.test_client()
            sign_in(own, session, staff=who, now=at)
            assert own.get(f"/console/tickets/{broken.ticket.reference}").status_code == status, who.name
    [entry] = audited(session, "post.given")
    assert entry.params["instead_of"] == [former.id] and entry.params["decision_no"] == "12/QĐ-UBND"
    with app.bound_to(session, at):
        trail = shown(desk, f"{HERE}/audit?action=post.given")
        assert f"{former.name} ({former.id})" in trail and f"{successor.name} ({successor.id})" in trail
    news = select(OutboundMessage).where(OutboundMessage.template == "post_given")
    found = session.scalars(news).all()
    assert {one.staff_id for one in found} == {successor.id} and len(found) == 2, "the screen and one way of theirs"
    assert found[0].params["count"] == 1 and found[0].params["decision"] == "12/QĐ-UBND"
    told = select(StepRecipient.staff_id).where(StepRecipient.step_id == level).order_by(StepRecipient.id)
    assert session.scalars(told).all() == [former.id, successor.id], "who was told first stays history"


def test_what_begins_on_a_later_day_changes_nothing_before_and_can_be_taken_back(
    app: HotlineApp, session: Session, broken: Climb
) -> None:
    former, successor = broken.people[2], staff(session, role=None)
    at, level, begins = broken.at, broken.step(session, 2).id, broken.at + timedelta(days=3)
    with app.bound_to(session, at):
        desk = at_a_desk(app, session, Role.ADMINISTRATOR, at)
        address = f"{HERE}/posts/{chair_of(session, broken)}"
        form = {"kind": "holder", "email": successor.email, "role": "leader", "ends_roles": "1", "from": day(begins)}
        form["before"] = held_by(session, former)
        assert post(desk, address, **form).status_code == 303
        assert hand_over(session, now=at + timedelta(hours=1)) == 0
        assert waits_for(session, former, at + timedelta(hours=1)) == [level]
        viewer = load_viewer(session, former.id, now=begins)
        assert viewer is not None and not viewer.roles

        again = post(desk, address, **{**form, "email": staff(session).email})
        assert again.status_code == 400 and "to come already" in again.get_data(as_text=True)
        coming = session.scalars(select(PostHolding).where(PostHolding.staff_id == successor.id)).one()
        assert post(desk, f"{HERE}/holdings/{coming.id}/end").status_code == 303

    for who, roles in ((former, {Role.LEADER}), (successor, set())):
        viewer = load_viewer(session, who.id, now=begins + timedelta(days=1))
        assert viewer is not None and viewer.roles == roles
    assert hand_over(session, now=begins + timedelta(days=1)) == 0
    assert waits_for(session, former, begins + timedelta(days=1)) == [level]
    assert len(audited(session, "post.taken_back")) == 1


def test_of_several_who_hold_a_post_only_whoever_is_followed_leaves_it(
    app: HotlineApp, session: Session, broken: Climb
) -> None:
    first, beside, successor = broken.people[4], *(staff(session, role=Role.LEADER, at="79") for _ in range(2))
    city_leader = session.get_one(PostHolding, int(held_by(session, first))).post_id
    with app.bound_to(session, broken.at):
        desk = at_a_desk(app, session, Role.ADMINISTRATOR, broken.at)
        form = {"kind": "holder", "from": day(broken.at), "ends_roles": "1"}
        address = f"{HERE}/posts/{city_leader}"
        assert post(desk, address, **form, email=beside.email, before="none").status_code == 303
    with app.bound_to(session, broken.at + timedelta(hours=1)):
        form |= {"email": successor.email, "before": held_by(session, beside)}
        assert post(desk, address, **form).status_code == 303

    later = broken.at + timedelta(hours=2)
    rows = session.scalars(select(PostHolding).where(PostHolding.post_id == city_leader)).all()
    assert {row.staff_id for row in rows if row.valid_to is None} == {first.id, successor.id}
    for who, roles in ((first, {Role.LEADER}), (beside, set())):
        viewer = load_viewer(session, who.id, now=later)
        assert viewer is not None and viewer.roles == roles


def test_from_that_day_on_the_successor_finds_what_is_open(app: HotlineApp, session: Session, broken: Climb) -> None:
    successor, begins = staff(session, role=None), broken.at + timedelta(days=3)
    with app.bound_to(session, broken.at):
        desk = at_a_desk(app, session, Role.ADMINISTRATOR, broken.at)
        form = {"kind": "holder", "email": successor.email, "role": "leader", "from": day(begins)}
        form["before"] = held_by(session, broken.people[2])
        post(desk, f"{HERE}/posts/{chair_of(session, broken)}", **form)

    assert hand_over(session, now=begins) == 1

    assert waits_for(session, successor, begins) == [broken.step(session, 2).id]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"from": "2020-01-01"}, "has passed"),
        ({"from": "soon"}, "not a date"),
        ({"from": ""}, "required"),
        ({"email": "nobody@example.vn"}, "no account with this address"),
        ({"email": ""}, "required"),
        ({"role": ""}, "has no role at this unit"),
        ({"role": "administrator"}, "required"),
        ({"kind": "king"}, "required"),
        ({"before": ""}, "required"),
        ({"before": "4000000000000"}, "does not hold the post"),
        ({"kind": "deputy"}, "does not hold the post"),
        ({"decision": "x" * 81}, "At most 80"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason_and_what_was_typed_is_kept(
    app: HotlineApp, session: Session, broken: Climb, changed: dict[str, str], words: str
) -> None:
    successor = staff(session, role=None)
    with app.bound_to(session, broken.at):
        desk = at_a_desk(app, session, Role.ADMINISTRATOR, broken.at)
        form = {
            "kind": "holder",
            "email": successor.email,
            "decision": "7/QĐ",
            "role": "leader",
            "from": day(broken.at),
            "before": held_by(session, broken.people[2]),
        }

        answer = post(desk, f"{HERE}/posts/{chair_of(session, broken)}", **{**form, **changed})

    assert answer.status_code == 400
    page = answer.get_data(as_text=True)
    assert words in page and (changed.get("decision") or "7/QĐ") in page
    held = select(PostHolding.staff_id).where(PostHolding.post_id == chair_of(session, broken))
    assert session.scalars(held).all() == [broken.people[2].id]


def test_nobody_gives_a_post_or_a_field_to_themselves_and_only_administrators_give_any(
    app: HotlineApp, session: Session, broken: Climb
) -> None:
    with app.bound_to(session, broken.at):
        address = f"{HERE}/posts/{chair_of(session, broken)}"
        for role, looks in ((Role.SUPERVISOR, 200), (Role.LEADER, 200), (Role.AGENT, 403), (Role.AUDITOR, 403)):
            desk = at_a_desk(app, session, role, broken.at)
            form = {"kind": "holder", "person": broken.people[1].id, "from": day(broken.at)}
            csrf = {"csrf_token": "x"}
            assert desk.get(address).status_code == looks
            assert desk.post(address, data={**csrf, **form}).status_code in (400, 403)
        desk = app.test_client()
        desk.set_cookie("locale", "en")
        mine = sign_in(desk, session, role=Role.ADMINISTRATOR, now=broken.at)
        form = {"email": mine.email, "from": day(broken.at), "decision": "9/QĐ", "before": "none"}
        for where, more in (
            (address, {"kind": "deputy", "role": "leader"}),
            (f"{HERE}/responsibilities", {"field": "land"}),
        ):
            answer = post(desk, where, **form, **more)
            assert answer.status_code == 400
            assert "themselves" in answer.get_data(as_text=True)


def test_a_field_goes_to_another_leader_by_a_decision_and_takes_its_open_reports_along(
    app: HotlineApp, session: Session, broken: Climb
) -> None:
    level, successor = broken.step(session, 4).id, staff(session, role=Role.LEADER, at="79", name="Lê Phụ Trách")
    with app.bound_to(session, broken.at):
        desk = at_a_desk(app, session, Role.ADMINISTRATOR, broken.at)
        form = {"field": "urban_order", "email": successor.email, "decision": "44/QĐ-UBND", "from": day(broken.at)}
        without = post(desk, f"{HERE}/responsibilities", **{**form, "decision": ""})
        both = post(desk, f"{HERE}/responsibilities", **{**form, "unit": broken.unit.id})
        assert (without.status_code, both.status_code) == (400, 400)

        assert post(desk, f"{HERE}/responsibilities", **form).status_code == 303

        page = shown(desk, f"{HERE}/responsibilities")
        assert "Public order in streets" in page and "Lê Phụ Trách" in page and "44/QĐ-UBND" in page
        next_one = staff(session, role=Role.LEADER, at="79")
        later = {**form, "email": next_one.email, "from": day(broken.at + timedelta(days=2))}
        assert post(desk, f"{HERE}/responsibilities", **later).status_code == 303
        planned = session.scalars(select(Responsibility).where(Responsibility.staff_id == next_one.id)).one()
        assert post(desk, f"{HERE}/responsibilities/{planned.id}/end").status_code == 303
    assert hand_over(session, now=broken.at + timedelta(minutes=1)) == 1
    assert level in waits_for(session, successor, broken.at + timedelta(minutes=1))
    row = session.scalars(select(Responsibility).where(Responsibility.staff_id == successor.id)).one()
    assert session.get_one(Responsibility, row.id, populate_existing=True).valid_to is None
