"""A worker's belongings on a database of its own, with a clock that the test sets."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from app.delivery.deliver import Delivery, deliver_due
from app.settings import Settings
from app.storage.database import transaction
from app.wording.messages import message_app
from tests.conftest import NOW, Committed
from tickets.outbox.posting import post_sms
from tickets.schema import OutboundMessage
from tickets.states import OutboundChannel

SMS = (OutboundChannel.SMS, OutboundChannel.VOICE)
PHONE = "+84901234567"


class Office:
    def __init__(self, committed: Committed, settings: Settings, **changed: object) -> None:
        self.now: datetime = NOW
        self.factory = committed.factory
        chosen = settings.model_copy(update={"database_url": committed.url, **changed})
        self.delivery = Delivery(
            chosen,
            committed.factory,
            message_app(chosen),
            "worker:test",
            lambda _session: self.now,
            ThreadPoolExecutor(4),
        )

    def post_sms(self, key: str = "k", **more: object) -> int:
        wanted = {"to": PHONE, "template": "ticket_opened", "params": {"reference": "2600421733"}, "locale": "vi"}
        with transaction(self.factory) as session:
            return post_sms(session, dedup_key=key, now=self.now, **{**wanted, **more})

    def deliver(self, *channels: OutboundChannel) -> int:
        return deliver_due(self.delivery, channels or SMS)

    def message(self, message_id: int) -> OutboundMessage:
        with self.factory() as session:
            return session.get_one(OutboundMessage, message_id)
