"""The keys of somebody whom the hotline called to report a level: 1 acknowledges (R20), 0 says it again."""

from datetime import datetime
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from app.wording.spoken_words import speak
from escalation.acknowledging.acknowledge import acknowledge
from telephony.plan.prompts import Prompt
from telephony.provider.account import ProviderAccount
from telephony.provider.drivers import driver_of
from telephony.provider.event_keys import NOTICE_STEP
from telephony.provider.held_turn import DEFAULT_LOCALE, LOCALE
from telephony.provider.notice_document import last_words, notice_document
from telephony.provider.webhook_inbox import Webhook, WebhookAnswer
from tickets.errors import HotlineError
from tickets.schema import OutboundMessage
from tickets.states import OutboundChannel
from tickets.typed_text import typed_number

ACKNOWLEDGE = "1"


def first_document(message_id: int, text: str, *, locale: str, account: ProviderAccount, base_url: str) -> str:
    """What the call says; made whole when it is placed, so that it is said even while no web process answers."""
    spoken = {} if locale == DEFAULT_LOCALE else {LOCALE: locale}
    query = urlencode({"m": message_id, **spoken})
    action = f"{base_url}/webhooks/{account.name}/{NOTICE_STEP}?{query}"
    return notice_document(text, locale=locale, action=action, capabilities=account.capabilities)


def answer_key(
    session: Session, webhook: Webhook, *, account: ProviderAccount, base_url: str, now: datetime
) -> WebhookAnswer:
    """The next document; `m` in the address, which we had signed for, names the message that was read out."""
    row = _message(session, webhook.query.get("m", ""))
    if row is None:
        return WebhookAnswer(200, driver_of(account).nothing_to_do)
    if webhook.form.get("keys") != ACKNOWLEDGE:
        again = first_document(row.id, row.text or "", locale=row.locale, account=account, base_url=base_url)
        return WebhookAnswer(200, again)
    said = Prompt.NOTICE_ACKNOWLEDGED if _acknowledged(session, row, now=now) else Prompt.NOTICE_OUTDATED
    words = speak(said, {}, row.locale)
    return WebhookAnswer(200, last_words(words, locale=row.locale, capabilities=account.capabilities))


def _message(session: Session, number: str) -> OutboundMessage | None:
    row_id = typed_number(number)
    row = session.get(OutboundMessage, row_id) if row_id is not None else None
    if row is None or row.channel is not OutboundChannel.VOICE or row.staff_id is None or "step_id" not in row.params:
        return None
    return row


def _acknowledged(session: Session, row: OutboundMessage, *, now: datetime) -> bool:
    assert row.staff_id is not None  # noqa: S101 - `_message` has looked
    try:
        with session.begin_nested():
            acknowledge(session, int(row.params["step_id"]), staff_id=row.staff_id, via="keypad", now=now)
    except HotlineError:
        return False
    return True
