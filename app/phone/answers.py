"""Answering a provider's verified request: the next document for a step of a call, nothing for what is only told.

Views, the replay of the spool and tests all come here; it knows no HTTP and no thread.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy.orm import Session

from app.phone import callback_calls, notice_calls
from app.phone.accounts import provider_accounts
from app.phone.known_accounts import KnownAccounts, known_accounts
from app.phone.known_recordings import KnownRecordings, known_recordings
from app.phone.texts import receive_text
from app.reference import Reference
from app.settings import ROOT, Settings
from app.wording.messages import message_app, render
from app.wording.spoken_words import speak
from telephony import recordings
from telephony.call import end
from telephony.call.after_failsafe import note_failsafe
from telephony.call.quiet_turn import go_on, may_be_quiet, quiet_turn, take_and_look
from telephony.call.room_legs import next_plan
from telephony.call.turn import Turn, take_turn
from telephony.calls import find_call
from telephony.desk import Desk
from telephony.floor.rooms import call_of_room
from telephony.ivr.queue import SOUNDS_ALONE
from telephony.plan.prompts import Prompt
from telephony.plan.verbs import Gather, Hangup, Params, Plan, Say
from telephony.provider import event_keys
from telephony.provider.account import ProviderAccount
from telephony.provider.drivers import driver_of
from telephony.provider.event_keys import CALLED_BACK_STEP, CONSULTED_STEP, NOTICE_STEP, ROOM_STEP, TURN_STEPS
from telephony.provider.failsafe import failsafe_document, failsafe_thanks_document
from telephony.provider.held_turn import DEFAULT_LOCALE, LOCALE, locale_of
from telephony.provider.notice_document import last_words
from telephony.provider.spoken_document import spoken_document
from telephony.provider.webhook_inbox import (
    Webhook,
    WebhookAnswer,
    answer_once,
    first_answer,
    keep_answer,
    was_answered_otherwise,
)
from telephony.recordings import Announced
from telephony.sms.arrival import ReceivedSms, note_sms_status
from telephony.sms.chats import UNANSWERED, note_said, said_at_once, take_back_said
from tickets.routing.rules import version_now
from tickets.states import RecordingKind
from tickets.typed_text import typed_number

# Steps whose caller hears silence or an error unless a document comes back, whatever has happened here.
WHISPERS = frozenset({"whisper", "whispered", CONSULTED_STEP})
SPOKEN_STEPS = TURN_STEPS | WHISPERS | {"fallback", "failsafe-thanks", ROOM_STEP}
STORED = WebhookAnswer(204, "")
# In no address of ours but where a turn stands.
_SOME_TURN = 987654321
# Its name changes with its content: see tools/hold_music.py.
HOLD_MUSIC = next((ROOT / "app" / "static" / "sounds").glob("hold.*.wav")).name
CHIME = next((ROOT / "app" / "static" / "sounds").glob("chime.*.wav")).name
_SILENCE = next((ROOT / "app" / "static" / "sounds").glob("silence.*.wav")).name


@dataclass(frozen=True)
class PhoneBook:
    """The accounts as they stand, and what each one's callers hear when nothing else can be said.

    Made together when an account changes, so that nothing can go wrong when it is needed.
    """

    rows: tuple[ProviderAccount, ...]
    accounts: Mapping[str, ProviderAccount]
    failsafe: Mapping[str, str]
    failsafe_thanks: Mapping[str, str]
    # Account, language and sound → the turn of the hold loop at which nothing is said.
    sounds_alone: dict[tuple[str, str, int], str] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings, rows: tuple[ProviderAccount, ...]) -> "PhoneBook":
        accounts = provider_accounts(settings)
        duty = settings.duty_phone or None
        return cls(
            rows,
            accounts,
            {
                name: failsafe_document(speak, capabilities=one.capabilities, voice=one.voice, duty_phone=duty)
                for name, one in accounts.items()
            },
            {
                name: failsafe_thanks_document(speak, capabilities=one.capabilities, voice=one.voice)
                for name, one in accounts.items()
            },
        )


@dataclass(frozen=True)
class Phones:
    """The phone side of a process: its accounts and what their answers are made from."""

    settings: Settings
    reference: Reference
    _books: list[PhoneBook] = field(default_factory=list, compare=False, repr=False)

    @cached_property
    def known(self) -> KnownAccounts:
        return known_accounts(self.settings)

    @cached_property
    def recordings(self) -> KnownRecordings:
        return known_recordings(self.settings)

    def addresses_of(self, prompt: Prompt, params: Params, locale: str) -> Sequence[str]:
        """Where the provider finds the recordings that say this; none where the voice has to."""
        found = self.recordings.sentence(prompt, params, locale)
        return [f"{self.settings.base_url}/sounds/{one.file_name}" for one in found]

    @cached_property
    def _words(self) -> Flask:
        return message_app(self.settings)

    @property
    def book(self) -> PhoneBook:
        rows = self.known.rows()
        if not self._books or self._books[-1].rows is not rows:
            self._books[:] = [PhoneBook.of(self.settings, rows)]
        return self._books[-1]

    @property
    def accounts(self) -> Mapping[str, ProviderAccount]:
        return self.book.accounts

    @property
    def failsafe(self) -> Mapping[str, str]:
        """Account → the fail-safe document."""
        return self.book.failsafe

    def desk(self, session: Session, account: str, *, version: int | None = None, now: datetime) -> Desk:
        """What a call or text is handled with: the rules of `version`, or those in force."""
        version = version_now(session) if version is None else version
        on = now.astimezone(self.settings.zone).date()
        return Desk(
            account=self.accounts[account],
            places=self.reference.places(session, on=on, version=version),
            rules=self.reference.rules(session, on=on, version=version),
            keys=self.reference.keys_in(session),
        )

    def sound_alone(self, plan: Plan, account: str, locale: str, turn: int) -> str:
        """What is heard while nothing changes: written once for each account and language, but for its turn."""
        book, name = self.book, (account, locale, SOUNDS_ALONE.index(plan))
        if name not in book.sounds_alone:
            book.sounds_alone[name] = written(plan, self, account, locale=locale, turn=_SOME_TURN)
        return book.sounds_alone[name].replace(f"turn={_SOME_TURN}", f"turn={turn}")

    def failsafe_answer(self, webhook: Webhook) -> WebhookAnswer:
        """What is said when nothing else can be; whom we rang hears that we call again, as a call without a talk is."""
        if webhook.kind == CALLED_BACK_STEP:
            locale, can = locale_of(webhook), self.accounts[webhook.account].capabilities
            words = speak(Prompt.CALLBACK_BROKEN, {}, locale)
            return WebhookAnswer(200, last_words(words, locale=locale, capabilities=can))
        document = self.book.failsafe_thanks if webhook.kind == "failsafe-thanks" else self.failsafe
        return (
            WebhookAnswer(200, document[webhook.account])
            if webhook.kind in SPOKEN_STEPS
            else self.nothing_to_do(webhook)
        )

    def nothing_to_do(self, webhook: Webhook) -> WebhookAnswer:
        """Taken, and nothing is wanted of the provider."""
        return WebhookAnswer(200, driver_of(self.accounts[webhook.account]).nothing_to_do)

    def said_back(self, webhook: Webhook, words: str) -> WebhookAnswer:
        """By the same way as it came, at once."""
        return WebhookAnswer(200, driver_of(self.accounts[webhook.account]).said_back(words))

    def written(self, template: str, params: Mapping[str, Any], locale: str, *, now: datetime) -> str:
        """The words of a text that leaves by no outbox. Whatever thread answers: it knows no page."""
        with self._words.app_context():
            return render(template, "sms", params, locale=locale, base_url=self.settings.base_url, now=now).text


def _nothing_is_recorded(_prompt: Prompt, _params: Params, _locale: str) -> Sequence[str]:
    return ()


def silence_address(base_url: str) -> str:
    return f"{base_url}/static/sounds/{_SILENCE}"


@dataclass(frozen=True)
class StepUrls:
    """Our public addresses in a document; every step of a call carries the turn that it will be."""

    base_url: str
    account: str
    turn: int
    locale: str = DEFAULT_LOCALE
    recorded: Callable[[Prompt, Params, str], Sequence[str]] = _nothing_is_recorded

    def step(self, name: str, params: Params) -> str:
        query = {key: str(value) for key, value in params.items()}
        if name in TURN_STEPS:
            query["turn"] = str(self.turn)
            if self.locale != DEFAULT_LOCALE:
                # So that who must hold the line is asked in this language while no database can be.
                query[LOCALE] = self.locale
        address = f"{self.base_url}/webhooks/{self.account}/{name}"
        return f"{address}?{urlencode(query)}" if query else address

    def music(self) -> str:
        return f"{self.base_url}/static/sounds/{HOLD_MUSIC}"

    def chime(self) -> str:
        return f"{self.base_url}/static/sounds/{CHIME}"

    def silence(self) -> str:
        return silence_address(self.base_url)

    def recordings_of(self, prompt: Prompt, params: Params, locale: str) -> Sequence[str]:
        return self.recorded(prompt, params, locale)


def answer(
    session: Session, webhook: Webhook, phones: Phones, *, received_at: datetime, now: datetime
) -> WebhookAnswer:
    """Act on a request once, in the caller's transaction, and answer it; a repetition gets the first answer."""

    def act(version: int | None) -> WebhookAnswer:
        return _first(session, webhook, phones, version=version, is_heard=True, now=now)

    if may_be_quiet(webhook):
        return _answer_in_hold_loop(session, webhook, phones, act, received_at=received_at, now=now)
    return answer_once(session, webhook, act, received_at=received_at)


