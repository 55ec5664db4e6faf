"""A text that comes in: a leader's reply is escalation's, telephony understands the rest; both meet only here."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from escalation.acknowledging.code_replies import take_reply
from escalation.acknowledging.reply_deeds import Reply
from telephony.desk import Desk
from telephony.sms.arrival import ReceivedSms, act_on_sms, keep_sms
from telephony.sms.codes import CodesIntent
from telephony.sms.intent import TextIntent


def receive_text(session: Session, form: Mapping[str, str], desk: Desk, *, now: datetime) -> ReceivedSms | None:
    """Do what it asks for. None for a leader's reply, to which nothing is said at once."""
    sms = keep_sms(session, form, account=desk.account.name, now=now)
    intent, phone = sms.intent, sms.phone
    if isinstance(intent, CodesIntent) and phone is not None:
        reply = Reply(intent.codes, intent.instruction, intent.passes_up, intent.may_be_words)
        if take_reply(session, reply, phone=phone, message_sid=sms.message_sid, now=now):
            return None
        # Nobody we report to: a citizen's ordinary words that look like a leader's code, or nothing but one.
        sms = sms if intent.says_no_more else replace(sms, intent=TextIntent(sms.body))
    act_on_sms(session, sms, desk, now=now)
    return sms
