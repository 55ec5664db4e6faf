"""Readiness on screens, in the API, on a telephone, and the guide of a city that is being set up."""

from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.enrolment import add_token
from app.seeding.file_kinds import TABLE_KINDS
from app.web.administration.setting_up_files import FILES_IN_ORDER
from app.web.frame.application import HotlineApp
from tests.app.web.administration.desk import HERE, NOW, post, shown
from tests.app.web.steering import LIGHT, csrf_of
from tests.factories import open_ticket, staff, unit
from tests.signing_in import sign_in
from tickets.directory import going_live
from tickets.directory.lines import LineFacts, city_line, insert_lines
from tickets.directory.queues import queue_of
from tickets.errors import InvalidInput
from tickets.outbox.line_tests import LINE_TEST_TEMPLATE
from tickets.people.actor import staff_actor
from tickets.queries.readiness_facts import unit_facts
from tickets.schema import Call, Clock, LineTest, OutboundMessage, Ticket
from tickets.states import CallState, ClockKind, OutboundChannel, OutboundState, Role
from tickets.work.assignment import transfer

READINESS = f"{HERE}/readiness"


@pytest.fixture
def bound(app: HotlineApp, session: Session):
    going_live.begin(session, are_live=False, now=NOW)
    with app.bound_to(session, NOW):
        yield app


def desk_of(app: HotlineApp, session: Session, role: Role, at: str) -> FlaskClient:
    client = app.test_client()
    client.set_cookie("locale", "en")
    sign_in(client, session, staff=staff(session, role=role, at=at), now=NOW)
    return client


def api(app: HotlineApp, session: Session, scope: str, **query: object):
    token = add_token(session, name=f"watch {scope} {query}", scopes=[scope], unit_code="79", now=NOW)
    headers = {"Authorization": f"Bearer {token}"}
    return app.test_client().get("/api/v1/readiness", query_string=query, headers=headers)


def test_an_administrator_sees_every_unit_and_the_city_and_decides(bound: HotlineApp, session: Session) -> None:
    desk = desk_of(bound, session, Role.ADMINISTRATOR, "79")

    page = shown(desk, READINESS)
    nothing = post(desk, f"{READINESS}/live", on="2026-11-23")
    past = post(desk, f"{READINESS}/live", unit=unit(session).id, on="2020-01-01")
    ahead = post(desk, f"{READINESS}/live", unit=unit(session, "26743").id, on="2026-12-05")
    planned = shown(desk, READINESS)
    done = post(desk, f"{READINESS}/live", all="1", on="23/11/2026")

    assert "At level 4 no leader of the city would be told of a late ticket." in page
    assert f'href="{HERE}/responsibilities"' in page
    assert "Sai Gon Ward" in page and "A late ticket would tell nobody at level 1, 2, 3, 5." in page
    assert (nothing.status_code, past.status_code, ahead.status_code, done.status_code) == (400, 400, 303, 303)
    assert "live from 5 Dec" in planned
    assert "This day has passed" in past.get_data(as_text=True)
    assert f'value="{unit(session).id}" id="unit-{unit(session).id}" checked' in past.get_data(as_text=True)
    assert going_live.not_live(session, on=NOW.date()) == frozenset()


def test_a_supervisor_sees_their_own_unit_and_no_other(bound: HotlineApp, session: Session) -> None:
    desk = desk_of(bound, session, Role.SUPERVISOR, "26740")

    own = shown(desk, "/supervisor/readiness")

    assert "Readiness of Sai Gon Ward" in own and "Goes live" not in own
    assert desk.get(f"/supervisor/readiness/{unit(session, '26743').id}").status_code == 404
    assert desk.get(READINESS).status_code == 403


