"""Numbers and names in the shape people read them, static addresses that change with their files."""

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from app.web.frame.application import HotlineApp
from app.web.frame.assets import asset
from app.web.frame.presentation import initials, iso
from app.wording.reference_groups import grouped_reference
from tickets.people.phones import readable_phone


def test_a_reference_is_grouped_as_it_is_read_aloud() -> None:
    assert grouped_reference("2600421733") == "26 0042 1733"
    assert grouped_reference("26004217") == "2600 4217"
    assert grouped_reference("4821") == "4821"
    assert grouped_reference("not a reference") == "not a reference"


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("+84901234567", "090 123 4567"),
        ("+842838271022", "028 3827 1022"),
        ("+12025550123", "+12025550123"),
        ("+841022", "01022"),
        ("113", "113"),
        (None, ""),
    ],
)
def test_a_phone_number_is_written_as_people_here_write_it(phone: str | None, shown: str) -> None:
    assert readable_phone(phone) == shown


def test_an_avatar_takes_the_first_and_last_word_of_a_name() -> None:
    assert initials("Nguyễn Thị Lan") == "NL"
    assert initials("đức") == "Đ"
    assert initials("  ") == "?"


def test_an_instant_for_machines_is_utc() -> None:
    at = datetime(2026, 11, 23, 9, 0, tzinfo=timezone(timedelta(hours=7)))

    assert iso(at) == iso(at.astimezone(UTC)) == "2026-11-23T02:00:00Z"


def test_the_address_of_a_static_file_carries_its_fingerprint(app: HotlineApp) -> None:
    with app.test_request_context():
        address = asset("css/public.css")

        assert re.fullmatch(r"/static/css/public\.[0-9a-f]{12}\.css", address)
        assert app.test_client().get(address).status_code == 200
        with pytest.raises(FileNotFoundError):
            asset("css/missing.css")
