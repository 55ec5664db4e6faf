"""`doctor` says that nothing leaves or fires: all else may be well while a carrier answers 500 to everything."""

from datetime import timedelta

import pytest

from app.cli.work_findings import work_findings
from app.processes.signs_of_life import database_now
from app.settings import Settings
from app.storage.database import transaction
from tests.conftest import Committed
from tests.escalation.scene import ticket, ward
from tickets.outbox.posting import post_sms
from tickets.outbox.troubles import note_refused
from tickets.states import OutboundChannel, Priority


def told(committed: Committed, settings: Settings) -> list[tuple[str, str]]:
    there = settings.model_copy(update={"database_url": committed.engine.url.render_as_string(hide_password=False)})
    return [(one.verdict, one.words.partition(" ")[0]) for one in work_findings(there)]


@pytest.mark.parametrize("what", ["outbox", "sending_account", "escalation"])
def test_what_does_not_leave_or_fire_is_told_with_what_to_do(
    committed: Committed, settings: Settings, what: str
) -> None:
    before = told(committed, settings)
    with transaction(committed.factory) as session:
        now = database_now(session)
        past = now - timedelta(seconds=46)
        if what == "outbox":
            post_sms(
                session, to="+84901234567", template="ticket_resolved", params={}, locale="vi", dedup_key="late",
                is_urgent=True, now=past,
            )  # fmt: skip
        elif what == "sending_account":
            note_refused(session, OutboundChannel.SMS, account="main", code="20003", error="", now=now)
        else:
            ticket(session, ward(session), arrived_at=now - timedelta(hours=30), priority=Priority.URGENT)

    assert before == [("ok", "levels")]
    assert told(committed, settings) == [("failed", what)]
