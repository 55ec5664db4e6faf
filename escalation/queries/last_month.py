"""What a chain would have brought in the last month, beside what was really told: by level, and by person and post.

Instants are those that planning gives for the promises as they really ran; who would have been told is whoever stands
there tonight. That a level was held by an answer, merged or overtaken by a higher one is not taken off: it is the most
that would have come. Restricted tickets, of which not even a count may tell, and the hourly trial are left out.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from tickets.directory.standing import Concern
from tickets.directory.standing_rows import load_standing
from tickets.promises.arithmetic import Interval
from tickets.promises.loading import LoadedChain, PromiseRulebook
from tickets.promises.plan import StepPlan, plan
from tickets.promises.recompute import ClockState
from tickets.schema import (
    Category,
    Clock,
    ClockInterval,
    PlannedStep,
    Post,
    PromiseBreach,
    Staff,
    StepRecipient,
    Ticket,
)
from tickets.states import ClockStatus, Priority, StepKind

_MONTH = timedelta(days=30)
# Two seconds of planning; of more the newest are counted, and the page says so.
MOST_PROMISES = 2_000


@dataclass(frozen=True, slots=True)
class ToldOfLevel:
    """How many people were told of a level, and how many would have been."""

    level: int
    really: int
    drafted: int


@dataclass(frozen=True, slots=True)
class ToldInMonth:
    """The same of one person in one post; `name` '': nobody would have stood there."""

    name: str
    post: str
    post_en: str
    really: int
    drafted: int


@dataclass(frozen=True, slots=True)
class LastMonth:
    """`promises` is how many were looked at, `is_all` whether those were all that broke or came near it."""

    since: datetime
    promises: int
    is_all: bool
    levels: Sequence[ToldOfLevel]
    people: Sequence[ToldInMonth]


@dataclass(frozen=True, slots=True)
class _Ran:
    """A promise of the month as it ran, of a ticket as it is now."""

    state: ClockState
    ended_at: datetime
    calendar_id: int
    chain: str
    unit_id: int
    field: str
    procedure_id: int | None
    priority: Priority


def last_month(session: Session, before: PromiseRulebook, after: PromiseRulebook, *, now: datetime) -> LastMonth | None:
    """For the chains that differ between two rulebooks, in five statements; None where none of them was climbed."""
    drafted = _changed(before, after)
    if not drafted:
        return None
    since = now - _MONTH
    found = _ran(session, before, set(drafted), since=since, now=now)
    if not found:
        return None
    ran = dict(list(found.items())[:MOST_PROMISES])
    really = _really_told(session, list(ran), since=since)
    would = _would_be_told(session, after, ran.values(), drafted, since=since, now=now)
    return LastMonth(since, len(ran), len(found) <= MOST_PROMISES, _levels(really, would), _people(really, would))


# (level, name, post, post in English) of each message.
_Told = Counter[tuple[int, str, str, str]]


def _changed(before: PromiseRulebook, after: PromiseRulebook) -> dict[str, int]:
    """The newest version of each chain that has another one than before."""
    had, has = _newest(before), _newest(after)
    return {name: version for name, version in has.items() if name in had and had[name] != version}


def _newest(book: PromiseRulebook) -> dict[str, int]:
    return {loaded.chain.name: version for version, loaded in sorted(book.chains.items())}


def _ran(
    session: Session, book: PromiseRulebook, names: Collection[str], *, since: datetime, now: datetime
) -> dict[int, _Ran]:
    """Promises that climbed versions of these chains and broke in the month, or were an emergency's; newest first."""
    chains = {version: loaded.chain.name for version, loaded in book.chains.items() if loaded.chain.name in names}
    rows = session.execute(
        select(
            Clock, func.coalesce(PromiseBreach.due_at, Clock.due_at), Ticket.unit_id, Category.field,
            Ticket.procedure_id, Ticket.priority,
        )
        .join(Ticket, Ticket.id == Clock.ticket_id)
        .outerjoin(PromiseBreach, PromiseBreach.clock_id == Clock.id)
        .outerjoin(Category, Category.id == Ticket.category_id)
        .where(
            Clock.chain_version_id.in_(chains),
            or_(
                Clock.first_breach_at >= since,
                # Its first level comes before the promise breaks.
                (Ticket.priority == Priority.EMERGENCY) & (Clock.started_at >= since),
            ),
            Ticket.is_canary.is_(False),
            Ticket.is_restricted.is_(False),
        )
        .order_by(Clock.id.desc())
        .limit(MOST_PROMISES + 1)
    ).all()  # fmt: skip
    parts: dict[int, list[Interval]] = {}
    wanted = [row[0].id for row in rows]
    for part in session.scalars(select(ClockInterval).where(ClockInterval.clock_id.in_(wanted)).order_by("from_at")):
        parts.setdefault(part.clock_id, []).append(Interval(part.from_at, part.to_at))
    return {
        clock.id: _Ran(
            _state(clock, parts.get(clock.id, []), due_at), clock.stopped_at or now, clock.calendar_version_id,
            chains[clock.chain_version_id or 0], unit_id, field or "", procedure_id, priority,
        )
        for clock, due_at, unit_id, field, procedure_id, priority in rows
        if due_at is not None
    }  # fmt: skip


