"""No page leads anybody to a page that they may not open: every link of every role's own pages is followed."""

import re
from datetime import datetime
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.factories import open_ticket, unit
from tests.signing_in import sign_in
from tickets.states import Role

_CITY = {Role.CITY_OFFICE, Role.ADMINISTRATOR, Role.AUDITOR}
_MOST = 60
# What a page leads out of the application's pages by, and what answers by what is sent.
_ELSEWHERE = re.compile(r"/(static|api|sign-|preferences|tel:)|//")


def _links(page: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'<a\b[^>]*\shref="(/[^"#]*)', page)]


def _kind(address: str) -> str:
    return re.sub(r"\d+", "N", address.partition("?")[0])


@pytest.mark.parametrize("role", list(Role))
def test_every_link_opens(client: FlaskClient, session: Session, now: datetime, role: Role) -> None:
    open_ticket(session)
    sign_in(client, session, role=role, unit=unit(session, "79" if role in _CITY else "26740"), now=now)
    session.commit()
    waiting, seen, refused = ["/", "/console"], set(), {}

    while waiting and len(seen) < _MOST:
        address = waiting.pop(0)
        if _kind(address) in seen or _ELSEWHERE.match(address):
            continue
        seen.add(_kind(address))
        answer = client.get(address, follow_redirects=True)
        if answer.status_code >= 400 and address != "/console":
            refused[address] = answer.status_code
        if answer.mimetype == "text/html":
            waiting += _links(answer.get_data(as_text=True))

    assert len(seen) > 5
    assert refused == {}
