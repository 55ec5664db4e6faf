"""A caller's telephone, for every test of the phone's doors."""

import pytest
from sqlalchemy import select

from tests.telephony.phone import Phone
from tickets.schema import (
    Line,
)


@pytest.fixture
def city_line(session):
    return session.scalars(select(Line).where(Line.is_city)).first().phone


@pytest.fixture
def phone(client, settings, city_line):
    return Phone(client, settings, to=city_line)
