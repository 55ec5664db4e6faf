"""Words that come by themselves, weekly or monthly: to the screen and to the mail of each who is told."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from tickets import done_days
from tickets.city import day_of
from tickets.directory.standing import Person
from tickets.each_alone import PutAside
from tickets.outbox.posting import Outgoing, post_to_each
from tickets.states import OutboundChannel


def week_to_tell(session: Session, template: str, *, now: datetime) -> date | None:
    """The Monday of the week that is this caller's to tell; None: somebody has told it, or does just now."""
    today = day_of(now)
    monday = today - timedelta(days=today.weekday())
    if done_days.is_done(session, template, on_day=monday):
        return None
    return monday if done_days.take(session, template, on_day=monday, now=now) else None


def post_words(
    session: Session,
    template: str,
    told: Sequence[tuple[Person, Mapping[str, Any]]],
    *,
    of: date | int,
    put_aside: PutAside | None = None,
    now: datetime,
) -> int:
    """To each of these people what concerns them, once for the day or the decision; returns to how many."""
    messages = [one for person, params in told for one in _messages(person, template, params, of)]
    post_to_each(session, messages, put_aside=put_aside, now=now)
    return len(told)


def post_words_of_the_day(
    session: Session,
    template: str,
    told: Sequence[tuple[Person, Mapping[str, Any]]],
    *,
    day: date,
    put_aside: PutAside | None,
    now: datetime,
) -> int:
    """As `post_words`, for whoever has taken this day: to whom it was refused, it goes with a later round."""
    with done_days.unless_put_aside(session, template, put_aside, on_day=day) as put:
        return post_words(session, template, told, of=day, put_aside=put, now=now)


def _messages(person: Person, template: str, params: Mapping[str, Any], of: date | int) -> list[Outgoing]:
    """One for the screen and, where there is an address, one by mail."""
    by_mail = (OutboundChannel.EMAIL,) if person.email else ()
    return [
        Outgoing(
            channel=channel,
            address=person.email if channel is OutboundChannel.EMAIL else "",
            template=template,
            params=dict(params),
            locale=person.locale,
            dedup_key=f"{template}:{of}:{person.staff_id}:{channel}",
            staff_id=person.staff_id,
        )
        for channel in (OutboundChannel.SCREEN, *by_mail)
    ]
