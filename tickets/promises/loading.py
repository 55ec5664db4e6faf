"""Calendars, chains and policies as they stand in the database, kept in memory: their versions never change (R21)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, Row, func, select
from sqlalchemy.orm import Session

from tickets.promises.calendar import WorkingCalendar
from tickets.promises.calendar_files import calendar_from
from tickets.promises.plan import REACHING, TRIAL, TRIAL_PRIORITY, EscalationChain, Reaching
from tickets.promises.policy import Match, PolicyTarget, SlaPolicy, TicketFacts, choose
from tickets.promises.policy_file import step_from
from tickets.schema import ReachTime
from tickets.schema import promise as table
from tickets.schema.directory import Category
from tickets.states import Channel, ClockKind, Level, Priority


@dataclass(frozen=True)
class LoadedChain:
    """A version of a chain with the row ids of its steps by level, and the version of each calendar they count in.

    One that was written before these were kept has none: its steps count in the newest.
    """

    chain: EscalationChain
    step_ids: Mapping[int, int]
    calendar_ids: Mapping[str, int]


@dataclass(frozen=True)
class LoadedRow:
    """A row of a policy version: what one clock of one priority promises, and by which calendar and chain."""

    id: int
    policy: str
    row: PolicyTarget
    calendar_version_id: int
    chain_version_id: int | None


@dataclass(frozen=True)
class PromiseRulebook:
    """All versions by id, for clocks that run under them, and the policies in force, for those that start now."""

    stamp: tuple[Any, ...]
    calendars: Mapping[int, WorkingCalendar]
    newest_calendars: Mapping[str, WorkingCalendar]
    chains: Mapping[int, LoadedChain]
    rows: Mapping[int, LoadedRow]
    policies: Sequence[SlaPolicy]
    row_ids: Mapping[tuple[str, Priority, ClockKind], int]
    # The category's own code first, then its parent's.
    category_codes: Mapping[int, tuple[str, ...]]
    # How long a person is given to be reached about a level, and how often called (A3).
    reaching: Mapping[Priority, Reaching]
    # What the hourly trial of the chain is promised (R26); empty until it is set up.
    trial: Mapping[ClockKind, LoadedRow]

    def rows_for(
        self,
        *,
        category_id: int | None,
        level: Level,
        unit_id: int,
        channel: Channel,
        priority: Priority,
        is_doubted: bool = False,
        is_praise: bool = False,
    ) -> dict[ClockKind, LoadedRow]:
        """The promise for each clock of a ticket; the most specific policy that speaks of the clock decides.

        Where somebody may be in danger, a person looks at it as soon as at an emergency; to praise nothing is promised.
        """
        if is_praise:
            return {}
        looked_at = {}
        if is_doubted and priority is not Priority.EMERGENCY:
            as_danger = self.rows_for(
                category_id=category_id, level=level, unit_id=unit_id, channel=channel, priority=Priority.EMERGENCY
            )
            looked_at = {kind: row for kind, row in as_danger.items() if kind is ClockKind.ACCEPT}
        facts = TicketFacts(
            categories=self.category_codes.get(category_id or 0, ()),
            level=level,
            unit=str(unit_id),
            channel=channel,
            priority=priority,
        )
        chosen = choose(self.policies, facts)
        rows = {kind: self.rows[self.row_ids[(c.policy.name, priority, kind)]] for kind, c in chosen.items()}
        return rows | looked_at

    def step_calendars(self, chain_version_id: int | None) -> Mapping[str, WorkingCalendar]:
        """What the steps of a version of a chain count in: the calendars as they stood when it was written (R21)."""
        chain = self.chain_of(chain_version_id)
        pinned = chain.calendar_ids if chain is not None else {}
        return {**self.newest_calendars, **{key: self.calendars[version] for key, version in pinned.items()}}

    def chain_of(self, chain_version_id: int | None) -> LoadedChain | None:
        return self.chains.get(chain_version_id or 0)


# One book per database: a process of the product knows one, the tests several.
_books: WeakKeyDictionary[Engine, PromiseRulebook] = WeakKeyDictionary()

_STAMP = select(
    select(func.max(table.PolicyVersion.id)).scalar_subquery(),
    select(func.max(table.PolicyVersion.retired_at)).scalar_subquery(),
    select(func.max(table.CalendarVersion.id)).scalar_subquery(),
    select(func.max(table.ChainVersion.id)).scalar_subquery(),
    select(func.max(Category.id)).scalar_subquery(),
    select(
        func.jsonb_object_agg(
            ReachTime.priority,
            func.jsonb_build_array(ReachTime.seconds, ReachTime.most_calls, ReachTime.call_pause_seconds),
        )
    ).scalar_subquery(),
)

_VERSIONS = (
    select(table.PolicyVersion, table.Policy.name)
    .join(table.Policy, table.Policy.id == table.PolicyVersion.policy_id)
    .order_by(table.PolicyVersion.version)
)
_ROWS = (
    select(table.PolicyRow, table.Policy.name)
    .join(table.PolicyVersion, table.PolicyVersion.id == table.PolicyRow.policy_version_id)
    .join(table.Policy, table.Policy.id == table.PolicyVersion.policy_id)
    .order_by(table.PolicyRow.id)
)


def load_rulebook(session: Session) -> PromiseRulebook:
    """The rules as they stand now: one cheap statement when nothing has changed since the last time."""
    engine = _engine(session)
    stamp = tuple(session.execute(_STAMP).one())
    known = _books.get(engine)
    if known is not None and known.stamp == stamp:
        return known
    book = _read(session, stamp, known)
    _books[engine] = book
    return book


def _engine(session: Session) -> Engine:
    bind = session.get_bind()
    return bind if isinstance(bind, Engine) else bind.engine


def _read(session: Session, stamp: tuple[Any, ...], known: PromiseRulebook | None) -> PromiseRulebook:
    # What refers is read before what it refers to: rules that are published meanwhile are whole in the book, or not
    # in it at all. The stamp is older than all of them, so such a book is not taken for the newest.
    versions = session.execute(_VERSIONS).all()
    stored = session.execute(_ROWS).all()
    chains = _chains(session)
    # A calendar remembers the days it has computed: one that is known already is kept as it is.
    calendars, newest = _calendars(session, known.calendars if known else {})
    categories = {c.id: c for c in session.execute(select(Category.id, Category.code, Category.parent_id))}
    codes = {
        c.id: (c.code, categories[c.parent_id].code) if c.parent_id in categories else (c.code,)
        for c in categories.values()
    }
    rows, rows_of = _rows(stored, calendars, chains)
    policies, row_ids = _policies(versions, rows_of, {c.id: c.code for c in categories.values()})
    reaching, trial = _reaching(stamp[-1] or {}), _trial(versions, rows_of)
    return PromiseRulebook(stamp, calendars, newest, chains, rows, policies, row_ids, codes, reaching, trial)


def _trial(
    versions: Sequence[Row[table.PolicyVersion, str]], rows: Mapping[int, list[LoadedRow]]
) -> dict[ClockKind, LoadedRow]:
    """Of a policy that is in force for nobody: no ticket is given it but the trial's own."""
    own = (row for version, name in versions if name == TRIAL for row in rows.get(version.id, ()))
    return {loaded.row.clock: loaded for loaded in own if loaded.row.priority == TRIAL_PRIORITY}


