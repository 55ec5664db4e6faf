"""A marked test message to whoever would be told first on a step, by the way they would be told, and what became of it.

It tells of no matter, counts as no attempt and leaves at once, whatever the hour: whoever presses the button wants to
know whether it arrives.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.queries.chain_seen import StandsThere, StepSeen
from tickets.audit import entries
from tickets.city import day_of
from tickets.errors import InvalidInput
from tickets.outbox.fates import Fate, fate_of
from tickets.outbox.posting import Outgoing, post_all
from tickets.people.actor import Actor
from tickets.schema import OutboundMessage, Staff
from tickets.states import OutboundChannel

STEP_TEST_TEMPLATE = "step_test"
# One person, one step, one day: a test is no alarm.
MOST_A_DAY = 3
_JUST_NOW = timedelta(minutes=1)


def send_step_test(
    session: Session, chain_version_id: int, chain: str, seen: StepSeen, *, unit_id: int, actor: Actor, now: datetime
) -> list[str]:
    """Post it to each who would be told first; their names. Audited with whom it went to.

    Raises InvalidInput where nobody can be told, and where it was done a moment ago or often enough today.
    """
    if not [one for one in seen.people if one.is_first]:
        raise InvalidInput("step", "nobody_to_test")
    told = [one for one in seen.people if one.is_first and _way(one, seen) is not None]
    if not told:
        raise InvalidInput("step", "no_way_to_test")
    known = _known(session, chain_version_id, [(seen.step.level, one.staff_id) for one in told], days=[day_of(now)])
    locales = dict(
        session.execute(select(Staff.id, Staff.locale).where(Staff.id.in_([one.staff_id for one in told]))).all()
    )
    messages = []
    for one in told:
        before = known.get((seen.step.level, one.staff_id), [])
        _judge(before, now=now)
        number = len(before) + 1
        key = _key(chain_version_id, seen.step.level, one.staff_id, day_of(now), number)
        messages.append(_message(one, seen, chain, key=key, locale=locales[one.staff_id]))
    post_all(session, messages, now=now)
    params = {"name": chain, "level": seen.step.level, "unit_id": unit_id, "told": [one.staff_id for one in told]}
    entries.record(
        session, actor=actor, action="chain.step_tested", subject_kind="chain", subject_id=None, params=params, now=now
    )
    return [one.name for one in told]


def step_tests(
    session: Session, chain_version_id: int, steps: Sequence[StepSeen], *, now: datetime
) -> dict[tuple[int, int], Fate]:
    """By level and person, the newest test of today and yesterday, in one statement."""
    asked = [(seen.step.level, one.staff_id) for seen in steps for one in seen.people]
    today = day_of(now)
    known = _known(session, chain_version_id, asked, days=[today - timedelta(days=1), today])
    return {key: fate_of(max(rows, key=lambda row: row.id), now=now) for key, rows in known.items()}


def _locales(session: Session, staff_ids: Collection[int]) -> dict[int, str]:
    return {
        who: locale for who, locale in session.execute(select(Staff.id, Staff.locale).where(Staff.id.in_(staff_ids)))
    }


def _way(one: StandsThere, seen: StepSeen) -> tuple[OutboundChannel, str] | None:
    if one.ways:
        return one.ways[0].kind, one.ways[0].address
    return (OutboundChannel.SCREEN, "") if list(seen.step.channels) == [OutboundChannel.SCREEN] else None


def _judge(before: Collection[OutboundMessage], *, now: datetime) -> None:
    if any(row.created_at > now - _JUST_NOW for row in before):
        raise InvalidInput("step", "tested_just_now")
    if len(before) >= MOST_A_DAY:
        raise InvalidInput("step", "tested_enough", most=MOST_A_DAY)


def _message(one: StandsThere, seen: StepSeen, chain: str, *, key: str, locale: str) -> Outgoing:
    channel, address = _way(one, seen) or (OutboundChannel.SCREEN, "")
    return Outgoing(
        channel=channel,
        address=address,
        template=STEP_TEST_TEMPLATE,
        params={"chain": chain, "level": seen.step.level},
        locale=locale,
        dedup_key=key,
        staff_id=one.staff_id,
        is_urgent=True,
    )


def _key(chain_version_id: int, level: int, staff_id: int, day: date, number: int) -> str:
    return f"{STEP_TEST_TEMPLATE}:{chain_version_id}:{level}:{staff_id}:{day}:{number}"


def _known(
    session: Session, chain_version_id: int, asked: Sequence[tuple[int, int]], *, days: Sequence[date]
) -> Mapping[tuple[int, int], list[OutboundMessage]]:
    """The tests of these levels and people on these days, by their keys."""
    keys = {
        _key(chain_version_id, level, staff_id, day, number + 1): (level, staff_id)
        for level, staff_id in asked
        for day in days
        for number in range(MOST_A_DAY)
    }
    found: dict[tuple[int, int], list[OutboundMessage]] = {}
    for row in session.scalars(select(OutboundMessage).where(OutboundMessage.dedup_key.in_(keys))):
        found.setdefault(keys[row.dedup_key], []).append(row)
    return found