def _state(clock: Clock, parts: Sequence[Interval], due_at: datetime) -> ClockState:
    """As if it ran on from its last stretch: what it did not come to is seen by when it ended."""
    running = (*parts[:-1], replace(parts[-1], to_at=None)) if parts else (Interval(clock.started_at),)
    return ClockState(
        kind=clock.kind,
        cycle=clock.cycle,
        target_seconds=clock.target_seconds,
        status=ClockStatus.RUNNING,
        intervals=running,
        granted_seconds=clock.granted_seconds,
        running_since=running[-1].from_at,
        due_at=due_at,
    )


def _really_told(session: Session, clock_ids: Sequence[int], *, since: datetime) -> _Told:
    rows = session.execute(
        select(PlannedStep.rank, Staff.name, Post.name, Post.name_en, func.count())
        .join(StepRecipient, StepRecipient.step_id == PlannedStep.id)
        .join(Staff, Staff.id == StepRecipient.staff_id)
        .outerjoin(Post, Post.id == StepRecipient.post_id)
        .where(
            PlannedStep.clock_id.in_(clock_ids),
            PlannedStep.kind == StepKind.LEVEL,
            StepRecipient.told_at >= since,
        )
        .group_by(PlannedStep.rank, Staff.name, Post.name, Post.name_en)
    )
    return Counter({(rank, name, post or "", post_en or ""): count for rank, name, post, post_en, count in rows})


def _would_be_told(
    session: Session,
    book: PromiseRulebook,
    ran: Collection[_Ran],
    drafted: Mapping[str, int],
    *,
    since: datetime,
    now: datetime,
) -> _Told:
    posts = {post for version in drafted.values() for post in _posts(book.chains[version])}
    standing = load_standing(session, posts=posts, unit_ids={one.unit_id for one in ran}, now=now)
    told = _Told()
    for one in ran:
        loaded = book.chains[drafted[one.chain]]
        concern = Concern(one.unit_id, one.field, one.procedure_id, one.priority is Priority.EMERGENCY)
        for step in _levels_come_to(book, one, drafted[one.chain], since=since, now=now):
            together, _at = standing.told_together(loaded.chain.steps, step.rank, concern)
            for who in together:
                told[(step.rank, who.person.name, who.post, who.post_en)] += 1
            if not together:
                told[(step.rank, "", "", "")] += 1
    return told


def _posts(loaded: LoadedChain) -> Iterator[str]:
    for step in loaded.chain.steps:
        yield from (*step.posts, *step.procedure_posts)


def _levels_come_to(
    book: PromiseRulebook, one: _Ran, version: int, *, since: datetime, now: datetime
) -> Sequence[StepPlan]:
    planned = plan(
        one.state,
        book.calendars[one.calendar_id],
        chain=book.chains[version].chain,
        warn=(),
        calendars=book.step_calendars(version),
        priority=one.priority,
        now=now,
    )
    return [step for step in planned if since <= step.planned_at < one.ended_at]


def _levels(really: _Told, would: _Told) -> list[ToldOfLevel]:
    numbers = Counter[tuple[int, bool]]()
    for told, is_draft in ((really, False), (would, True)):
        for (level, name, *_post), count in told.items():
            # Where nobody stands nobody is told.
            numbers[(level, is_draft)] += count if name else 0
    return [
        ToldOfLevel(level, numbers[(level, False)], numbers[(level, True)])
        for level in sorted({level for level, _is_draft in numbers})
    ]


def _people(really: _Told, would: _Told) -> list[ToldInMonth]:
    """Most under the draft first."""
    one_by_one: dict[tuple[str, str, str], list[int]] = {}
    for place, told in enumerate((really, would)):
        for (_level, *who), count in told.items():
            name, post, post_en = who
            one_by_one.setdefault((name, post, post_en), [0, 0])[place] += count
    found = [ToldInMonth(*who, really=numbers[0], drafted=numbers[1]) for who, numbers in one_by_one.items()]
    return sorted(found, key=lambda one: (-one.drafted, -one.really, one.name))
