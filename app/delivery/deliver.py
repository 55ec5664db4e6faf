"""One round of delivery: claim and word in a short transaction, send with none open, record in another."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, assert_never
from urllib.parse import urlsplit

import structlog
from flask import Flask
from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import Session, sessionmaker

from app.delivery.holding import holder
from app.delivery.letter import Letter
from app.delivery.mail import send_mail, sender_address
from app.delivery.taken_already import already_rings, already_taken
from app.phone import callback_calls
from app.phone.accounts import sending_account
from app.phone.known_accounts import known_accounts
from app.phone.notice_calls import first_document
from app.settings import Settings
from app.storage.bounded_connection import within_less
from app.storage.database import repeated, transaction
from app.storage.database_faults import OF_EVERYBODY, fault_of
from app.storage.secret_keys import keys_of
from app.wording.messages import LINK_MARK, PIN_MARK, MessageWords, NoSuchMessage, render, render_sms
from escalation.acknowledging.links import make_link
from escalation.acknowledging.still_told import why_each_not_told
from escalation.firing.notices import LEVEL_TEMPLATE
from escalation.queries.still_possible import still_possible
from telephony.provider.account import LONGEST_TEXT, Capability
from telephony.provider.drivers import carrier_of
from telephony.provider.event_keys import NOTICE_STATUS
from telephony.provider.outcome import AccountTrouble, GiveUp, Outcome, Sent, TryAgain, Unknown
from telephony.sms.text import sms_size
from tickets.city import day_of
from tickets.directory import one_time_links
from tickets.directory.lines import city_line
from tickets.outbox import claims, results, troubles
from tickets.outbox.invitations import INVITATION, INVITATION_LIFETIME
from tickets.outbox.judged_lists import shorten
from tickets.outbox.overtaken import CALLBACK_CALL, Overtaken, withdraw
from tickets.people import citizens
from tickets.people.pins import pin_of_ticket
from tickets.schema import OutboundMessage
from tickets.states import OutboundChannel

log = structlog.get_logger()

SCREEN = "screen"
AT_ONCE = 8
# How long a statement of a claim may take: of many messages, and of one.
_BATCH_MS = 5_000
_ONE_MS = 1_000
_CLAIM_LOCK_MS = 500
_SET_ASIDE_SECONDS = 60.0
# For so long a mail whose taking is not said is handed over again, and has the same Message-ID each time; then a
# person is shown it.
_DOUBT_LASTS = timedelta(minutes=30)
# A link of our own, which stands as a mark until the message leaves.
_ROOM_FOR_SECRETS = 120
_NO_PROVIDER = GiveUp("no_provider", "no telephone provider is set up")
_TURN_OVER = GiveUp("turn_over", "it was not taken while an agent was kept for it")
_RINGS = (Sent, Unknown)


@dataclass(frozen=True, slots=True)
class Sending:
    """A message that is being sent, to whom and since when (monotonic)."""

    future: Future[None]
    address: str
    began: float


@dataclass(frozen=True)
class Delivery:
    """What a delivering process needs: `by` names it in claims, `clock` is PostgreSQL's or one of its own."""

    settings: Settings
    factory: sessionmaker[Session]
    wording: Flask
    by: str
    clock: Callable[[Session], datetime]
    pool: ThreadPoolExecutor
    # Messages that cannot be claimed now, each with the monotonic time until which it is left out.
    set_aside: dict[int, float] = field(default_factory=dict)
    # What `apart.deliver_apart` is sending, by message.
    going: dict[int, Sending] = field(default_factory=dict)


def deliver_due(delivery: Delivery, channels: Sequence[OutboundChannel], *, limit: int = AT_ONCE * 2) -> int:
    """Send what is due on these channels, once through; how many messages were claimed."""
    known_accounts(delivery.settings).renew(delivery.factory)
    if OutboundChannel.EMAIL in channels:
        # A mail may take longer than its claim holds, which is renewed only while it is being sent: none waits.
        limit = min(limit, AT_ONCE)
    letters = claim(delivery, channels, claims.ALL, limit=limit)
    sent = [delivery.pool.submit(send_and_record, delivery, letter) for letter in letters]
    for one in sent:
        one.result()
    return len(letters)


