"""The sign (a drawing of components/icons.html) and the tone beside a word, so that colour is never alone."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

IconLook = tuple[str, str]

# kind of code → code → (tone, sign); tones are neutral, accent, good, warn, bad.
ICON_LOOKS: Mapping[str, Mapping[str, IconLook]] = MappingProxyType({
    "status": {
        "new": ("accent", "inbox"),
        "open": ("accent", "play"),
        "pending_citizen": ("neutral", "pause"),
        "pending_third_party": ("neutral", "pause"),
        "resolved": ("good", "check"),
        "closed": ("neutral", "lock"),
        "withdrawn": ("neutral", "return"),
        "spam": ("neutral", "cross"),
    },
    "priority": {"emergency": ("bad", "warning"), "urgent": ("warn", "up"), "normal": ("neutral", "right")},
    "channel": {
        "voice": ("neutral", "phone"),
        "sms": ("neutral", "message"),
        "web": ("neutral", "web"),
        "api": ("neutral", "link"),
        "manual": ("neutral", "person"),
        "email": ("neutral", "mail"),
        "screen": ("neutral", "eye"),
    },
    "clock": {
        "running": ("neutral", "clock"),
        "warned": ("warn", "bell"),
        "breached": ("bad", "warning"),
        "paused": ("neutral", "pause"),
        "met": ("good", "check"),
        "missed": ("bad", "warning"),
        "cancelled": ("neutral", "cross"),
    },
    "presence": {
        "offline": ("neutral", "exit"),
        "available": ("good", "check"),
        "offered": ("warn", "bell"),
        "on_call": ("accent", "phone"),
        "wrap_up": ("accent", "note"),
        "away": ("neutral", "pause"),
        "calling_back": ("accent", "return"),
    },
    "outbound": {
        "waiting": ("neutral", "clock"),
        "claimed": ("neutral", "transfer"),
        "sent": ("accent", "right"),
        "delivered": ("good", "check"),
        "failed": ("bad", "cross"),
        "suppressed": ("neutral", "pause"),
        "uncertain": ("warn", "warning"),
    },
    "attempt": {
        "planned": ("neutral", "clock"),
        "sent": ("accent", "right"),
        "delivered": ("good", "check"),
        "read": ("good", "eye"),
        "acknowledged": ("good", "check"),
        "failed": ("bad", "cross"),
        "suppressed": ("neutral", "pause"),
        "withdrawn": ("neutral", "pause"),
    },
    "step": {
        "planned": ("neutral", "clock"),
        "notified": ("warn", "stairs"),
        "acknowledged": ("good", "check"),
        "superseded": ("neutral", "stairs"),
        "merged": ("neutral", "stairs"),
        "void": ("neutral", "cross"),
        "nobody": ("bad", "warning"),
    },
    "call": {
        "greeting": ("neutral", "phone"),
        "menu": ("neutral", "phone"),
        "place": ("neutral", "place"),
        "queued": ("warn", "clock"),
        "offered": ("warn", "bell"),
        "talking": ("accent", "phone"),
        "voicemail": ("neutral", "note"),
        "callback": ("warn", "return"),
        "status": ("neutral", "search"),
        "failsafe": ("bad", "warning"),
        "ended": ("neutral", "hang-up"),
    },
    "timeline": {
        "opened": ("neutral", "inbox"),
        "routed": ("neutral", "place"),
        "message_in": ("neutral", "message"),
        "message_out": ("accent", "message"),
        "note": ("warn", "note"),
        "call": ("neutral", "phone"),
        "claimed": ("neutral", "check"),
        "assigned": ("neutral", "person"),
        "transferred": ("neutral", "transfer"),
        "returned": ("neutral", "return"),
        "status": ("neutral", "right"),
        "held": ("neutral", "pause"),
        "woken": ("neutral", "play"),
        "resolved": ("good", "check"),
        "reopened": ("neutral", "reopen"),
        "changed": ("neutral", "note"),
        "due_changed": ("neutral", "calendar"),
        "warned": ("warn", "bell"),
        "breached": ("bad", "warning"),
        "escalated": ("bad", "stairs"),
        "acknowledged": ("good", "check"),
        "attached": ("neutral", "attach"),
        "contact": ("neutral", "phone"),
        "not_solved": ("bad", "cross"),
        "rated": ("neutral", "star"),
        "restricted": ("neutral", "lock"),
    },
})  # fmt: skip


def tone_of(kind: str, code: str) -> str:
    return _look(kind, code)[0]


def sign_of(kind: str, code: str) -> str:
    return _look(kind, code)[1]


def timeline_sign(code: str) -> str:
    return sign_of("timeline", code)


def _look(kind: str, code: str) -> IconLook:
    return ICON_LOOKS[kind].get(str(code), ("neutral", "info"))
