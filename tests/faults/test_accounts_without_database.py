"""Accounts kept as rows while PostgreSQL is killed: believed by who runs, and by who starts meanwhile."""

import pytest
import requests

from telephony.provider.signatures import sign
from tests.faults.breakable import Place, call_form
from tests.faults.nodes import wait_until
from tests.telephony.provider.account_rows import add

pytestmark = pytest.mark.fault

TOKENS = {"trunk-1": "token-of-the-first", "trunk-2": "token-of-the-second"}


def ring(place: Place, account: str, number: int, *, token: str = "") -> requests.Response:
    url = f"{place.base_url}/webhooks/{account}/voice"
    form = call_form(number)
    headers = {"X-Twilio-Signature": sign(token or TOKENS[account], url, form)}
    return requests.post(url, data=form, headers=headers, timeout=20)


def answers(place: Place, number: int) -> tuple[list[int], list[int]]:
    """What a call at each account is answered, and what one is that the other's token signed."""
    genuine = [ring(place, one, number + n) for n, one in enumerate(TOKENS)]
    crossed = [ring(place, one, number + n, token=TOKENS[other]).status_code
               for n, (one, other) in enumerate(zip(TOKENS, reversed(TOKENS), strict=True))]  # fmt: skip
    assert all(answer.content.startswith(b"<?xml") for answer in genuine if answer.ok)
    return [answer.status_code for answer in genuine], crossed


def test_each_accounts_calls_are_believed_with_the_database_killed_and_after_a_restart_without_it(place: Place) -> None:
    place.start_web()
    with place.factory() as session:
        for name, token in TOKENS.items():
            add(session, place.settings, name, token=token)
        session.commit()
    assert wait_until(lambda: answers(place, 1) == ([200, 200], [403, 403]), seconds=10), "known without a restart"

    place.kill_postgres()
    running = answers(place, 11)
    place.stop_web()
    place.start_web()
    started_meanwhile = answers(place, 21)
    place.revive()

    assert running == started_meanwhile == ([200, 200], [403, 403])
