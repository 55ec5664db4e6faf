"""What a process keeps between requests, and what that costs the requests."""

import gc
from datetime import datetime

from sqlalchemy.orm import Session

from app.reference import Reference
from tests.factories import KEYS
from tickets.directory.places import resolve


def test_a_full_collection_does_not_walk_the_places_again(session: Session, now: datetime) -> None:
    reference = Reference(KEYS)

    places = reference.places(session, on=now.date())

    walked = len(gc.get_objects())
    assert resolve(places, "phường Bến Nghé quận 1", on=now.date()).candidates
    assert walked < gc.get_freeze_count() / 10
