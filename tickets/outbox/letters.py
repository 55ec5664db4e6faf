"""Messages a person looks at: dead and uncertain letters to send again or discard, and mails that were only kept."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, TextClause, func, select, text, update
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.audit.unsealed import MOST_COUNTED
from tickets.errors import InvalidInput, NotFound
from tickets.outbox import results
from tickets.people.actor import Actor
from tickets.schema import OutboundMessage
from tickets.states import OutboundChannel, OutboundState

# The account a mail is recorded under when there is no mail server to hand it to.
KEPT_MAIL = "kept"
# The account of the built-in telephone: what it takes rings on nobody's phone.
BUILT_IN = "sim"
DEAD = (OutboundState.FAILED, OutboundState.UNCERTAIN)
LONGEST_REASON = 300


def dead_letters(session: Session, *, before_id: int | None = None, limit: int = 50) -> Sequence[OutboundMessage]:
    """What was given up or may or may not have left, the newest first."""
    return _page(session, OutboundMessage.state.in_(DEAD), before_id=before_id, limit=limit)


def kept_mails(session: Session, *, before_id: int | None = None, limit: int = 50) -> Sequence[OutboundMessage]:
    """Mails that went to nobody because no mail server is set, the newest first."""
    return _page(session, _is_kept(), before_id=before_id, limit=limit)


def dead_count(session: Session) -> int:
    """MOST_COUNTED at most."""
    return _counted(session, OutboundMessage.state.in_(DEAD))


def waiting_count(session: Session) -> int:
    """How many have still to be sent, MOST_COUNTED at most."""
    return _counted(session, text("outbound_message.state in ('waiting', 'claimed')"))


def _counted(session: Session, which: ColumnElement[bool] | TextClause) -> int:
    first = select(OutboundMessage.id).where(which).limit(MOST_COUNTED).subquery()
    return session.scalar(select(func.count()).select_from(first)) or 0


def read_kept_mail(session: Session, message_id: int, *, actor: Actor, now: datetime) -> OutboundMessage:
    """A kept mail with its words; that somebody has read it is written down. Raises NotFound for any other message."""
    message = session.scalars(select(OutboundMessage).where(OutboundMessage.id == message_id, _is_kept())).one_or_none()
    if message is None:
        raise NotFound("message", message_id)
    _record(session, "message.read", message, {}, actor=actor, now=now)
    return message


def send_again(session: Session, message_id: int, *, actor: Actor, now: datetime) -> None:
    """A dead or uncertain letter is tried from the beginning. Raises NotFound when it is neither any more."""
    message = _locked(session, message_id)
    params = {"state": message.state.value, "error_code": message.error_code}
    if not results.send_again(session, message_id, now=now):
        raise NotFound("message", message_id)
    _record(session, "message.sent_again", message, params, actor=actor, now=now)


def discard(session: Session, message_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """It shall not be sent, for a reason. Raises InvalidInput without one, NotFound when it is no dead letter."""
    why = reason.strip()[:LONGEST_REASON]
    if not why:
        raise InvalidInput("reason", "required")
    message = _locked(session, message_id)
    session.execute(
        update(OutboundMessage)
        .where(OutboundMessage.id == message_id)
        .values(state=OutboundState.SUPPRESSED, settled_at=now, error_code="discarded", error=why, lease_until=None)
    )
    _record(session, "message.discarded", message, {"reason": why}, actor=actor, now=now)


def _locked(session: Session, message_id: int) -> OutboundMessage:
    message = session.scalars(
        select(OutboundMessage)
        .where(OutboundMessage.id == message_id, OutboundMessage.state.in_(DEAD))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()
    if message is None:
        raise NotFound("message", message_id)
    return message


def _page(
    session: Session, condition: ColumnElement[bool], *, before_id: int | None, limit: int
) -> Sequence[OutboundMessage]:
    wanted = select(OutboundMessage).where(condition).order_by(OutboundMessage.id.desc()).limit(limit)
    if before_id is not None:
        wanted = wanted.where(OutboundMessage.id < before_id)
    return session.scalars(wanted).all()


def _is_kept() -> ColumnElement[bool]:
    return (OutboundMessage.channel == OutboundChannel.EMAIL) & (OutboundMessage.provider_account == KEPT_MAIL)


def _record(
    session: Session, action: str, message: OutboundMessage, params: dict[str, str], *, actor: Actor, now: datetime
) -> None:
    entries.record(
        session,
        actor=actor,
        action=action,
        subject_kind="outbound_message",
        subject_id=message.id,
        ticket_id=message.ticket_id,
        params={"channel": message.channel.value, "template": message.template, **params},
        now=now,
    )
