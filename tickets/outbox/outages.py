"""The letters that one outage has left behind, sent again in a single step that is written down once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, text, update
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.errors import InvalidInput
from tickets.outbox.results import AFRESH
from tickets.people.actor import Actor
from tickets.schema import OutboundMessage
from tickets.states import OutboundChannel, OutboundState

# Dead letters of a channel with less than two hours between them are of one outage.
_OUTAGES = text(
    """
    with marked as (
        select channel, error_code, created_at,
               case when created_at - lag(created_at) over w > interval '2 hours' then 1 else 0 end as begins
        from outbound_message where state in ('failed', 'uncertain') and state = 'failed' and error_code <> 'opted_out'
        window w as (partition by channel order by created_at, id)
    ), numbered as (
        select *, sum(begins) over (partition by channel order by created_at) as outage from marked
    )
    select channel, min(created_at) as since, max(created_at) as until, count(*) as letters,
           array_agg(distinct error_code order by error_code) as codes
    from numbered group by channel, outage order by max(created_at) desc limit 20
    """
)


@dataclass(frozen=True, slots=True)
class LettersOfAnOutage:
    """`since` and `until`: when the first and the last of them was written; `codes`: what was said of them."""

    channel: OutboundChannel
    since: datetime
    until: datetime
    letters: int
    codes: Sequence[str]


def outages(session: Session) -> Sequence[LettersOfAnOutage]:
    """The newest first. What may or may not have arrived is left to a decision of its own."""
    rows = session.execute(_OUTAGES).all()
    return [LettersOfAnOutage(OutboundChannel(row[0]), row[1], row[2], row[3], row[4]) for row in rows]


def send_outage_again(
    session: Session,
    *,
    since: datetime,
    until: datetime,
    channel: OutboundChannel | None = None,
    actor: Actor,
    now: datetime,
) -> int:
    """All letters written between these instants, both included, that did not leave; how many.

    Raises InvalidInput when the stretch ends before it begins.
    """
    if until < since:
        raise InvalidInput("until", "before_start")
    again = session.execute(
        update(OutboundMessage)
        .where(*_of(since, until, channel))
        .values(**AFRESH, not_before=now, due_at=now)
        .returning(OutboundMessage.id)
        .execution_options(synchronize_session=False)
    ).all()
    params = {"since": since.isoformat(), "until": until.isoformat(), "letters": len(again)}
    entries.record(
        session,
        actor=actor,
        action="outage.sent_again",
        subject_kind="outbound_message",
        subject_id=None,
        params={**params, "channel": channel.value if channel else "all"},
        now=now,
    )
    return len(again)


def _of(since: datetime, until: datetime, channel: OutboundChannel | None) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [
        OutboundMessage.state == OutboundState.FAILED,
        OutboundMessage.error_code != "opted_out",
        OutboundMessage.created_at >= since,
        OutboundMessage.created_at <= until,
    ]
    return wanted if channel is None else [*wanted, OutboundMessage.channel == channel]
