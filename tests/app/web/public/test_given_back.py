"""A date that moved because we were away: the citizen reads why, and to when; what is broken stays broken (R16, A1)."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.web.frame.application import HotlineApp
from escalation.firing.sweep import note_late
from tests.app.web.public.test_track import enter, followed, opened
from tests.tickets.promises.test_crediting import approved, give_back
from tickets.states import ClockKind

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en", "Our service was interrupted. That time is given back to the deadline: settled now by"),
        ("vi", "Hệ thống của chúng tôi bị gián đoạn nên thời gian đó được cộng bù; thời hạn giải quyết nay là"),
    ],
)
def test_the_page_says_why_the_date_moved(
    client: FlaskClient, app: HotlineApp, session: Session, now, locale: str, words: str
) -> None:
    ticket = opened(app, session, arrived_at=now - HOUR, locale=locale)
    enter(client, ticket)
    client.set_cookie("locale", locale)
    before = followed(client)

    approved(session, now - HOUR, now + 24 * HOUR, now=now)
    give_back(session, now=now)
    page = followed(client)

    assert words not in before
    assert page.count(words) == 1, "said once, and not for promises that nobody outside was told of"


def test_nothing_is_said_where_no_date_moved(client: FlaskClient, app: HotlineApp, session: Session, now) -> None:
    broken = opened(app, session, arrived_at=now - 600 * HOUR)
    client.set_cookie("locale", "en")
    enter(client, broken)
    while note_late(session, now=now):
        pass

    approved(session, now - HOUR, now + HOUR, now=now, kinds=(ClockKind.RESOLVE,))
    give_back(session, now=now)

    page = followed(client)

    assert "Our service was interrupted" not in page
    assert "overdue" in page