def claim(
    delivery: Delivery, channels: Sequence[OutboundChannel], only: ColumnElement[bool], *, limit: int
) -> list[Letter]:
    """Many at once; one by one where one of them hangs, is refused or is in somebody's hands (G19)."""
    for message_id in [one for one, until in delivery.set_aside.items() if until < time.monotonic()]:
        del delivery.set_aside[message_id]
    others = and_(OutboundMessage.id.not_in(list(delivery.set_aside)), only)
    try:
        return _claim_these(delivery, channels, others, limit=limit, statement_ms=_BATCH_MS)
    except Exception as trouble:
        if fault_of(trouble) in OF_EVERYBODY:
            raise
        log.warning("outbox.batch_split", reason=str(fault_of(trouble) or repr(trouble)))
    with transaction(delivery.factory) as session:
        # Without those that were set aside: with more of them than one looks at, nothing behind them would ever leave.
        due = claims.due_ids(session, others, channels=channels, limit=limit, now=delivery.clock(session))
    return [letter for message_id in due for letter in _claim_one(delivery, channels, message_id)]


def _claim_one(delivery: Delivery, channels: Sequence[OutboundChannel], message_id: int) -> list[Letter]:
    try:
        return _claim_these(delivery, channels, OutboundMessage.id == message_id, limit=1, statement_ms=_ONE_MS)
    except Exception as trouble:
        if fault_of(trouble) in OF_EVERYBODY:
            raise
        delivery.set_aside[message_id] = time.monotonic() + _SET_ASIDE_SECONDS
        log.error("message.put_aside", message_id=message_id, reason=str(fault_of(trouble) or repr(trouble)))
        return []


def _claim_these(
    delivery: Delivery,
    channels: Sequence[OutboundChannel],
    among: ColumnElement[bool],
    *,
    limit: int,
    statement_ms: int,
) -> list[Letter]:
    with transaction(delivery.factory) as session, delivery.wording.app_context():
        within_less(session.connection(), statement_ms=statement_ms, lock_ms=_CLAIM_LOCK_MS)
        now = delivery.clock(session)
        rows = claims.claim_batch(session, by=delivery.by, channels=channels, limit=limit, among=among, now=now)
        if not rows:
            return []
        line = city_line(session, on=day_of(now))
        from_phone = line.phone if line is not None else ""
        over = why_each_not_told(session, rows, now=now)
        rows = [row for row in rows if _still_holds(session, row, over.get(row.id), by=delivery.by, now=now)]
        letters = [_letter(session, row, delivery, from_phone=from_phone, now=now) for row in rows]
    return [letter for letter in letters if letter is not None]


def _still_holds(session: Session, row: OutboundMessage, over: Overtaken | None, *, by: str, now: datetime) -> bool:
    """What is over by now is withdrawn. A text that may have left already is not: it is asked about instead.

    `over`: what has happened to it. Of a mail nobody can be asked: once it is over it goes out no second time.
    """
    if row.doubtful_since is not None and row.channel is not OutboundChannel.EMAIL:
        return True
    why = over or shorten(session, row, partial(why_each_not_told, session, now=now), now=now)
    if why is None:
        return True
    withdraw(session, row, why, by=by, now=now)
    log.info("message.withdrawn", message_id=row.id, reason=why.value)
    return False


def _letter(
    session: Session, row: OutboundMessage, delivery: Delivery, *, from_phone: str, now: datetime
) -> Letter | None:
    """The message in words: those of its first claim, or rendered now and kept. None: nobody can word it."""
    if row.text is None:
        try:
            words = _words(session, row, delivery, now=now)
        except OSError:
            # The words lie in a file that cannot be read now: nothing is wrong with this message.
            raise
        except Exception as mistake:  # one message nobody can word must not stop the others (G19)
            kind = "no_template" if isinstance(mistake, NoSuchMessage) else "not_rendered"
            log.error("message.not_rendered", message_id=row.id, template=row.template, reason=repr(mistake))
            results.record_failure(session, row.id, by=delivery.by, error_code=kind, error=row.template, now=now)
            return None
        results.keep_words(session, row.id, subject=words.subject, words=words.text)
        subject, text = words.subject, words.text
    else:
        subject, text = row.subject or "", row.text
    return Letter(
        id=row.id,
        channel=row.channel,
        address=row.address,
        locale=row.locale,
        subject=subject,
        text=_with_secrets(session, text, row, delivery.settings, now=now),
        attempts=row.attempts,
        dedup_key=row.dedup_key,
        kept_text=text,
        doubtful_since=row.doubtful_since,
        from_phone=from_phone,
        template=row.template,
    )