def _answer_in_hold_loop(
    session: Session,
    webhook: Webhook,
    phones: Phones,
    act: Callable[[int | None], WebhookAnswer],
    *,
    received_at: datetime,
    now: datetime,
) -> WebhookAnswer:
    """As `answer_once`; where nothing has changed, the music goes on without any of what other turns need."""
    taken = take_and_look(session, webhook, received_at=received_at, now=now)
    if taken is None:
        return first_answer(session, webhook)
    quiet = quiet_turn(taken, webhook, phones.accounts[webhook.account], now=now)
    if quiet is None:
        given = act(taken.version)
        keep_answer(session, taken.event_id, given)
        return given
    body = phones.sound_alone(quiet.plan, webhook.account, quiet.locale, quiet.number)
    go_on(session, taken, turn=quiet.number, body=body, now=now)
    return WebhookAnswer(200, body)


def take_in(
    session: Session, webhook: Webhook, phones: Phones, *, received_at: datetime, now: datetime
) -> WebhookAnswer:
    """Act on what we had to ask the provider for: nobody waits for an answer to it."""

    def act(version: int | None) -> WebhookAnswer:
        return _first(session, webhook, phones, version=version, is_heard=False, now=now)

    return answer_once(session, webhook, act, received_at=received_at)


def answer_replayed(
    session: Session, webhook: Webhook, phones: Phones, *, received_at: datetime, now: datetime
) -> WebhookAnswer:
    """Act on a request that was answered with the fail-safe document when it came; a call becomes a ticket."""

    acted = False

    def act(version: int | None) -> WebhookAnswer:
        nonlocal acted
        acted = True
        if webhook.kind in SPOKEN_STEPS:
            desk = phones.desk(session, webhook.account, version=version, now=now)
            note_failsafe(session, webhook.form, desk, arrived_at=received_at, now=now)
            return phones.failsafe_answer(webhook)
        return _first(session, webhook, phones, version=version, is_heard=False, now=received_at)

    given = answer_once(session, webhook, act, received_at=received_at, replayed_at=now)
    if acted:
        return given
    # Asked only now: a late commit may have been what `answer_once` waited for on the unique index.
    said = phones.failsafe_answer(webhook)
    if not was_answered_otherwise(session, webhook, said, received_at=received_at, replayed_at=now):
        return given
    if webhook.kind == "sms":
        take_back_said(session, account=webhook.account, message_sid=webhook.form.get("message_sid", "")[:128])
    return act(None) if webhook.kind in SPOKEN_STEPS else said


