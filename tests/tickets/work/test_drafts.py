"""Unsent words: kept for each person, form and thing, shown to nobody else, gone when sent, old or erased."""

from datetime import timedelta

from sqlalchemy import select

from tests.conftest import NOW
from tests.factories import open_ticket, staff, unit
from tickets.people.roles import load_viewer
from tickets.schema import Draft, Ticket
from tickets.states import DraftForm, Role
from tickets.work import drafts
from tickets.work.drafts import ABOUT_NOTHING, DRAFT_KEPT_FOR, about_call, about_ticket


def test_each_form_of_each_thing_has_a_draft_of_its_own(session):
    lan, minh = staff(session, role=Role.AGENT, at="26740"), staff(session, role=Role.AGENT, at="26740")
    ticket_id = open_ticket(session).ticket_id

    def keep(form, about, person, words):
        drafts.keep(session, form, about, staff_id=person.id, fields={"body": words}, now=NOW)

    keep(DraftForm.REPLY, about_ticket(ticket_id), lan, "Kính gửi")
    keep(DraftForm.NOTE, about_ticket(ticket_id), lan, "Gọi lại")
    keep(DraftForm.NEW, ABOUT_NOTHING, lan, "Đèn tắt")
    keep(DraftForm.NEW, about_call(7), lan, "Cống nghẹt")
    keep(DraftForm.REPLY, about_ticket(ticket_id), minh, "Chào ông")
    keep(DraftForm.REPLY, about_ticket(ticket_id), lan, "Kính gửi ông An")

    def kept(form, about, person):
        return drafts.kept(session, form, about, staff_id=person.id).get("body")

    assert kept(DraftForm.REPLY, about_ticket(ticket_id), lan) == "Kính gửi ông An"
    assert kept(DraftForm.NOTE, about_ticket(ticket_id), lan) == "Gọi lại"
    assert kept(DraftForm.NEW, ABOUT_NOTHING, lan) == "Đèn tắt"
    assert kept(DraftForm.NEW, about_call(7), lan) == "Cống nghẹt"
    assert kept(DraftForm.NEW, about_call(8), lan) is None
    assert kept(DraftForm.REPLY, about_ticket(ticket_id), minh) == "Chào ông"


def test_a_form_in_which_nothing_stands_any_more_is_no_draft(session):
    lan = staff(session, role=Role.AGENT, at="26740")
    drafts.keep(session, DraftForm.NEW, ABOUT_NOTHING, staff_id=lan.id, fields={"body": "Đèn"}, now=NOW)

    drafts.keep(session, DraftForm.NEW, ABOUT_NOTHING, staff_id=lan.id, fields={"body": " ", "place": ""}, now=NOW)

    assert session.scalars(select(Draft)).all() == []


def test_whoever_may_no_longer_see_a_ticket_is_not_reminded_of_it(session):
    lan = staff(session, role=Role.AGENT, at="26740")
    ticket_id = open_ticket(session).ticket_id
    drafts.keep(session, DraftForm.REPLY, about_ticket(ticket_id), staff_id=lan.id, fields={"body": "Kính"}, now=NOW)
    drafts.keep(session, DraftForm.NEW, about_call(7), staff_id=lan.id, fields={"body": "Đèn"}, now=NOW)
    viewer = load_viewer(session, lan.id, now=NOW)
    assert viewer is not None
    before = [(draft.form, draft.call_id) for draft in drafts.unsent(session, viewer)]

    ticket = session.get_one(Ticket, ticket_id)
    ticket.unit_id = ticket.coordinating_unit_id = unit(session, "26824").id
    session.flush()

    assert sorted(before) == [(DraftForm.NEW, 7), (DraftForm.REPLY, None)]
    assert [draft.form for draft in drafts.unsent(session, viewer)] == [DraftForm.NEW]


def test_a_draft_nobody_came_back_to_is_forgotten(session):
    lan = staff(session, role=Role.AGENT, at="26740")
    drafts.keep(
        session, DraftForm.NEW, ABOUT_NOTHING, staff_id=lan.id, fields={"body": "cũ"}, now=NOW - DRAFT_KEPT_FOR * 2
    )
    drafts.keep(session, DraftForm.NEW, about_call(7), staff_id=lan.id, fields={"body": "mới"}, now=NOW)

    drafts.forget_old_drafts(session, now=NOW + timedelta(seconds=1))

    assert session.scalars(select(Draft.about)).all() == ["call:7"]


def test_a_draft_is_erased_with_its_ticket(session):
    lan = staff(session, role=Role.AGENT, at="26740")
    ticket_id = open_ticket(session).ticket_id
    drafts.keep(session, DraftForm.REPLY, about_ticket(ticket_id), staff_id=lan.id, fields={"body": "Kính"}, now=NOW)

    on_delete = {key.column.table.name: key.ondelete for key in Draft.__table__.foreign_keys}

    assert on_delete == {"ticket": "CASCADE", "staff": "CASCADE"}
