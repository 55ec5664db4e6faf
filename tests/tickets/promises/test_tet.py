"""Tết 2026 and 2027 by the calendars that are shipped, each date counted by hand (R1, R22).

An office day is 07:30–11:30 and 13:00–17:00. Off are Monday 16 to Friday 20 February 2026; Friday 5 and Monday 8 to
Thursday 11 February 2027; 1 and 2 January 2026, for which Saturday the 10th is worked.
"""

import pytest
from sqlalchemy.orm import Session

from tests.tickets.promises.test_calendar import local
from tickets.promises.calendar import add
from tickets.promises.loading import load_rulebook

BY_HAND = [
    # Half an hour of Friday the 13th, and three and a half of the first Monday after it.
    ("working", "2026-02-13 16:30", 4, "2026-02-23 11:00"),
    ("working", "2026-02-12 08:00", 40, "2026-02-26 08:00"),
    # In the middle of the days off, and in their last minute.
    ("working", "2026-02-18 10:00", 8, "2026-02-23 17:00"),
    ("working", "2026-02-22 23:59", 4, "2026-02-23 11:30"),
    # An emergency of New Year's night waits for nobody.
    ("24x7", "2026-02-17 00:30", 4, "2026-02-17 04:30"),
    ("working", "2025-12-31 17:00", 8, "2026-01-05 17:00"),
    # The Saturday that makes up for 2 January.
    ("working", "2026-01-09 16:00", 8, "2026-01-10 16:00"),
    # An hour of Thursday the 4th, and seven of Friday the 12th.
    ("working", "2027-02-04 16:00", 8, "2027-02-12 16:00"),
    ("working", "2027-02-03 13:00", 16, "2027-02-12 11:30"),
    # Friday the 12th and the four working days after the weekend.
    ("working", "2027-02-09 10:00", 40, "2027-02-18 17:00"),
    ("24x7", "2027-02-06 00:00", 24, "2027-02-07 00:00"),
]


@pytest.mark.parametrize(("calendar", "begins", "hours", "due"), BY_HAND)
def test_r22_what_is_promised_over_tet_is_due_when_a_person_counts_it(
    session: Session, calendar: str, begins: str, hours: int, due: str
) -> None:
    shipped = load_rulebook(session).newest_calendars[calendar]

    assert add(shipped, local(begins), hours * 3600) == local(due)