def _first(
    session: Session, webhook: Webhook, phones: Phones, *, version: int | None, is_heard: bool, now: datetime
) -> WebhookAnswer:
    """`is_heard`: whether the provider waits for the answer, so that what it says reaches whoever wrote."""
    kind, form = webhook.kind, webhook.form
    if whispered := whisper_answer(webhook, phones):
        return whispered
    if kind in (NOTICE_STEP, ROOM_STEP):
        return _beside_callers(session, webhook, phones, now=now)
    desk = phones.desk(session, webhook.account, version=version, now=now)
    if kind in TURN_STEPS and form.get("call_sid"):
        return _next(take_turn(session, webhook, desk, now=now), phones, webhook)
    if kind == CALLED_BACK_STEP:
        said = callback_calls.answer_key(session, webhook, desk, base_url=phones.settings.base_url, now=now)
        return _next(said, phones, webhook) if isinstance(said, Turn) else said
    if kind in SPOKEN_STEPS:
        note_failsafe(session, form, desk, arrived_at=now, now=now)
        return phones.failsafe_answer(webhook)
    return _told(session, webhook, phones, desk, is_heard=is_heard, now=now)


def _beside_callers(session: Session, webhook: Webhook, phones: Phones, *, now: datetime) -> WebhookAnswer:
    """Of those who do not call us: whom we report to, and who joins a talk."""
    if webhook.kind == ROOM_STEP:
        plan = next_plan(session, webhook.query, account=webhook.account, now=now)
        return _document(plan, phones, webhook, locale=DEFAULT_LOCALE, turn=0)
    account = phones.accounts[webhook.account]
    return notice_calls.answer_key(session, webhook, account=account, settings=phones.settings, now=now)


