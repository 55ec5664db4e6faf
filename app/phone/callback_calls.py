"""Calls by which we keep a promise to call back: the greeting, the key that answers it, and how the call ends.

1 talks to somebody, 2 needs nothing any more. Whatever else comes of it, the agent who was kept is free again, and the
number is tried again later.
"""

from datetime import datetime
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from app.phone.notice_calls import call_result
from app.wording.spoken_words import speak
from telephony.call import end
from telephony.call.called_back import PersonCalled, talk_now
from telephony.call.turn import Turn
from telephony.calls import find_call
from telephony.desk import Desk
from telephony.floor import calling_back
from telephony.floor.calling_back import CallbackAttempt
from telephony.plan.prompts import Prompt
from telephony.provider.account import ProviderAccount
from telephony.provider.drivers import driver_of
from telephony.provider.event_keys import CALLED_BACK_STATUS, CALLED_BACK_STEP
from telephony.provider.held_turn import DEFAULT_LOCALE, LOCALE
from telephony.provider.notice_document import last_words, notice_document
from telephony.provider.outcome import GiveUp, Outcome
from telephony.provider.status_rank import is_final_call_state
from telephony.provider.webhook_inbox import Webhook, WebhookAnswer
from tickets.outbox import posting
from tickets.outbox.overtaken import CALLBACK_CALL
from tickets.schema import OutboundMessage
from tickets.states import NotHeard
from tickets.typed_text import typed_number

# 0 is a person wherever a key is asked for.
TALK, NOT_NEEDED = ("1", "0"), "2"
# In the address of a greeting that is said once more, after a key that means nothing.
_ONCE_MORE = "more"
# Why a call is given up though its number may be right.
NOT_THE_NUMBER = frozenset({"no_provider", "no_voice", "turn_over"})


def greeting(reference: str, locale: str) -> str:
    """Whose telephone rang for a call of a moment, without any matter, has no reference to be told."""
    if not reference:
        return speak(Prompt.CALLBACK_GREETING_MISSED, {}, locale)
    return speak(Prompt.CALLBACK_GREETING, {"reference": reference}, locale)


def first_document(
    message_id: int, text: str, *, locale: str, account: ProviderAccount, base_url: str, more: bool = False
) -> str:
    """What the call says; made whole when it is placed, so that it is said even while no web process answers."""
    spoken = {} if locale == DEFAULT_LOCALE else {LOCALE: locale}
    query = urlencode({"m": message_id, **spoken, **({_ONCE_MORE: 1} if more else {})})
    action = f"{base_url}/webhooks/{account.name}/{CALLED_BACK_STEP}?{query}"
    return notice_document(text, locale=locale, action=action, capabilities=account.capabilities)


def report_address(message_id: int, *, account: ProviderAccount, base_url: str) -> str:
    return f"{base_url}/webhooks/{account.name}/{CALLED_BACK_STATUS}?m={message_id}"


def answer_key(session: Session, webhook: Webhook, desk: Desk, *, base_url: str, now: datetime) -> WebhookAnswer | Turn:
    """The next document; `m` in the address, which we had signed for, names the message that is the call."""
    row, account = _message(session, webhook), desk.account
    if row is None or _has_hung_up(session, webhook, row):
        return WebhookAnswer(200, driver_of(account).nothing_to_do)
    key = webhook.form.get("keys", "")
    if key in TALK:
        _note(session, webhook, row, status="delivered", now=now)
        answered = PersonCalled(int(row.params["callback_id"]), row.locale)
        return talk_now(session, webhook.form, answered, desk, now=now)
    if key == NOT_NEEDED:
        _note(session, webhook, row, status="delivered", now=now)
        calling_back.not_wanted(session, row.id, now=now)
        return _last(Prompt.CALLBACK_NOT_NEEDED, row, account)
    if key and _ONCE_MORE in webhook.query:
        calling_back.nobody_reached(session, CallbackAttempt(row.id, NotHeard.NO_KEY), now=now)
        return _last(Prompt.CALLBACK_LATER, row, account)
    again = first_document(row.id, row.text or "", locale=row.locale, account=account, base_url=base_url, more=True)
    return WebhookAnswer(200, again)


def note_call(session: Session, webhook: Webhook, desk: Desk, *, now: datetime) -> None:
    """The carrier's word: of a telephone that rings, or of a call that has become a talk."""
    if find_call(session, account=webhook.account, call_sid=webhook.form.get("call_sid", "")) is not None:
        end.note_call_status(session, webhook.form, account=webhook.account, desk=desk, now=now)
        return
    row = _message(session, webhook)
    if row is None:
        return
    said = webhook.form.get("call_status", "")
    status, reason = call_result(webhook.form)
    if is_final_call_state(said):
        # Heard or not: without the key nobody was reached.
        attempt = CallbackAttempt(row.id, reason or NotHeard.NO_KEY, said)
        calling_back.nobody_reached(session, attempt, now=now)
        return
    _note(session, webhook, row, status=status, now=now)


def not_placed(session: Session, message_id: int, outcome: Outcome, *, now: datetime) -> None:
    """It was not handed over: where the number itself is refused that is an attempt, else nobody's telephone rang."""
    if isinstance(outcome, GiveUp) and outcome.code not in NOT_THE_NUMBER:
        calling_back.nobody_reached(session, CallbackAttempt(message_id, NotHeard.CALL_FAILED, "failed"), now=now)
    else:
        calling_back.not_placed(session, message_id, now=now)


def _message(session: Session, webhook: Webhook) -> OutboundMessage | None:
    row_id = typed_number(webhook.query.get("m", ""))
    row = session.get(OutboundMessage, row_id) if row_id is not None else None
    return row if row is not None and row.template == CALLBACK_CALL else None


def _has_hung_up(session: Session, webhook: Webhook, row: OutboundMessage) -> bool:
    """A key that was kept on disk, or was late: whoever pressed it is not on the line any more."""
    if not is_final_call_state(row.provider_status):
        return False
    return find_call(session, account=webhook.account, call_sid=webhook.form.get("call_sid", "")) is None


def _note(session: Session, webhook: Webhook, row: OutboundMessage, *, status: str, now: datetime) -> None:
    posting.record_status(
        session,
        account=webhook.account,
        sid=webhook.form.get("call_sid", ""),
        status=status,
        outbound_id=row.id,
        now=now,
    )


def _last(prompt: Prompt, row: OutboundMessage, account: ProviderAccount) -> WebhookAnswer:
    words = speak(prompt, {}, row.locale)
    return WebhookAnswer(200, last_words(words, locale=row.locale, capabilities=account.capabilities))
