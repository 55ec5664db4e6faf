"""Callers in danger, behind a bulletin, where nobody is on duty, and around the end of a talk."""

import itertools
from datetime import timedelta

from sqlalchemy import select, text

from app.clock import utc_now
from telephony.call.end import finish_talk
from telephony.call.passing_on import lock_around
from tests.app.web.provider_events.waiting.waiting_scene import call_of, in_queue, in_talk
from tests.factories import give_role, open_ticket, staff, unit
from tests.telephony.phone import Phone
from tickets.people.actor import staff_actor
from tickets.people.roles import load_viewer
from tickets.schema import Incident, RoleAssignment, Staff
from tickets.states import Role
from tickets.work import incidents
from tickets.work.incidents import WantedIncident

BULLETIN = "Khu vực mất điện, ngành điện đang sửa."
_numbers = itertools.count(1)


def in_danger(phone, committed, agent):
    """Key 2, and the numbers are being said. Danger that nobody has placed is the city's to answer."""
    return phone.ring().press("2"), {"Digits": ""}


def in_danger_while_they_wait(phone, committed, agent):
    return in_queue(phone, committed, agent)[0].press("2"), {"Digits": ""}


def at_bulletin(phone, committed, agent):
    """What many call about is being said, and one key counts them."""
    set_incident(committed, phone)
    phone.ring().press("1").speak("phường Sài Gòn, nhà tôi mất điện")
    assert BULLETIN in phone.said
    return phone, {"Digits": "1"}


def wants_a_person_after_the_bulletin(phone, committed, agent):
    return at_bulletin(phone, committed, agent)[0], {"Digits": ""}


def told_that_nobody_is_on_duty(phone, committed, agent):
    with committed.factory() as session:
        session.execute(text("update presence set state = 'offline'"))
        session.commit()
    phone.ring().press("1").speak("phường Sài Gòn")
    assert call_of(committed, phone).detail["asking"] == "nobody"
    return phone, {"Digits": ""}


def wants_a_call_where_nobody_is(phone, committed, agent):
    return told_that_nobody_is_on_duty(phone, committed, agent)[0], {"Digits": "9"}


def while_their_agent_writes_up(phone, committed, agent):
    """In the queue, and the only agent there is writes down what somebody else has told."""
    other = Phone(phone.client, phone.client.application.settings, to=phone.to, number=f"+8490777{next(_numbers):04d}")
    talk_ended_by_agent(other, committed, agent)
    other.hang_up()
    phone, heard = in_queue(phone, committed, agent)
    with committed.factory() as session:
        mine = text("select state from presence where staff_id = :agent")
        assert session.scalar(mine, {"agent": agent}) == "wrap_up"
    return phone, heard


def talk_ended_by_agent(phone, committed, agent):
    """All has been said: the agent writes it down, and the caller's bridge comes down."""
    phone, heard = in_talk(phone, committed, agent)
    with committed.factory() as session:
        call = call_of(committed, phone)
        lock_around(session, call.id)
        finish_talk(session, call.id, staff_id=agent, now=utc_now())
        session.commit()
    return phone, heard


RARER_STATES = [
    in_danger, in_danger_while_they_wait, at_bulletin, wants_a_person_after_the_bulletin, told_that_nobody_is_on_duty,
    wants_a_call_where_nobody_is, while_their_agent_writes_up, talk_ended_by_agent,
]  # fmt: skip


def answers_for_the_city(committed, agent):
    with committed.factory() as session:
        city = unit(session, "TTDH").id
        held = select(RoleAssignment.id).where(RoleAssignment.staff_id == agent, RoleAssignment.unit_id == city)
        if session.scalar(held) is None:
            give_role(session, session.get_one(Staff, agent), role=Role.AGENT, at="TTDH")
            session.commit()


def set_incident(committed, phone):
    """Once, and known to the process before anybody's call depends on it."""
    with committed.factory() as session:
        if session.scalar(select(Incident.id)) is not None:
            return
        now = utc_now()
        boss = staff(session, role=Role.SUPERVISOR, at="79")
        wanted = WantedIncident(
            master_id=open_ticket(session, subject="Mất điện", now=now).ticket_id,
            unit_ids=[unit(session, "26740").id],
            category_id=None,
            bulletin_vi=BULLETIN,
            bulletin_en="There is no electricity in this area.",
            lasts=timedelta(hours=2),
        )
        incidents.set_incident(
            session, wanted, viewer=load_viewer(session, boss.id, now=now), actor=staff_actor(boss.id), now=now
        )
        session.commit()
    for _ in range(20):
        other = Phone(phone.client, phone.client.application.settings, to=phone.to, number="anonymous")
        if "ghi âm" in other.ring().said:
            return