def test_a_test_call_is_placed_once_and_its_end_is_kept_with_its_date(bound: HotlineApp, session: Session) -> None:
    desk = desk_of(bound, session, Role.SUPERVISOR, "26740")
    [facts] = unit_facts(session, unit_ids=[unit(session).id], now=NOW)
    address = f"/supervisor/readiness/lines/{facts.lines[0].line_id}/call"

    post_here(desk, address)
    post_here(desk, address)

    [test] = session.scalars(select(LineTest)).all()
    call = session.scalars(select(OutboundMessage).where(OutboundMessage.dedup_key == test.dedup_key)).one()
    assert (call.channel, call.address, call.template) == (
        OutboundChannel.VOICE,
        facts.lines[0].phone,
        LINE_TEST_TEMPLATE,
    )
    assert not facts.lines[0].is_answered
    call.state = OutboundState.DELIVERED
    session.flush()
    [after] = unit_facts(session, unit_ids=[unit(session).id], now=NOW)
    assert after.lines[0].is_answered
    assert "somebody answered" in shown(desk, "/supervisor/readiness")


def post_here(client: FlaskClient, address: str):
    return client.post(address, data={"csrf_token": csrf_of(client, LIGHT)})


def test_programs_read_it_page_by_page_with_the_scope_of_an_administrator(bound: HotlineApp, session: Session) -> None:
    first = api(bound, session, "admin", limit=100).json
    second = api(bound, session, "admin", limit=100, cursor=first["next"]).json

    assert api(bound, session, "tickets:read").status_code == 403
    assert (len(first["items"]), second["next"]) == (100, None)
    codes = [one["unit"]["code"] for one in [*first["items"], *second["items"]]]
    assert len(codes) == len(set(codes)) > 168
    ward = next(one for one in [*first["items"], *second["items"]] if one["unit"]["code"] == "26740")
    assert (ward["live"], ward["unit"]["name"]) == (False, "Phường Sài Gòn")
    lack = next(one for one in ward["lacks"] if one["code"] == "level_reaches_nobody")
    assert lack["mended_by"] == "administrator" and "cấp 1, 2" in lack["text"]["vi"] and "level 1" in lack["text"]["en"]


def test_the_guide_knows_by_itself_what_is_done(bound: HotlineApp, session: Session) -> None:
    desk = desk_of(bound, session, Role.ADMINISTRATOR, "79")

    before = shown(desk, f"{HERE}/setting-up")
    staff(session, role=Role.AGENT), staff(session, role=Role.SUPERVISOR)
    post(desk, f"{READINESS}/live", unit=unit(session).id)
    example = city_line(session, on=NOW.date())
    own = LineFacts("+842838291022", "1022", example.office_id, is_city=True, valid_from=NOW.date())
    insert_lines(session, [own])
    after = shown(desk, f"{HERE}/setting-up")

    assert "is an example that nobody has" in before and "is an example" not in after
    assert "Nobody supervises yet." in before and "Nobody supervises yet." not in after
    assert "1 of 189 units are live." in after


def test_the_guide_gives_the_files_in_the_order_in_which_each_finds_what_it_names(
    bound: HotlineApp, session: Session
) -> None:
    desk = desk_of(bound, session, Role.ADMINISTRATOR, "79")

    page = shown(desk, f"{HERE}/setting-up")
    chosen = shown(desk, f"{HERE}/import?kind=rota")

    assert list(FILES_IN_ORDER) == [kind for kind in TABLE_KINDS if kind in FILES_IN_ORDER]
    places = [page.index(f"/administration/import/template/{kind}.xlsx") for kind in FILES_IN_ORDER]
    assert places == sorted(places)
    assert all(f'href="/administration/import?kind={kind}"' in page for kind in FILES_IN_ORDER)
    assert 'value="rota" selected' in chosen


def test_the_trial_call_says_what_to_dial_what_to_hear_and_when_it_was_heard(
    bound: HotlineApp, session: Session
) -> None:
    desk = desk_of(bound, session, Role.ADMINISTRATOR, "79")
    nothing = shown(desk, f"{HERE}/setting-up")
    example = city_line(session, on=NOW.date())
    own = LineFacts("+842838291022", "1022", example.office_id, is_city=True, valid_from=NOW.date())
    insert_lines(session, [own])
    waiting = shown(desk, f"{HERE}/setting-up")
    line = city_line(session, on=NOW.date())
    facts = {"state": CallState.ENDED, "state_since": NOW, "state_until": NOW, "arrived_at": NOW, "line_id": line.id}
    session.add(Call(account="AC1", call_sid="CA-trial", phone="+84901234567", detail={}, **facts))
    session.flush()
    heard = shown(desk, f"{HERE}/setting-up")

    assert "There is no number to dial yet" in nothing and 'hx-select="#waits"' not in nothing
    assert "Dial 028 3829 1022 from any telephone" in waiting and "You must hear: “" in waiting
    assert 'hx-select="#waits"' in waiting
    assert "We heard your call at 09:00 today" in heard and "It came in on 028 3829 1022." in heard
    assert 'hx-select="#waits"' not in heard and "90123" not in heard


