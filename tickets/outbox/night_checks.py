"""The night check: published lines of units that consent are called at random hours, and a key proves a person.

A line is called once in seven nights and never twice a night; so many lines a night. Hours are drawn when a night
begins; consent and the line are looked at again when it is time to call. How a call ended is read from its message.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

from sqlalchemy import ColumnElement, Integer, Row, cast, exists, func, or_, select, update
from sqlalchemy.orm import Session

from tickets import done_days
from tickets.audit.entries import record
from tickets.city import wall_clock
from tickets.directory.shifts import turns_at
from tickets.each_alone import PutAside, each_alone
from tickets.outbox.overtaken import NIGHT_TEMPLATE
from tickets.outbox.posting import Outgoing, post_all
from tickets.people.actor import Actor
from tickets.schema import Line, NightCall, NightConsent, OneStopOffice, OutboundMessage, Unit
from tickets.schema.rows import insert_many
from tickets.states import LOCALES, NightResult, NotHeard, OutboundChannel, OutboundState

# The key of whoever is there for the unit, and of whoever has nothing to do with it.
HERE_KEY, NOT_OURS_KEY = "1", "9"
NIGHT_BEGINS, NIGHT_ENDS = time(22), time(5, 30)
MOST_A_NIGHT = 40
NIGHTS_BETWEEN = 7
# What asks nothing of the unit.
NO_FAILURE = (NightResult.ANSWERED, NightResult.NOT_CALLED)
# A call that nobody tells the end of: what is told later changes nothing.
_LONGEST_OPEN = timedelta(hours=3)
# Among the works of once a day: the lines of the whole city were gone through for some to call.
_LOOKED = "look for lines at night"
_LOOK_AGAIN_AFTER = timedelta(hours=1)
_SAID_AGAIN = timedelta(minutes=2)
# A call, the number, the unit's names, and whether it still consents and the line still runs.
_Due = Row[NightCall, str, str, str, bool, bool]
_ENDED: dict[str, NightResult] = {
    NotHeard.BUSY: NightResult.BUSY,
    NotHeard.NO_ANSWER: NightResult.RANG_OUT,
    NotHeard.MACHINE: NightResult.MACHINE,
    NotHeard.NO_KEY: NightResult.NO_KEY,
    NotHeard.HUNG_UP: NightResult.NO_KEY,
    NotHeard.CALL_FAILED: NightResult.UNREACHABLE,
}
_OVER = (OutboundState.DELIVERED, OutboundState.FAILED, OutboundState.SUPPRESSED, OutboundState.UNCERTAIN)


@dataclass(frozen=True, slots=True)
class EndedCall:
    """A call that has just ended."""

    call_id: int
    line_id: int
    phone: str
    unit_id: int
    night: date
    result: NightResult


def set_consent(session: Session, unit_id: int, *, is_given: bool, actor: Actor, now: datetime) -> None:
    session.add(NightConsent(unit_id=unit_id, is_given=is_given, decided_by_id=actor.staff_id, decided_at=now))
    session.flush()
    done_days.undo_all(session, _LOOKED)
    action = "night.consented" if is_given else "night.declined"
    params = {"unit_id": unit_id}
    record(session, actor=actor, action=action, subject_kind="unit", subject_id=unit_id, params=params, now=now)


def consenting(session: Session, unit_ids: Collection[int] | None = None) -> frozenset[int]:
    """The units that let their lines be called."""
    statement = select(Unit.id).where(_consents())
    if unit_ids is not None:
        statement = statement.where(Unit.id.in_(unit_ids))
    return frozenset(session.scalars(statement))


def night_of(now: datetime) -> date | None:
    """The night that runs, by the day on which it began; None by day."""
    here = wall_clock(now)
    if here.time() >= NIGHT_BEGINS:
        return here.date()
    return here.date() - timedelta(days=1) if here.time() < NIGHT_ENDS else None


def draw_night(session: Session, *, rng: Random, now: datetime) -> int:
    """Once a night, choose lines and an hour for each; returns how many. Those not called for longest come first.

    Where there is none to call it is looked for again after an hour, or once somebody consents.
    """
    night = night_of(now)
    if night is None or session.scalar(select(exists().where(NightCall.night == night))):
        return 0
    looked_at = done_days.done_at(session, _LOOKED, on_day=night)
    if looked_at is not None and now - looked_at < _LOOK_AGAIN_AFTER:
        return 0
    done_days.note(session, _LOOKED, on_day=night, now=now)
    last = select(func.max(NightCall.night)).where(NightCall.line_id == Line.id).correlate(Line).scalar_subquery()
    rows = session.execute(
        select(Line.id, OneStopOffice.unit_id)
        .join(OneStopOffice, OneStopOffice.id == Line.office_id)
        .join(Unit, Unit.id == OneStopOffice.unit_id)
        .where(_runs(night), _consents(), or_(last.is_(None), last <= night - timedelta(days=NIGHTS_BETWEEN)))
        .order_by(func.coalesce(last, date.min), Line.id)
        .limit(MOST_A_NIGHT)
    ).all()
    hours = _hours(night, now, len(rows), rng)
    insert_many(session, NightCall, [_planned(*row, night, at) for row, at in zip(rows, hours, strict=True)])
    return len(rows)


def _planned(line_id: int, unit_id: int, night: date, at: datetime) -> dict[str, object]:
    return {"line_id": line_id, "unit_id": unit_id, "night": night, "call_at": at}


def call_what_is_due(session: Session, *, put_aside: PutAside | None = None, now: datetime) -> int:
    """Place the calls whose hour has come, where the unit still consents and the night still runs."""
    due = session.execute(
        select(NightCall, Line.phone, Unit.name, Unit.name_en, _consents(), _runs(wall_clock(now).date()))
        .join(Line, Line.id == NightCall.line_id)
        .join(Unit, Unit.id == NightCall.unit_id)
        .where(NightCall.result.is_(None), NightCall.dedup_key.is_(None), NightCall.call_at <= now)
        .order_by(NightCall.id)
        .with_for_update(of=NightCall, skip_locked=True)
    ).all()
    placed = each_alone(
        session, due, lambda one: _call(session, one, now=now), named=lambda one: one[0].id, put_aside=put_aside
    )
    return sum(placed)


def _call(session: Session, due: _Due, *, now: datetime) -> bool:
    """Whether it was placed."""
    call, phone, name, name_en, may_call, is_running = due
    if not may_call or not is_running or night_of(now) != call.night:
        call.result, call.judged_at = NightResult.NOT_CALLED, now
        return False
    call.dedup_key = f"{NIGHT_TEMPLATE}:{call.id}"
    call.on_duty = _on_duty(session, call.unit_id, now)
    session.flush()
    post_all(session, [_message(phone, {"vi": name, "en": name_en or name}, call.dedup_key)], now=now)
    return True


def note_key(session: Session, message: OutboundMessage, key: str, *, now: datetime) -> None:
    """What was pressed first counts."""
    session.execute(
        update(NightCall)
        .where(NightCall.dedup_key == message.dedup_key, NightCall.pressed == "", NightCall.result.is_(None))
        .values(pressed=key, pressed_at=now)
    )


def judge_ended(
    session: Session,
    *,
    follow: Callable[[EndedCall], None] = lambda _: None,
    put_aside: PutAside | None = None,
    now: datetime,
) -> list[EndedCall]:
    """Of the calls whose end is known, or will not be known any more; `follow` does what comes of each."""
    rows = session.execute(
        select(NightCall, OutboundMessage, Line.phone)
        .join(OutboundMessage, OutboundMessage.dedup_key == NightCall.dedup_key)
        .join(Line, Line.id == NightCall.line_id)
        .where(NightCall.result.is_(None))
        .order_by(NightCall.id)
        .with_for_update(of=NightCall, skip_locked=True)
    ).all()

    def judge(call: NightCall, message: OutboundMessage, phone: str) -> EndedCall | None:
        result = _result(call, message, now=now)
        if result is None:
            return None
        call.result, call.judged_at = result, now
        call.seconds = _seconds(call, message) if result is NightResult.ANSWERED else None
        ended = EndedCall(call.id, call.line_id, phone, call.unit_id, call.night, result)
        session.flush()
        follow(ended)
        return ended

    judged = each_alone(session, rows, lambda one: judge(*one), named=lambda one: one[0].id, put_aside=put_aside)
    return [one for one in judged if one is not None]


def note_ticket(session: Session, call_id: int, ticket_id: int) -> None:
    session.execute(update(NightCall).where(NightCall.id == call_id).values(ticket_id=ticket_id))


def insert_calls(session: Session, calls: Collection[dict[str, object]]) -> None:
    """Calls of nights that are over, as they ended."""
    insert_many(session, NightCall, list(calls))


def _result(call: NightCall, message: OutboundMessage, *, now: datetime) -> NightResult | None:
    if call.pressed == HERE_KEY:
        return NightResult.ANSWERED
    if call.pressed == NOT_OURS_KEY:
        return NightResult.WRONG
    # Who has pressed another key hears it once more, and may still press the right one.
    is_heard_out = message.delivered_at is None or message.delivered_at < now - _SAID_AGAIN
    if message.state in _OVER and is_heard_out:
        return _without_key(message)
    return NightResult.NOT_CALLED if call.call_at < now - _LONGEST_OPEN else None


def _without_key(message: OutboundMessage) -> NightResult:
    """A call that was heard out and answered by no key reached no one who is there for the unit."""
    if message.state is OutboundState.DELIVERED:
        return NightResult.NO_KEY
    return _ENDED.get(message.error_code, NightResult.NOT_CALLED)


def _seconds(call: NightCall, message: OutboundMessage) -> int | None:
    if call.pressed_at is None or message.sent_at is None:
        return None
    return max(0, round((call.pressed_at - message.sent_at).total_seconds()))


def _hours(night: date, now: datetime, count: int, rng: Random) -> list[datetime]:
    """So many instants of what is left of the night, at random, in no order that a unit could guess."""
    here = wall_clock(now)
    ends = datetime.combine(night + timedelta(days=1), NIGHT_ENDS, here.tzinfo)
    left = max(60, int((ends - here).total_seconds()) - 60)
    return [now + timedelta(seconds=rng.randrange(left)) for _ in range(count)]


def _message(phone: str, unit: dict[str, str], key: str) -> Outgoing:
    return Outgoing(
        channel=OutboundChannel.VOICE,
        address=phone,
        template=NIGHT_TEMPLATE,
        params={"unit": unit},
        locale=LOCALES[0],
        dedup_key=key,
    )


def _on_duty(session: Session, unit_id: int, now: datetime) -> str:
    turns = turns_at(session, unit_id, from_at=now, to_at=now + timedelta(seconds=1))
    return ", ".join(dict.fromkeys(turn.person for turn in turns))[:300]


def _consents() -> ColumnElement[bool]:
    """The condition on `Unit`."""
    last = (
        select(cast(NightConsent.is_given, Integer))
        .where(NightConsent.unit_id == Unit.id)
        .order_by(NightConsent.id.desc())
        .limit(1)
        .correlate(Unit)
        .scalar_subquery()
    )
    return func.coalesce(last, 0) == 1


def _runs(day: date) -> ColumnElement[bool]:
    return or_(Line.valid_from.is_(None), Line.valid_from <= day) & or_(Line.valid_to.is_(None), Line.valid_to > day)
