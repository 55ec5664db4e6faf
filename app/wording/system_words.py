"""The words for what runs and what is connected: requests of a provider, processes, rights of a token."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import LazyString, lazy_gettext

from app.wording.codes import word_of

# Requests of a phone provider, by the last part of their address.
WEBHOOK_KINDS: Mapping[str, LazyString] = {
    "voice": lazy_gettext("A call arrives"),
    "menu": lazy_gettext("Caller chooses in the menu"),
    "place": lazy_gettext("Caller says the place"),
    "request": lazy_gettext("Caller asks about a request"),
    "queue": lazy_gettext("Caller waits for an agent"),
    "dial": lazy_gettext("Caller is put through"),
    "voicemail": lazy_gettext("Caller leaves a voicemail"),
    "callback": lazy_gettext("Caller asks to be called back"),
    "hold": lazy_gettext("Caller is on hold"),
    "whisper": lazy_gettext("Agent's phone is answered"),
    "room": lazy_gettext("Step of a talk of several"),
    "room-status": lazy_gettext("State of a leg in a talk of several"),
    "consulted": lazy_gettext("Line between two colleagues ended"),
    "consulted-status": lazy_gettext("State of a line between two colleagues"),
    "whispered": lazy_gettext("Agent accepts by phone"),
    "notice": lazy_gettext("A called leader presses a key"),
    "notice-status": lazy_gettext("State of a call of ours"),
    "fallback": lazy_gettext("Provider fell back after a fault"),
    "failsafe-thanks": lazy_gettext("Caller finished the outage message"),
    "status": lazy_gettext("State of a call"),
    "recording": lazy_gettext("A recording is ready"),
    "sms": lazy_gettext("An SMS arrives"),
    "sms-status": lazy_gettext("State of an SMS of ours"),
}

PROCESS_KINDS: Mapping[str, LazyString] = {
    "scheduler": lazy_gettext("Scheduler"),
    "worker": lazy_gettext("Worker"),
}

# What a connected system may be allowed, by the names of `app/scopes.py`.
SCOPE_WORDS: Mapping[str, LazyString] = {
    "tickets:read": lazy_gettext("read tickets"),
    "tickets:write": lazy_gettext("open tickets and work on them"),
    "escalations:acknowledge": lazy_gettext("acknowledge escalations for a leader"),
    "figures:read": lazy_gettext("read figures"),
    "directory:read": lazy_gettext("read the directory"),
    "admin": lazy_gettext("send the messages of an outage again"),
}


def webhook_word(kind: str) -> str:
    return word_of(WEBHOOK_KINDS, kind)


def process_word(kind: str) -> str:
    return word_of(PROCESS_KINDS, kind)


def scope_word(scope: str) -> str:
    """What a token may do."""
    return word_of(SCOPE_WORDS, scope)
