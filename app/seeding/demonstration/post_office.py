"""Sends the play's messages as of when they were due: worded by the product's templates, taken by no real carrier."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from app.wording.messages import render
from telephony.sms.text import sms_size
from tickets.outbox.posting import STATUS_RANK
from tickets.schema import OutboundMessage
from tickets.states import OutboundChannel, OutboundState

BY = "demonstration"
_SENT_BY = {OutboundChannel.SCREEN: "screen", OutboundChannel.EMAIL: "kept"}
_COLUMNS = (
    "state", "subject", "text", "attempts", "claimed_by", "provider_account", "provider_sid", "provider_status",
    "status_rank", "segments", "sent_at", "delivered_at",
)  # fmt: skip


@dataclass(frozen=True)
class PostOffice:
    """`account` is the simulated carrier's; `wording` the application in which words are translated."""

    account: str
    base_url: str
    wording: Flask

    def send_all(self, session: Session, *, after_id: int, now: datetime) -> None:
        """Everything the play has written that was due before `now`, in one statement: a worker would take minutes.

        What was there before (up to `after_id`) or came while it was played (created after `now`) is the worker's.
        """
        due = select(OutboundMessage).where(
            OutboundMessage.id > after_id,
            OutboundMessage.created_at < now,
            OutboundMessage.state == OutboundState.WAITING,
            OutboundMessage.not_before < now - timedelta(minutes=1),
        )
        with self.wording.app_context():
            rows = [self._sent(message) for message in session.scalars(due)]
        if rows:
            wanted: dict[str, Any] = {column: bindparam(f"new_{column}") for column in _COLUMNS}
            table = OutboundMessage.__table__
            session.connection().execute(
                update(table).where(table.c.id == bindparam("which")).values(wanted),
                rows,
            )
        session.expire_all()

    def _sent(self, message: OutboundMessage) -> dict[str, Any]:
        at = message.not_before + timedelta(seconds=2)
        words = render(
            message.template,
            message.channel.value,
            message.params,
            locale=message.locale,
            base_url=self.base_url,
            now=at,
        )
        by_phone = message.channel not in _SENT_BY
        return {
            "which": message.id,
            "new_state": OutboundState.DELIVERED if by_phone else OutboundState.SENT,
            "new_subject": words.subject,
            "new_text": words.text,
            "new_attempts": 1,
            "new_claimed_by": BY,
            "new_provider_account": _SENT_BY.get(message.channel, self.account),
            "new_provider_sid": f"SMde{message.id:030x}" if by_phone else None,
            "new_provider_status": "delivered" if by_phone else "",
            "new_status_rank": STATUS_RANK["delivered"] if by_phone else -1,
            "new_segments": sms_size(words.text).segments if by_phone else None,
            "new_sent_at": at,
            "new_delivered_at": at + timedelta(seconds=3) if by_phone else None,
        }