def test_every_page_says_that_it_is_the_demonstration(bound: HotlineApp) -> None:
    page = bound.test_client().get("/", headers={"Accept-Language": "en"}).get_data(as_text=True)

    assert "stage-line" in page


def test_what_the_citys_desk_took_on_is_handed_over_once_its_body_is_live(bound: HotlineApp, session: Session) -> None:
    desk, here = desk_of(bound, session, Role.ADMINISTRATOR, "79"), unit(session).id
    ours = [open_ticket(session).ticket_id for _ in range(2)]
    theirs, private = open_ticket(session, unit_code="26743").ticket_id, conduct_ticket(session)
    before = shown(desk, READINESS)
    going_live.go_live(session, [here], on_day=NOW.date(), actor=staff_actor(desk_id(session)), now=NOW)
    promised = due_dates(session, ours)

    offered = shown(desk, f"/supervisor/readiness/{here}"), shown(desk, READINESS)
    done = post(desk, f"{READINESS}/hand-over", back=here)
    told = shown(desk, f"/supervisor/readiness/{here}")

    assert "Hand them over" not in before
    assert all("still has 2 open tickets that are theirs" in page for page in offered)
    assert done.status_code == 303 and "2 tickets were handed over." in told and "Hand them over" not in told
    held = [session.get_one(Ticket, ticket_id) for ticket_id in ours]
    assert {(one.unit_id, one.hop_count) for one in held} == {(here, 2)}
    assert due_dates(session, ours) == promised
    for elsewhere in (theirs, private):
        assert session.get_one(Ticket, elsewhere).hop_count == 1
    page = shown(desk_of(bound, session, Role.SUPERVISOR, "26740"), f"/console/tickets/{held[0].reference}")
    assert "The body works with the system now: its tickets are its own." in page


def test_nothing_is_sent_to_a_body_that_is_not_live_by_name_or_by_number(bound: HotlineApp, session: Session) -> None:
    ticket = session.get_one(Ticket, open_ticket(session).ticket_id)
    desk = desk_of(bound, session, Role.SUPERVISOR, "TTDH")
    page = f"/console/tickets/{ticket.reference}"

    by_name = post(desk, f"{page}/transfer", queue="Phường Bến Thành", reason="Ở bên ấy")
    with pytest.raises(InvalidInput, match="unit_not_live"):
        transfer(session, ticket.id, queue_id=queue_of(session, unit(session, "26743").id).id, reason="x",
                 actor=staff_actor(staff(session, role=Role.SUPERVISOR, at="TTDH").id), now=NOW)  # fmt: skip

    assert by_name.status_code == 400
    assert session.get_one(Ticket, ticket.id).hop_count == 1


def due_dates(session: Session, ticket_ids: list[int]) -> dict[int, datetime | None]:
    """What the citizens were promised."""
    of_resolving = select(Clock.ticket_id, Clock.due_at).where(
        Clock.ticket_id.in_(ticket_ids), Clock.kind == ClockKind.RESOLVE
    )
    return {ticket_id: due_at for ticket_id, due_at in session.execute(of_resolving)}


def conduct_ticket(session: Session) -> int:
    """Read by few; whoever judges it keeps it."""
    return open_ticket(session, body="Cán bộ phường vòi tiền mới chịu làm giấy tờ", category_code=None).ticket_id


def desk_id(session: Session) -> int:
    return staff(session, role=Role.ADMINISTRATOR, at="79").id
