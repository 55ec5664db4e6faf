from datetime import timedelta

import pytest

from tests.factories import KEYS, open_ticket
from tickets.keys import Keys, keys_from
from tickets.people.pins import check_pin, forget_old_failures, pin_of
from tickets.people.references import reference_of


def wrong(pin: str) -> str:
    return f"{(int(pin) + 1) % 1_000_000:06d}"


def test_reference_and_pin_together_open_the_ticket(session, now):
    opened = open_ticket(session, now=now)

    checked = check_pin(session, reference=opened.reference, pin=opened.pin, asker="a phone", keys=KEYS, now=now)

    assert checked.ticket_id == opened.ticket_id
    assert len(opened.pin) == 6


def test_a_wrong_pin_and_an_unknown_reference_look_alike(session, now):
    opened = open_ticket(session, now=now)
    nobodys = reference_of(9_999_999, year=2026, keys=KEYS)

    for_a_wrong_pin = check_pin(
        session, reference=opened.reference, pin=wrong(opened.pin), asker="a phone", keys=KEYS, now=now
    )
    for_an_unknown_one = check_pin(session, reference=nobodys, pin="123456", asker="a phone", keys=KEYS, now=now)

    assert for_a_wrong_pin == for_an_unknown_one
    assert for_a_wrong_pin.ticket_id is None


@pytest.mark.parametrize("exists", [True, False])
def test_five_failures_lock_a_reference_for_fifteen_minutes_whether_it_exists_or_not(session, now, exists):
    opened = open_ticket(session, now=now)
    reference = opened.reference if exists else reference_of(9_999_999, year=2026, keys=KEYS)
    bad = wrong(opened.pin)

    answers = [check_pin(session, reference=reference, pin=bad, asker="a phone", keys=KEYS, now=now) for _ in range(6)]

    assert [a.is_locked for a in answers] == [False] * 5 + [True]
    assert answers[-1].locked_until == now + timedelta(minutes=15)


def test_the_right_pin_does_not_open_a_locked_reference_until_the_lock_ends(session, now):
    opened = open_ticket(session, now=now)
    for _ in range(6):
        check_pin(session, reference=opened.reference, pin=wrong(opened.pin), asker="a phone", keys=KEYS, now=now)

    at_once = check_pin(session, reference=opened.reference, pin=opened.pin, asker="a phone", keys=KEYS, now=now)
    later = check_pin(
        session, reference=opened.reference, pin=opened.pin, asker="a phone", keys=KEYS, now=now + timedelta(minutes=16)
    )

    assert at_once.is_locked
    assert later.ticket_id == opened.ticket_id


def test_a_stranger_locks_the_reference_for_themselves_and_not_for_its_citizen(session, now):
    opened = open_ticket(session, now=now)
    for _ in range(6):
        stranger = check_pin(
            session, reference=opened.reference, pin=wrong(opened.pin), asker="203.0.113.7", keys=KEYS, now=now
        )

    citizen = check_pin(session, reference=opened.reference, pin=opened.pin, asker="192.0.2.9", keys=KEYS, now=now)

    assert stranger.is_locked
    assert citizen.ticket_id == opened.ticket_id


def test_guesses_from_very_many_addresses_lock_the_reference_for_everybody(session, now):
    opened = open_ticket(session, now=now)
    for number in range(61):
        check_pin(
            session, reference=opened.reference, pin=wrong(opened.pin), asker=f"192.0.2.{number}", keys=KEYS, now=now
        )

    assert check_pin(
        session, reference=opened.reference, pin=opened.pin, asker="203.0.113.7", keys=KEYS, now=now
    ).is_locked


def test_a_success_forgets_the_failures_before_it(session, now):
    opened = open_ticket(session, now=now)
    for _ in range(4):
        check_pin(session, reference=opened.reference, pin=wrong(opened.pin), asker="a phone", keys=KEYS, now=now)
    check_pin(session, reference=opened.reference, pin=opened.pin, asker="a phone", keys=KEYS, now=now)

    again = [
        check_pin(session, reference=opened.reference, pin="000000", asker="a phone", keys=KEYS, now=now)
        for _ in range(4)
    ]

    assert not any(a.is_locked for a in again)


def test_a_rotated_key_still_opens_what_the_one_before_made(session, now):
    opened = open_ticket(session, now=now)
    rotated = Keys(KEYS.reference, (keys_from("the-key-of-next-year-is-this-one").pin[0], *KEYS.pin))

    assert check_pin(
        session, reference=opened.reference, pin=opened.pin, asker="a phone", keys=rotated, now=now
    ).ticket_id


def test_another_ticket_with_the_same_salt_has_another_pin():
    assert pin_of(KEYS, b"salt", "2600421733") != pin_of(KEYS, b"salt", "2600421734")


def test_guards_of_yesterday_are_swept_away(session, now):
    opened = open_ticket(session, now=now)
    check_pin(session, reference=opened.reference, pin=wrong(opened.pin), asker="a phone", keys=KEYS, now=now)

    assert forget_old_failures(session, now=now + timedelta(days=2)) >= 1