def _told(
    session: Session, webhook: Webhook, phones: Phones, desk: Desk, *, is_heard: bool, now: datetime
) -> WebhookAnswer:
    """Events: acted upon where we use them, kept in any case."""
    form, account = webhook.form, webhook.account
    match webhook.kind:
        case event_keys.NOTICE_STATUS:
            notice_calls.note_call(session, webhook, now=now)
        case event_keys.CALLED_BACK_STATUS:
            callback_calls.note_call(session, webhook, desk, now=now)
        case "status" | event_keys.CONSULTED_STATUS:
            end.note_call_status(session, form, account=account, desk=desk, now=now)
        case "recording" if form.get("recording_sid"):
            _announce(session, webhook, now=now)
        case "sms" if form.get("message_sid"):
            sms = receive_text(session, form, desk, now=now)
            if sms is not None and is_heard:
                return _said_back(session, sms, webhook, phones, desk, now=now)
            return phones.nothing_to_do(webhook)
        case "sms-status":
            note_sms_status(session, form, webhook.query, account=account, now=now)
        case _:
            return STORED
    return STORED


def _said_back(
    session: Session, sms: ReceivedSms, webhook: Webhook, phones: Phones, desk: Desk, *, now: datetime
) -> WebhookAnswer:
    """In the very answer to the provider, where nothing can be sent to whoever wrote."""
    nothing, said = phones.nothing_to_do(webhook), said_at_once(session, sms, desk, now=now)
    if said is None:
        return nothing
    words = phones.written(UNANSWERED, *said, now=now)
    given = phones.said_back(webhook, words)
    if given != nothing:
        note_said(session, sms, words)
    return given


def _announce(session: Session, webhook: Webhook, *, now: datetime) -> None:
    """What is recorded of a room names no call; our address of it does."""
    form, account = webhook.form, webhook.account
    call = find_call(session, account=account, call_sid=form["call_sid"]) if form.get("call_sid") else None
    if call is None and webhook.query.get("of"):
        call = call_of_room(session, webhook.query["of"], account=account)
    seconds = form.get("recording_seconds", "")
    told = Announced(
        account,
        form["recording_sid"][:128],
        form.get("recording_status", "completed"),
        typed_number(seconds),
        # Nobody of ours was on the line: what was said there was said to us.
        RecordingKind.VOICEMAIL if call is not None and call.agent_id is None else RecordingKind.CONVERSATION,
    )
    recordings.announce(session, told, call=call, now=now)


def whisper_answer(webhook: Webhook, phones: Phones) -> WebhookAnswer | None:
    """Said on an agent's own telephone, and made from the request alone. None for every other step."""
    if webhook.kind not in WHISPERS:
        return None
    return _document(_whisper(webhook), phones, webhook, locale=DEFAULT_LOCALE, turn=0)


def _whisper(webhook: Webhook) -> Plan:
    """Only a key connects, because a voicemail presses none."""
    if webhook.kind == CONSULTED_STEP:
        return (Hangup(),)
    if webhook.kind == "whisper":
        return (Gather("whispered", (Say(Prompt.WHISPER),), num_digits=1), Hangup())
    return () if webhook.form.get("keys") == "1" else (Hangup(),)


def _next(turn: Turn, phones: Phones, webhook: Webhook) -> WebhookAnswer:
    return _document(turn.plan, phones, webhook, locale=turn.locale, turn=turn.number)


def _document(plan: Plan, phones: Phones, webhook: Webhook, *, locale: str, turn: int) -> WebhookAnswer:
    return WebhookAnswer(200, written(plan, phones, webhook.account, locale=locale, turn=turn))


def written(plan: Plan, phones: Phones, account_name: str, *, locale: str, turn: int) -> str:
    """A plan as the document that this account executes."""
    urls = StepUrls(phones.settings.base_url, account_name, turn, locale, phones.addresses_of)
    account = phones.accounts[account_name]
    return spoken_document(
        plan, speak, urls=urls, locale=locale, capabilities=account.capabilities, voice=account.voice
    )
