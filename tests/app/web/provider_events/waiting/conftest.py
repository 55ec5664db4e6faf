"""A web process on a database of its own, a telephone that rings it, and an agent who is ready."""

import pytest
from sqlalchemy import select

from app.clock import utc_now
from app.settings import Settings
from app.web.factory import create_app
from telephony.floor import presence
from tests.app.web.provider_events.waiting.waiting_scene import SECRET, door_of
from tests.factories import staff
from tests.telephony.phone import Phone
from tickets.schema import Line
from tickets.states import Role


@pytest.fixture
def own_settings(committed, tmp_path):
    return Settings(
        database_url=committed.url,
        redis_url=committed.redis_url,
        secret_key=SECRET,
        public_base_url="http://127.0.0.1:8000",
        data_dir=tmp_path,
        demo=True,
        _env_file=None,
    )


@pytest.fixture
def app(own_settings):
    return create_app(own_settings)


@pytest.fixture
def phone(app, own_settings, committed):
    with committed.factory() as session:
        line = session.scalars(select(Line).where(Line.is_city)).first().phone
    # The first request of a process reads places and rules; that is not what is told here.
    Phone(app.test_client(), own_settings, to=line, number="anonymous").post("amd-status")
    door_of(app)
    warm = Phone(app.test_client(), own_settings, to=line, number="anonymous")
    while "ghi âm" not in (warm.ring().said):
        warm = Phone(app.test_client(), own_settings, to=line, number="anonymous")
    return Phone(app.test_client(), own_settings, to=line)


@pytest.fixture
def agent(committed):
    with committed.factory() as session:
        person = staff(session, role=Role.AGENT, at="26740", languages=["vi", "en"]).id
        presence.go_available(session, person, now=utc_now())
        session.commit()
    return person
