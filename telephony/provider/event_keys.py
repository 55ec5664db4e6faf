"""What makes two provider requests the same event: the keys under which each is acted upon once."""

import hashlib
import json
from collections.abc import Mapping

# Steps of a conversation: their answer is the next document, and their key the call and the turn.
TURN_STEPS = frozenset({"voice", "menu", "place", "request", "queue", "dial", "voicemail", "callback", "hold"})
# The keys of somebody whom we called to report something.
NOTICE_STEP = "notice"
# How such a call goes on and ends.
NOTICE_STATUS = "notice-status"
# The same of somebody whom we call back.
CALLED_BACK_STEP = "called-back"
CALLED_BACK_STATUS = "called-back-status"
# Where a leg in a talk of several is led, and what it asks when its room ends.
ROOM_STEP = "room"
# Where the line between two colleagues leads when one of them hangs up.
CONSULTED_STEP = "consulted"
CONSULTED_STATUS = "consulted-status"


def event_key(kind: str, form: Mapping[str, str], query: Mapping[str, str]) -> str:
    """Status per leg and state, recording per file and state, message per id; a step per call and turn.

    What has no natural key is known by the digest of all it says: an exact repetition is the same event.
    """
    call, message = form.get("call_sid", ""), form.get("message_sid", "")
    if kind in TURN_STEPS and call and ("turn" in query or kind == "voice"):
        return f"turn:{call}:{query.get('turn', '0')}"
    if kind in ("status", NOTICE_STATUS, CALLED_BACK_STATUS, CONSULTED_STATUS) and call:
        return f"{kind}:{call}:{form.get('call_status', '')}"
    if kind == "recording" and form.get("recording_sid"):
        return f"recording:{form['recording_sid']}:{form.get('recording_status', '')}"
    if kind == "sms" and message:
        return f"sms:{message}"
    if kind == "sms-status" and message:
        return f"sms-status:{message}:{form.get('message_status', '')}:{form.get('error_code', '')}"
    return _conference_key(form) or _digest_key(kind, form, query)


def _conference_key(form: Mapping[str, str]) -> str:
    conference, event = form.get("conference_sid"), form.get("conference_event")
    if not (conference and event):
        return ""
    return f"conference:{conference}:{form.get('sequence', '')}:{event}:{form.get('call_sid', '')}"


def _digest_key(kind: str, form: Mapping[str, str], query: Mapping[str, str]) -> str:
    told = json.dumps([kind, sorted(form.items()), sorted(query.items())], ensure_ascii=False)
    return f"{kind}:{hashlib.sha256(told.encode('utf-8', 'replace')).hexdigest()}"
