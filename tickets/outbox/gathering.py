"""Many messages for one person become one list that names them all: nothing of it is lost (R16).

More than ten waiting are gathered, whatever they are about; and those that are more than one person may be sent
(`limits`), but for emergencies, which leave each by itself.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.schema import OutboundMessage
from tickets.states import OutboundChannel, OutboundState

# More than this many waiting for one person become one list (R16).
GATHER_ABOVE = 10
GATHERED_TEMPLATE = "gathered"
DAILY_LIST_TEMPLATE = "daily_list"
# A list names what it is about: as a line of another it would be "a notice", and nobody had been told of its matters.
LISTS = (GATHERED_TEMPLATE, DAILY_LIST_TEMPLATE)
# Why a message became a line of a list: as the attempts to tell somebody of a level say it.
GATHERED = "gathered"
GATHERED_OVER_LIMIT = "gathered_over_limit"
_LISTED = 50

# Written out, not bound: PostgreSQL uses the partial index only for a condition it can see.
IS_OPEN = text("outbound_message.state in ('waiting', 'claimed')")
IS_WAITING = text("outbound_message.state = 'waiting'")


def gather(session: Session, *, channels: Sequence[OutboundChannel], now: datetime) -> None:
    """Put more than ten messages waiting for one person's phone or mailbox into one list of them (R16)."""
    written = [c for c in (OutboundChannel.SMS, OutboundChannel.EMAIL) if c in channels]
    gatherable = and_(
        IS_OPEN,
        IS_WAITING,
        OutboundMessage.not_before <= now,
        OutboundMessage.channel.in_(written),
        OutboundMessage.staff_id.is_not(None),
        OutboundMessage.template.not_in(LISTS),
    )
    crowded = session.execute(
        select(OutboundMessage.channel, OutboundMessage.address, OutboundMessage.staff_id)
        .where(gatherable)
        .group_by(OutboundMessage.channel, OutboundMessage.address, OutboundMessage.staff_id)
        .having(func.count() > GATHER_ABOVE)
    ).all()
    for channel, address, staff_id in crowded:
        rows = session.scalars(
            select(OutboundMessage)
            .where(
                gatherable,
                OutboundMessage.channel == channel,
                OutboundMessage.address == address,
                OutboundMessage.staff_id == staff_id,
            )
            .order_by(OutboundMessage.is_urgent.desc(), OutboundMessage.id)
            .with_for_update(skip_locked=True)
        ).all()
        if len(rows) > GATHER_ABOVE:
            put_into_one(session, rows, why=GATHERED, now=now)


def put_into_one(session: Session, rows: Sequence[OutboundMessage], *, why: str, now: datetime) -> None:
    """Messages for one address become lines of one that leaves in their place."""
    ids = [row.id for row in rows]
    head = rows[0]
    list_id = session.scalar(
        insert(OutboundMessage)
        .values(
            dedup_key=f"gathered:{head.channel}:{min(ids)}:{max(ids)}:{len(ids)}",
            channel=head.channel,
            address=head.address,
            staff_id=head.staff_id,
            template=GATHERED_TEMPLATE,
            params=listed(rows),
            locale=head.locale,
            is_urgent=any(row.is_urgent for row in rows),
            state=OutboundState.WAITING,
            created_at=now,
            not_before=now,
            due_at=min(row.due_at or row.created_at for row in rows),
        )
        .returning(OutboundMessage.id)
    )
    session.execute(
        update(OutboundMessage)
        .where(OutboundMessage.id.in_(ids))
        .values(state=OutboundState.SUPPRESSED, gathered_into_id=list_id, error_code=why, settled_at=now)
        .execution_options(synchronize_session=False)
    )


def listed(rows: Sequence[OutboundMessage]) -> Mapping[str, Any]:
    """What the list of these messages says."""
    return {"count": len(rows), "items": [{"template": row.template, **row.params} for row in rows[:_LISTED]]}
