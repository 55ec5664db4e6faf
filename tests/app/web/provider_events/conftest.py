"""A caller's telephone, and what many call about, for every test of the phone's doors."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.app.web.provider_events.voice_scene import BULLETIN
from tests.factories import open_ticket, staff, unit
from tests.telephony.phone import Phone
from tickets.people.actor import staff_actor
from tickets.people.roles import load_viewer
from tickets.schema import Line
from tickets.states import Role
from tickets.work import incidents
from tickets.work.incidents import WantedIncident


@pytest.fixture
def city_line(session):
    return session.scalars(select(Line).where(Line.is_city)).first().phone


@pytest.fixture
def phone(client, settings, city_line):
    return Phone(client, settings, to=city_line)


@pytest.fixture
def set_incident(session, now):
    boss = staff(session, role=Role.SUPERVISOR, at="79")

    def set_one(*, units=("26740",), **more):
        master = open_ticket(session, subject="Mất điện", now=now)
        wanted = WantedIncident(
            master_id=master.ticket_id,
            unit_ids=[unit(session, code).id for code in units],
            category_id=more.pop("category_id", None),
            bulletin_vi=BULLETIN,
            bulletin_en="There is no electricity in this area.",
            lasts=timedelta(hours=2),
            **more,
        )
        viewer = load_viewer(session, boss.id, now=now)
        return incidents.set_incident(session, wanted, viewer=viewer, actor=staff_actor(boss.id), now=now)

    set_one.viewer = lambda: load_viewer(session, boss.id, now=now)
    set_one.actor = staff_actor(boss.id)
    return set_one
