"""Calls by which the hotline reports a level: how they end, and the keys pressed in them.

1 acknowledges, 2 passes up, 3 has the unit report (R20), 0 says it again. A call is no message until somebody has heard
it: what rang, was busy or went to a voicemail has not arrived, and the level goes on to call again (A3).
"""

from collections.abc import Mapping
from datetime import datetime
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from app.settings import Settings
from app.wording.raised_words import instruction_by_key
from app.wording.spoken_words import speak
from escalation.acknowledging.acknowledge import acknowledge
from escalation.acknowledging.locked_level import is_settled
from escalation.acknowledging.pass_up import NothingAbove, pass_up
from telephony.plan.prompts import Prompt
from telephony.provider.account import ProviderAccount
from telephony.provider.drivers import driver_of
from telephony.provider.event_keys import NOTICE_STEP
from telephony.provider.held_turn import DEFAULT_LOCALE, LOCALE
from telephony.provider.notice_document import last_words, notice_document
from telephony.provider.webhook_inbox import Webhook, WebhookAnswer
from tickets.errors import HotlineError
from tickets.outbox import night_checks, posting
from tickets.outbox.gathering import GATHERED_TEMPLATE
from tickets.outbox.line_tests import LINE_TEST_TEMPLATE
from tickets.outbox.overtaken import NIGHT_TEMPLATE
from tickets.schema import OutboundMessage
from tickets.states import NotHeard, OutboundChannel, OutboundState
from tickets.typed_text import typed_number
from tickets.work import incident_people
from tickets.work.incident_people import OVER_TEMPLATE

ACKNOWLEDGE, PASS_UP, INSTRUCT = "1", "2", "3"
# Whoever hung up sooner has not heard what it was about.
HEARD_SECONDS = 5
_NOT_OVER = (OutboundState.WAITING, OutboundState.CLAIMED, OutboundState.SENT)
# What a call comes to, as the outbox says it of any message: its state, and the reason of what did not arrive.
_ON_THE_WAY = {
    "queued": "queued",
    "initiated": "queued",
    "ringing": "sending",
    "in-progress": "sent",
    "answered": "sent",
}
_NOT_ANSWERED = {
    "busy": NotHeard.BUSY,
    "no-answer": NotHeard.NO_ANSWER,
    "failed": NotHeard.CALL_FAILED,
    "canceled": NotHeard.CALL_FAILED,
}


def first_document(message_id: int, text: str, *, locale: str, account: ProviderAccount, base_url: str) -> str:
    """What the call says; made whole when it is placed, so that it is said even while no web process answers."""
    spoken = {} if locale == DEFAULT_LOCALE else {LOCALE: locale}
    query = urlencode({"m": message_id, **spoken})
    action = f"{base_url}/webhooks/{account.name}/{NOTICE_STEP}?{query}"
    return notice_document(text, locale=locale, action=action, capabilities=account.capabilities)


def answer_key(
    session: Session, webhook: Webhook, *, account: ProviderAccount, settings: Settings, now: datetime
) -> WebhookAnswer:
    """The next document; `m` in the address, which we had signed for, names the message that was read out."""
    row = _message(session, webhook.query.get("m", ""))
    if row is None:
        return WebhookAnswer(200, driver_of(account).nothing_to_do)
    key = webhook.form.get("keys")
    if key:
        _heard(session, webhook, row, now=now)
    if key is None or key not in _keys_of(row):
        again = first_document(row.id, row.text or "", locale=row.locale, account=account, base_url=settings.base_url)
        return WebhookAnswer(200, again)
    said = _said_to(session, row, key, settings=settings, now=now)
    words = speak(said, {}, row.locale)
    if said is Prompt.NOTICE_NOTHING_ABOVE:
        # Nothing is recorded yet: whoever is at the top of the chain can still answer for it in this call.
        words = first_document(
            row.id, f"{words} {row.text or ''}", locale=row.locale, account=account, base_url=settings.base_url
        )
        return WebhookAnswer(200, words)
    return WebhookAnswer(200, last_words(words, locale=row.locale, capabilities=account.capabilities))


def _keys_of(row: OutboundMessage) -> tuple[str, ...]:
    """What the words of the call name; after any other key they are said again."""
    if row.template == NIGHT_TEMPLATE:
        return night_checks.HERE_KEY, night_checks.NOT_OURS_KEY
    # What was to be passed up when it was written may have come since: that is said after the key.
    is_top = "next_level" in row.params and row.params["next_level"] is None
    return (ACKNOWLEDGE, INSTRUCT) if is_top else (ACKNOWLEDGE, PASS_UP, INSTRUCT)


