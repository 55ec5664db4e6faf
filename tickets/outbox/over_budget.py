"""Messages that are held or refused for their cost: what people see of them, and what they may do."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select, text, update
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.directory.standing_rows import administrators
from tickets.errors import NotFound
from tickets.outbox.posting import Outgoing, post_all
from tickets.people.actor import Actor
from tickets.schema import OutboundMessage
from tickets.states import OutboundChannel, OutboundState

# Why a message is held, by whose budget it is.
OVER: Mapping[str, str] = {
    "number": "over_budget_number",
    "range": "over_budget_range",
    "prefix": "over_budget_prefix",
    "all": "over_budget_all",
}
# Held for a day: a person decides.
GIVEN_UP = "over_budget_for_a_day"
# A person has let it go: no budget holds it.
RELEASED = "released"
TOLD_TEMPLATE = "budget_used_up"
# Written out, as in the partial index.
_OF_MONEY = text(
    "outbound_message.error_code in ('over_budget_number', 'over_budget_range', 'over_budget_prefix', "
    "'over_budget_all', 'number_premium', 'number_refused')"
)
_IS_HELD: ColumnElement[bool] = and_(
    OutboundMessage.state == OutboundState.WAITING, OutboundMessage.error_code.in_(OVER.values())
)


def kept_back(session: Session, *, before_id: int | None = None, limit: int = 50) -> Sequence[OutboundMessage]:
    """What is held by a budget, and what was not sent because of its number; the newest first."""
    wanted = select(OutboundMessage).where(_OF_MONEY).order_by(OutboundMessage.id.desc()).limit(limit)
    if before_id is not None:
        wanted = wanted.where(OutboundMessage.id < before_id)
    return session.scalars(wanted).all()


def held_by_reason(session: Session) -> dict[str, int]:
    """How many each kind of budget holds now."""
    rows = session.execute(
        select(OutboundMessage.error_code, func.count()).where(_OF_MONEY, _IS_HELD).group_by(OutboundMessage.error_code)
    )
    return dict.fromkeys(OVER.values(), 0) | {why: count for why, count in rows}


def release(session: Session, message_id: int, *, actor: Actor, now: datetime) -> None:
    """Let one leave now, whatever the budget. Raises NotFound when it is not held any more."""
    if not _let_go(session, OutboundMessage.id == message_id, now=now):
        raise NotFound("message", message_id)
    entries.record(
        session, actor=actor, action="message.released", subject_kind="outbound_message", subject_id=message_id,
        params={}, now=now,
    )  # fmt: skip


def release_all(session: Session, why: str, *, actor: Actor, now: datetime) -> int:
    """Let everything leave that is held for this reason; how many that were."""
    released = _let_go(session, OutboundMessage.error_code == why, now=now)
    if released:
        entries.record(
            session, actor=actor, action="message.all_released", subject_kind="outbound_message", subject_id=None,
            params={"reason": why, "count": len(released)}, now=now,
        )  # fmt: skip
    return len(released)


def _let_go(session: Session, which: ColumnElement[bool], *, now: datetime) -> Sequence[int]:
    return session.scalars(
        update(OutboundMessage)
        .where(_OF_MONEY, _IS_HELD, which)
        .values(not_before=now, error_code=RELEASED)
        .returning(OutboundMessage.id)
        .execution_options(synchronize_session=False)
    ).all()


def tell_administrators(session: Session, held: Sequence[tuple[str, str]], *, now: datetime) -> None:
    """Once an hour, on their screens and by mail: somebody may be earning by what we send, or the city needs more."""
    hour = now.strftime("%Y%m%d%H")
    params = {"held": [[why, kind] for why, kind in held]}
    messages = []
    for person in administrators(session, now=now):
        ways = [(OutboundChannel.SCREEN, ""), *([(OutboundChannel.EMAIL, person.email)] if person.email else [])]
        messages += [
            Outgoing(
                channel, address, TOLD_TEMPLATE, params, person.locale, staff_id=person.staff_id,
                dedup_key=f"{TOLD_TEMPLATE}:{hour}:{person.staff_id}:{channel.value}",
            )
            for channel, address in ways
        ]  # fmt: skip
    post_all(session, messages, now=now)
