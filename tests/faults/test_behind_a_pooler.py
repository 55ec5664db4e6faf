"""Every process works behind a PgBouncer in transaction mode, whose few connections it shares with all others."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from app.cli.installation_findings import findings
from app.storage.database import transaction
from tests.faults.breakable import Carrier, Place, sms_form
from tests.faults.logged import logged
from tests.faults.nodes import alive, wait_until
from tests.faults.pooler import pooled
from tests.faults.test_escalation_exactly_once import due_soon
from tests.faults.test_line_swallowed import answers, unfired
from tickets.outbox.posting import post_email
from tickets.schema import InboundSms, OutboundMessage

pytestmark = pytest.mark.fault


def test_pages_texts_messages_and_levels_go_through_it(place: Place, carrier: Carrier):
    with pooled(place.settings.database_url) as [url]:
        settings = place.settings.model_copy(update={"database_url": url})
        with logged(settings, "web", "worker", "scheduler") as node:
            assert wait_until(lambda: alive(place.factory, "scheduler") + alive(place.factory, "worker") == 2)
            assert wait_until(lambda: answers(f"{settings.base_url}/directory"))
            with transaction(place.factory) as session:
                due_soon(session, count=3, first_in=0, apart=0.5, spread=1, seed=3)
                post_email(
                    session, to="a@b.vn", template="ticket_opened", params={"reference": "2600421733"}, locale="vi",
                    dedup_key="k", now=datetime.now(UTC) - timedelta(seconds=1),
                )  # fmt: skip

            texts = [carrier.post("sms", sms_form(n, "Cống nghẹt ở phường Sài Gòn")).status_code for n in range(12)]
            fired = wait_until(lambda: unfired(place) == 0)
            sent = wait_until(
                lambda: not waiting(place, OutboundMessage.dedup_key == "k", OutboundMessage.attempts == 0)
            )
            told = [finding for finding in findings(settings) if finding.subject == "connections"]

    assert set(texts) == {200}
    assert (fired, sent) == (True, True)
    assert [finding.verdict for finding in told] == ["ok"]
    assert "pool of transactions" in told[0].words
    assert waiting(place, InboundSms.id > 0) == 12
    for one in node.values():
        assert "prepared statement" not in one.words


def waiting(place: Place, *conditions) -> int:
    with place.factory() as session:
        return session.scalar(select(func.count()).where(*conditions)) or 0
