"""Sends the play's messages when they were due: worded by the product's templates, taken by the simulated carrier."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy.orm import Session

from app.messages import render
from telephony.sms_text import sms_size
from tickets import outbox_claims, outbox_results
from tickets.outbox import record_status
from tickets.schema import OutboundMessage
from tickets.states import OutboundChannel

BY = "demonstration"
AT_ONCE = 500
_SENT_BY = {OutboundChannel.SCREEN: "screen", OutboundChannel.EMAIL: "kept"}


@dataclass(frozen=True)
class PostOffice:
    """`account` is the simulated carrier's; `wording` the application in which words are translated."""

    account: str
    base_url: str
    wording: Flask

    def send_due(self, session: Session, *, now: datetime) -> None:
        channels = tuple(OutboundChannel)
        while rows := outbox_claims.claim_batch(session, by=BY, channels=channels, limit=AT_ONCE, now=now):
            with self.wording.app_context():
                for row in rows:
                    self._send(session, row, now=now)

    def _send(self, session: Session, row: OutboundMessage, *, now: datetime) -> None:
        at = max(row.not_before, row.created_at) + timedelta(seconds=2)
        words = render(row.template, row.channel.value, row.params, locale=row.locale, base_url=self.base_url, now=at)
        outbox_results.keep_words(session, row.id, subject=words.subject, words=words.text)
        if (account := _SENT_BY.get(row.channel)) is not None:
            outbox_results.record_sent(session, row.id, by=BY, account=account, sid=None, now=at)
            return
        sid = f"SMde{row.id:030x}"
        outbox_results.record_sent(
            session, row.id, by=BY, account=self.account, sid=sid, segments=sms_size(words.text).segments, now=at
        )
        record_status(session, account=self.account, sid=sid, status="delivered", now=at + timedelta(seconds=3))