def _words(session: Session, row: OutboundMessage, delivery: Delivery, *, now: datetime) -> MessageWords:
    if row.template == CALLBACK_CALL:
        return MessageWords("", callback_calls.greeting(str(row.params.get("reference", "")), row.locale))
    params, settings = row.params | _now_possible(session, row, now=now), delivery.settings
    if row.channel is not OutboundChannel.SMS:
        return render(row.template, row.channel.value, params, locale=row.locale, base_url=settings.base_url, now=now)
    account = sending_account(settings, Capability.SMS_OUTBOUND)
    # Where secrets are put in when it leaves, their marks stand in these words.
    most = (account.longest_text if account is not None else LONGEST_TEXT) - _ROOM_FOR_SECRETS
    return render_sms(row.template, params, most=most, locale=row.locale, base_url=settings.base_url, now=now)


def _now_possible(session: Session, row: OutboundMessage, *, now: datetime) -> dict[str, Any]:
    """A report offers what its reader can do now: it was written when the level came, and may have waited since."""
    if row.template != LEVEL_TEMPLATE or "next_level" not in row.params:
        return {}
    possible = still_possible(session, int(row.params["step_id"]), staff_id=row.staff_id, now=now)
    # Where nothing was to be passed up when it was written, nothing is now.
    return possible if row.params["next_level"] else possible | {"next_level": None}


def _with_secrets(session: Session, text: str, row: OutboundMessage, settings: Settings, *, now: datetime) -> str:
    """Secrets are put in when the message leaves: a PIN follows from keys, and every attempt makes its own link."""
    if PIN_MARK in text and row.ticket_id is not None:
        text = text.replace(PIN_MARK, pin_of_ticket(session, row.ticket_id, keys=keys_of(session, settings)))
    if LINK_MARK not in text or row.staff_id is None:
        return text
    if row.template == INVITATION:
        token = one_time_links.make(
            session, staff_id=row.staff_id, purpose="enrol", lifetime=INVITATION_LIFETIME, now=now
        )
        return text.replace(LINK_MARK, f"{settings.base_url}/sign-in/link/{token}")
    token = make_link(session, step_id=int(row.params["step_id"]), staff_id=row.staff_id, now=now)
    return text.replace(LINK_MARK, f"{settings.base_url}/a/{token}")


def send_and_record(delivery: Delivery, letter: Letter) -> None:
    try:
        outcome = _send(delivery, letter)
    except Exception as mistake:  # whatever a client library throws, the message comes again and others go on (G19)
        log.exception("message.not_sent", message_id=letter.id)
        outcome = TryAgain("failed", repr(mistake), may_have_left=True)

    record = _record_callback if letter.template == CALLBACK_CALL else _record

    def note(session: Session) -> None:
        record(session, letter, outcome, by=delivery.by, now=delivery.clock(session))

    # What has left must not leave again because its record had to give way.
    repeated(delivery.factory, note)


def _send(delivery: Delivery, letter: Letter) -> Outcome:
    settings = delivery.settings
    if letter.channel is OutboundChannel.SCREEN:
        return Sent(SCREEN)
    if letter.channel is OutboundChannel.EMAIL:
        sender = sender_address(settings.smtp_url, urlsplit(settings.base_url).hostname or "localhost")
        hold = holder(delivery.factory, letter.id, by=delivery.by, clock=delivery.clock)
        return send_mail(letter, smtp_url=settings.smtp_url, sender=sender, hold=hold)
    if letter.channel is OutboundChannel.VOICE:
        return _call(delivery, letter)
    return _text(delivery, letter)


def _text(delivery: Delivery, letter: Letter) -> Outcome:
    """The message's own number rides along in the address: a report may overtake our record of the provider's."""
    settings = delivery.settings
    account = sending_account(settings, Capability.SMS_OUTBOUND)
    if account is None:
        return _NO_PROVIDER
    if letter.doubtful_since is not None and (found := already_taken(delivery.factory, letter, account)):
        return replace(found, segments=sms_size(letter.text).segments) if isinstance(found, Sent) else found
    report_to = f"{settings.base_url}/webhooks/{account.name}/sms-status?m={letter.id}"
    outcome = carrier_of(account).send_sms(
        to=letter.address, sender=account.text_sender or letter.from_phone, text=letter.text, report_to=report_to
    )
    return replace(outcome, segments=sms_size(letter.text).segments) if isinstance(outcome, Sent) else outcome


