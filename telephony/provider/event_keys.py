"""What makes two provider requests the same event: the keys under which each is acted upon once."""

import hashlib
import json
from collections.abc import Mapping

# Steps of a conversation: their answer is the next document, and their key the call and the turn.
TWIML_STEPS = frozenset({"voice", "menu", "place", "request", "queue", "dial", "voicemail", "callback", "hold"})
# The keys of somebody whom we called to report something.
NOTICE_STEP = "notice"


def event_key(kind: str, form: Mapping[str, str], query: Mapping[str, str]) -> str:
    """Status per leg and state, recording per file and state, message per id; a step per call and turn.

    What has no natural key is known by the digest of all it says: an exact repetition is the same event.
    """
    call, message = form.get("CallSid", ""), form.get("MessageSid") or form.get("SmsSid", "")
    if kind in TWIML_STEPS and call and ("turn" in query or kind == "voice"):
        return f"turn:{call}:{query.get('turn', '0')}"
    if kind == "status" and call:
        return f"status:{call}:{form.get('CallStatus', '')}"
    if kind == "recording" and form.get("RecordingSid"):
        return f"recording:{form['RecordingSid']}:{form.get('RecordingStatus', '')}"
    if kind == "sms" and message:
        return f"sms:{message}"
    if kind == "sms-status" and message:
        status = form.get("MessageStatus") or form.get("SmsStatus", "")
        return f"sms-status:{message}:{status}:{form.get('ErrorCode', '')}"
    return _conference_key(form) or _digest_key(kind, form, query)


def _conference_key(form: Mapping[str, str]) -> str:
    conference, event = form.get("ConferenceSid"), form.get("StatusCallbackEvent")
    if not (conference and event):
        return ""
    return f"conference:{conference}:{form.get('SequenceNumber', '')}:{event}:{form.get('CallSid', '')}"


def _digest_key(kind: str, form: Mapping[str, str], query: Mapping[str, str]) -> str:
    told = json.dumps([kind, sorted(form.items()), sorted(query.items())], ensure_ascii=False)
    return f"{kind}:{hashlib.sha256(told.encode('utf-8', 'replace')).hexdigest()}"