def _said_to(session: Session, row: OutboundMessage, key: str, *, settings: Settings, now: datetime) -> Prompt:
    """A list is heard, and each of its levels is answered where it can be read."""
    if row.template == NIGHT_TEMPLATE:
        night_checks.note_key(session, row, key, now=now)
        return Prompt.LINE_TEST_HEARD if key == night_checks.HERE_KEY else Prompt.NIGHT_WRONG
    if row.template == LINE_TEST_TEMPLATE:
        return Prompt.LINE_TEST_HEARD
    if row.template == OVER_TEMPLATE:
        return Prompt.INCIDENT_HEARD
    if row.template == GATHERED_TEMPLATE:
        return Prompt.NOTICE_HEARD
    return _answer_to_level(session, row, key, settings=settings, now=now)


def _answer_to_level(session: Session, row: OutboundMessage, key: str, *, settings: Settings, now: datetime) -> Prompt:
    if is_settled(session, int(row.params["step_id"])):
        return Prompt.NOTICE_OUTDATED
    if key == PASS_UP:
        return _pass_up(session, row, now=now)
    words = instruction_by_key(settings) if key == INSTRUCT else ""
    return _acknowledge(session, row, words, now=now)


def note_call(session: Session, webhook: Webhook, *, now: datetime) -> None:
    """The provider's word on a call of ours; `m` in the callback's address is the message that was read out."""
    status, reason = call_result(webhook.form)
    if status == "failed" and _rings_again(session, webhook, reason, now=now):
        return
    posting.record_status(
        session,
        account=webhook.account,
        sid=webhook.form.get("call_sid", ""),
        status=status,
        error_code=reason,
        outbound_id=typed_number(webhook.query.get("m", "")),
        now=now,
    )


def _rings_again(session: Session, webhook: Webhook, reason: str, *, now: datetime) -> bool:
    """A citizen is rung once more later; a level is pursued by whoever planned the call."""
    row = _message(session, webhook.query.get("m", ""))
    if row is None or row.template != OVER_TEMPLATE or row.state not in _NOT_OVER:
        return False
    said = webhook.form.get("call_status", "")
    return incident_people.note_not_heard(session, row, why=reason, said=said, now=now)


def call_result(form: Mapping[str, str]) -> tuple[str, str]:
    """How far a call came, as of a text, and why it did not arrive.

    Heard is what a person answered and stayed for. Where nobody tells a person from a machine, only a key proves one
    (`answer_key`): a voicemail must never end the search for somebody who knows.
    """
    status = form.get("call_status", "")
    if status in _NOT_ANSWERED:
        return "failed", _NOT_ANSWERED[status]
    if status != "completed":
        return _ON_THE_WAY.get(status, status), ""
    if form.get("answered_by") == "machine":
        return "failed", NotHeard.MACHINE
    if form.get("answered_by") != "human":
        return "failed", NotHeard.NO_KEY
    seconds = typed_number(form.get("call_seconds", ""))
    return ("failed", NotHeard.HUNG_UP) if seconds is not None and seconds < HEARD_SECONDS else ("delivered", "")


def _heard(session: Session, webhook: Webhook, row: OutboundMessage, *, now: datetime) -> None:
    """A key was pressed: somebody was there."""
    posting.record_status(
        session,
        account=webhook.account,
        sid=webhook.form.get("call_sid", ""),
        status="delivered",
        outbound_id=row.id,
        now=now,
    )


def _message(session: Session, number: str) -> OutboundMessage | None:
    row_id = typed_number(number)
    row = session.get(OutboundMessage, row_id) if row_id is not None else None
    if row is None or row.channel is not OutboundChannel.VOICE:
        return None
    if row.template in (LINE_TEST_TEMPLATE, OVER_TEMPLATE, NIGHT_TEMPLATE):
        return row
    if row.staff_id is None:
        return None
    return row if "step_id" in row.params or row.template == GATHERED_TEMPLATE else None


def _acknowledge(session: Session, row: OutboundMessage, words: str, *, now: datetime) -> Prompt:
    """With words it is an instruction: a task of the unit's, also where somebody else has acknowledged."""
    assert row.staff_id is not None  # noqa: S101 - `_message` has looked
    step_id = int(row.params["step_id"])
    try:
        with session.begin_nested():
            acknowledge(session, step_id, staff_id=row.staff_id, instruction=words, via="keypad", now=now)
    except HotlineError:
        return Prompt.NOTICE_OUTDATED
    return Prompt.NOTICE_INSTRUCTED if words else Prompt.NOTICE_ACKNOWLEDGED


def _pass_up(session: Session, row: OutboundMessage, *, now: datetime) -> Prompt:
    assert row.staff_id is not None  # noqa: S101 - `_message` has looked
    try:
        with session.begin_nested():
            pass_up(session, int(row.params["step_id"]), staff_id=row.staff_id, via="keypad", now=now)
    except NothingAbove:
        return Prompt.NOTICE_NOTHING_ABOVE
    except HotlineError:
        return Prompt.NOTICE_OUTDATED
    return Prompt.NOTICE_PASSED_UP