def _reaching(rows: Mapping[str, tuple[int, int, int]]) -> dict[Priority, Reaching]:
    return REACHING | {
        Priority(priority): Reaching(timedelta(seconds=within), most_calls, timedelta(seconds=pause))
        for priority, (within, most_calls, pause) in rows.items()
    }


def _calendars(
    session: Session, known: Mapping[int, WorkingCalendar]
) -> tuple[dict[int, WorkingCalendar], dict[str, WorkingCalendar]]:
    versions: dict[int, WorkingCalendar] = {}
    newest: dict[str, WorkingCalendar] = {}
    statement = (
        select(table.CalendarVersion.id, table.Calendar.key, table.CalendarVersion.spec)
        .join(table.Calendar, table.Calendar.id == table.CalendarVersion.calendar_id)
        .order_by(table.CalendarVersion.version)
    )
    for version_id, key, spec in session.execute(statement):
        versions[version_id] = newest[key] = known.get(version_id) or calendar_from(key, spec)
    return versions, newest


def _chains(session: Session) -> dict[int, LoadedChain]:
    names = session.execute(
        select(table.ChainVersion.id, table.Chain.name).join(table.Chain, table.Chain.id == table.ChainVersion.chain_id)
    ).all()
    steps: dict[int, list[table.ChainStep]] = {}
    for step in session.scalars(select(table.ChainStep).order_by(table.ChainStep.level)):
        steps.setdefault(step.chain_version_id, []).append(step)
    return {version_id: _chain(name, steps.get(version_id, ())) for version_id, name in names}


def _chain(name: str, steps: Sequence[table.ChainStep]) -> LoadedChain:
    levels = tuple(step_from({"level": step.level, "post": step.post, **step.spec}) for step in steps)
    pinned = {
        level.calendar_key: step.calendar_version_id
        for level, step in zip(levels, steps, strict=True)
        if level.calendar_key is not None and step.calendar_version_id is not None
    }
    return LoadedChain(EscalationChain(name, levels), {step.level: step.id for step in steps}, pinned)


def _rows(
    stored: Sequence[Row[table.PolicyRow, str]],
    calendars: Mapping[int, WorkingCalendar],
    chains: Mapping[int, LoadedChain],
) -> tuple[dict[int, LoadedRow], dict[int, list[LoadedRow]]]:
    """By id, and those of each version of a policy."""
    loaded: dict[int, LoadedRow] = {}
    by_version: dict[int, list[LoadedRow]] = {}
    for row, policy in stored:
        chain = chains.get(row.chain_version_id or 0)
        target = PolicyTarget(
            priority=row.priority,
            clock=row.clock,
            target_seconds=row.target_seconds,
            calendar_key=calendars[row.calendar_version_id].key,
            warn=tuple(row.warn),
            chain=chain.chain.name if chain else None,
            pauses_for_third_party=row.pauses_for_third_party,
            pause_cap_factor=row.pause_cap_factor,
        )
        loaded[row.id] = LoadedRow(row.id, policy, target, row.calendar_version_id, row.chain_version_id)
        by_version.setdefault(row.policy_version_id, []).append(loaded[row.id])
    return loaded, by_version


def _policies(
    versions: Sequence[Row[table.PolicyVersion, str]], rows: Mapping[int, list[LoadedRow]], codes: Mapping[int, str]
) -> tuple[list[SlaPolicy], dict[tuple[str, Priority, ClockKind], int]]:
    """The newest version of every policy that is not retired, oldest first, as `choose` wants them."""
    newest = {name: version for version, name in versions}
    in_force = sorted((v.id, name, v) for name, v in newest.items() if v.retired_at is None)
    policies, row_ids = [], {}
    for version_id, name, version in in_force:
        match = Match(
            category=codes.get(version.category_id or 0),
            level=version.level,
            # Units are known by id inside: their codes are used again.
            unit=str(version.unit_id) if version.unit_id is not None else None,
            channel=version.channel,
        )
        own = rows.get(version_id, [])
        policies.append(SlaPolicy(name, match, tuple(r.row for r in own), version.legal_basis))
        row_ids.update({(name, r.row.priority, r.row.clock): r.id for r in own})
    return policies, row_ids