def _call(delivery: Delivery, letter: Letter) -> Outcome:
    """Ring somebody, say the text twice and take a key; how it went is reported with its number."""
    settings = delivery.settings
    account = sending_account(settings, Capability.VOICE)
    if account is None:
        return _NO_PROVIDER
    if found := already_rings(delivery.factory, letter, account):
        return found
    if letter.template != CALLBACK_CALL:
        report_to = f"{settings.base_url}/webhooks/{account.name}/{NOTICE_STATUS}?m={letter.id}"
        document = first_document(
            letter.id, letter.text, locale=letter.locale, account=account, base_url=settings.base_url
        )
    elif letter.doubtful_since is not None:
        # The agent is kept for a minute; a call that was not taken then is made at the next turn.
        return _TURN_OVER
    else:
        report_to = callback_calls.report_address(letter.id, account=account, base_url=settings.base_url)
        document = callback_calls.first_document(
            letter.id, letter.text, locale=letter.locale, account=account, base_url=settings.base_url
        )
    return carrier_of(account).place_call(
        to=letter.address, sender=account.call_sender or letter.from_phone, document=document, report_to=report_to
    )


def _record_callback(session: Session, letter: Letter, outcome: Outcome, *, by: str, now: datetime) -> None:
    """What is not placed frees the agent who is kept for it; it is no dead letter, as the callback is made again."""
    if not isinstance(outcome, _RINGS):
        callback_calls.not_placed(session, letter.id, outcome, now=now)
    if isinstance(outcome, GiveUp):
        results.settle_call(session, letter.id, why=outcome.code, said="failed", now=now)
    else:
        _record(session, letter, outcome, by=by, now=now)


def _record(session: Session, letter: Letter, outcome: Outcome, *, by: str, now: datetime) -> None:
    match outcome:
        case Sent():
            _record_sent(session, letter, outcome, by=by, now=now)
        case TryAgain(code, error, may_have_left=True) if _is_doubted_enough(letter, now=now):
            results.record_uncertain(session, letter.id, by=by, error=f"{code}: {error}", now=now)
            log.error("message.uncertain", message_id=letter.id)
        case TryAgain():
            _record_retry(session, letter, outcome, by=by, now=now)
        case AccountTrouble():
            _wait_for_account(session, letter, outcome, by=by, now=now)
        case GiveUp(code, error, opted_out):
            results.record_failure(session, letter.id, by=by, error_code=code, error=error, now=now)
            if opted_out:
                citizens.opt_out(session, letter.address, reason=code, now=now)
            log.warning("message.dead", message_id=letter.id, code=code)
        case Unknown(error):
            results.record_uncertain(session, letter.id, by=by, error=error, now=now)
            log.warning("message.uncertain", message_id=letter.id)
        case _:
            assert_never(outcome)


def _record_sent(session: Session, letter: Letter, sent: Sent, *, by: str, now: datetime) -> None:
    results.record_sent(session, letter.id, by=by, account=sent.account, sid=sent.sid, segments=sent.segments, now=now)
    if letter.channel is OutboundChannel.EMAIL and letter.doubtful_since is not None:
        log.warning("message.perhaps_twice", message_id=letter.id, since=letter.doubtful_since.isoformat())
    if letter.channel is not OutboundChannel.SCREEN and troubles.note_taken(session, letter.channel, now=now):
        log.warning("account.works_again", channel=letter.channel.value)


def _record_retry(session: Session, letter: Letter, failed: TryAgain, *, by: str, now: datetime) -> None:
    pause = timedelta(seconds=failed.after_seconds)
    settles_within = timedelta(seconds=failed.settles_within_seconds if failed.may_have_left else 0)
    again = results.record_retry(
        session, letter.id, by=by, error_code=failed.code, error=failed.error, attempts=letter.attempts, pause=pause,
        settles_within=settles_within, now=now,
    )  # fmt: skip
    if pause:
        until = now + pause
        troubles.note_busy(session, letter.channel, code=failed.code, error=failed.error, until=until, now=now)
    log.warning("message.will_be_tried_again" if again else "message.dead", message_id=letter.id, code=failed.code)


def _is_doubted_enough(letter: Letter, *, now: datetime) -> bool:
    """A mail server cannot be asked whether it has a mail: further copies of it would only be more copies."""
    since = letter.doubtful_since
    return letter.channel is OutboundChannel.EMAIL and since is not None and now - since >= _DOUBT_LASTS


def _wait_for_account(session: Session, letter: Letter, refused: AccountTrouble, *, by: str, now: datetime) -> None:
    """People must act, so it is said loudly once, and readiness says it for as long as it lasts."""
    results.record_account_trouble(
        session, letter.id, by=by, error_code=refused.code, error=refused.error, attempts=letter.attempts, now=now
    )
    is_news = troubles.note_refused(
        session, letter.channel, account=refused.account, code=refused.code, error=refused.error, now=now
    )
    say = log.error if is_news else log.warning
    say("account.refused", account=refused.account, channel=letter.channel.value, code=refused.code)
