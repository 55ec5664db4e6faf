"""Two people who share a telephone: neither is taken for the other, nor told of the other's matter."""

import pytest

from app.wording.spoken_words import in_digit_groups
from tests.app.web.provider_events.calling_back_scene import City
from tests.app.web.provider_events.voice_scene import agent_at, ticket_of

LANDLINE, MOBILE = "+842838221234", "+84901234567"


@pytest.fixture
def city(app, session, settings, city_line, now, client):
    return City(app, session, settings, city_line, now)


def asks_about(city, words, number):
    """Somebody whom nobody can answer now says what it is about, and asks to be called back."""
    return city.phone(number).ring().press("1").speak(words).press("9").press("1").hang_up()


def two_matters(city, number):
    first = asks_about(city, "phường Sài Gòn, rác không ai lấy", number)
    city.later(minutes=20)
    second = asks_about(city, "phường Sài Gòn, đèn đường hỏng", number)
    return ticket_of(city.session, first), ticket_of(city.session, second)


def greeting_of(city, number):
    agent_at(city.session, city.now)
    city.sweep()
    return city.rings(number).row.text


def test_whoever_picks_up_a_shared_telephone_is_told_no_other_persons_reference(city):
    one, other = two_matters(city, LANDLINE)
    assert one.id != other.id

    said = greeting_of(city, LANDLINE)

    assert in_digit_groups(one.reference) not in said and in_digit_groups(other.reference) not in said


def test_the_one_matter_of_a_shared_telephone_is_named(city):
    only = ticket_of(city.session, asks_about(city, "phường Sài Gòn, rác không ai lấy", LANDLINE))

    assert in_digit_groups(only.reference) in greeting_of(city, LANDLINE)


def test_a_mobile_is_one_persons_and_hears_its_reference(city):
    one, _other = two_matters(city, MOBILE)

    assert in_digit_groups(one.reference) in greeting_of(city, MOBILE)
