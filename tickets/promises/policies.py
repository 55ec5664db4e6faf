"""Changing the promises: every change of a calendar, a chain or a policy is a further version (R21)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Session

from tickets.audit import entries
from tickets.errors import InvalidInput
from tickets.people.actor import Actor
from tickets.promises.calendar import WorkingCalendar, check
from tickets.promises.calendar_files import spec_of
from tickets.promises.loading import load_rulebook
from tickets.promises.plan import TRIAL, EscalationChain
from tickets.promises.policy import PolicySet, SlaPolicy
from tickets.promises.policy_file import KnownNames, step_mapping
from tickets.schema import promise as table
from tickets.schema.directory import Category, Unit
from tickets.schema.staff import Post


@dataclass(frozen=True, slots=True)
class Imported:
    """What got a new version; an equal one is left as it is."""

    policies: tuple[str, ...]
    chains: tuple[str, ...]


def known_names(session: Session, *, actions: Collection[str]) -> KnownNames:
    """What a file of policies may name; `actions` are escalation's own."""
    book = load_rulebook(session)
    return KnownNames(
        calendars=frozenset(book.newest_calendars),
        policies=frozenset(session.scalars(select(table.Policy.name))),
        chains={loaded.chain.name: loaded.chain for _, loaded in sorted(book.chains.items())},
        categories=frozenset(session.scalars(select(Category.code))),
        units=frozenset(session.scalars(select(Unit.code).where(Unit.valid_to.is_(None), Unit.code.is_not(None)))),
        # A post of bodies that are no more can be held by nobody.
        posts=frozenset(
            session.scalars(
                select(Post.code).distinct().join(Unit, Unit.id == Post.unit_id).where(Unit.valid_to.is_(None))
            )
        ),
        actions=frozenset(actions),
    )


def import_policies(session: Session, wanted: PolicySet, *, actor: Actor, now: datetime) -> Imported:
    """New versions of the chains and policies of a file; they hold for tickets opened from now on.

    Raises InvalidInput for the first error of the set: nothing of it is used then.
    """
    if wanted.errors:
        error = wanted.errors[0]
        raise InvalidInput(error.where, error.code, detail=error.detail)
    chains = tuple(c.name for c in wanted.chains if save_chain(session, c, actor=actor, now=now))
    policies = tuple(p.name for p in wanted.policies if save_policy(session, p, actor=actor, now=now))
    if chains:
        # A policy keeps the version of a chain it was written with: those in force get a version with the new one.
        policies += adopt_newest(session, but_not={one.name for one in wanted.retired}, actor=actor, now=now)
    return Imported(policies, chains)


def adopt_newest(session: Session, *, but_not: Collection[str] = (), actor: Actor, now: datetime) -> tuple[str, ...]:
    """A further version of each policy in force whose calendar or chain has a newer one; their names.

    Chains whose steps count in a calendar that has one come first: policies take the newest version of their chain.
    The promise of a unit that is no more is left as it is: it holds for no ticket opened from now on.
    """
    for chain in newest_chains(session):
        save_chain(session, chain, actor=actor, now=now)
    adopting = (
        _with_codes(session, policy) for policy in load_rulebook(session).policies if policy.name not in but_not
    )
    return tuple(
        policy.name for policy in adopting if policy is not None and save_policy(session, policy, actor=actor, now=now)
    )


def save_calendar(
    session: Session,
    calendar: WorkingCalendar,
    *,
    name: str,
    name_en: str,
    keeps_holidays: bool,
    actor: Actor,
    now: datetime,
) -> bool:
    """A further version of a calendar; False when it is the same already. Raises CalendarRefused (R1).

    `keeps_holidays`: days off imported later are laid over it too.
    """
    check(calendar, now=now)
    session.execute(
        insert(table.Calendar)
        .values(key=calendar.key, name=name, name_en=name_en)
        .on_conflict_do_update(index_elements=["key"], set_={"name": name, "name_en": name_en})
    )
    calendar_id = session.execute(
        select(table.Calendar.id).where(table.Calendar.key == calendar.key).with_for_update()
    ).scalar_one()
    newest = session.scalars(
        select(table.CalendarVersion)
        .where(table.CalendarVersion.calendar_id == calendar_id)
        .order_by(table.CalendarVersion.version.desc())
        .limit(1)
    ).first()
    spec = {**spec_of(calendar), "keeps_holidays": keeps_holidays}
    if newest is not None and newest.spec == spec:
        return False
    version = table.CalendarVersion(
        calendar_id=calendar_id,
        version=newest.version + 1 if newest else 1,
        spec=spec,
        created_at=now,
        created_by_id=actor.staff_id,
    )
    session.add(version)
    session.flush()
    _audit(session, "calendar.versioned", "calendar", calendar_id, calendar.key, version.version, actor=actor, now=now)
    return True


def save_chain(session: Session, chain: EscalationChain, *, actor: Actor, now: datetime) -> bool:
    """A further version of a chain, under the newest versions of the calendars its steps count in.

    False when it is the same already.
    """
    session.execute(insert(table.Chain).values(name=chain.name).on_conflict_do_nothing(index_elements=["name"]))
    chain_id = session.execute(
        select(table.Chain.id).where(table.Chain.name == chain.name).with_for_update()
    ).scalar_one()
    newest = _newest_chain_id(session, chain_id)
    pins = _newest_calendar_ids(session, chain)
    known = load_rulebook(session).chains[newest] if newest is not None else None
    if known is not None and known.chain == chain and known.calendar_ids == pins:
        return False
    version = table.ChainVersion(
        chain_id=chain_id,
        version=_next_version(session, table.ChainVersion.version, table.ChainVersion.chain_id == chain_id),
        created_at=now,
        created_by_id=actor.staff_id,
    )
    session.add(version)
    session.flush()
    session.add_all(
        table.ChainStep(
            chain_version_id=version.id,
            level=step.level,
            post="|".join(step.posts),
            spec=step_mapping(step),
            calendar_version_id=pins.get(step.calendar_key or ""),
        )
        for step in chain.steps
    )
    session.flush()
    _audit(session, "chain.versioned", "chain", chain_id, chain.name, version.version, actor=actor, now=now)
    return True


def _newest_calendar_ids(session: Session, chain: EscalationChain) -> dict[str, int]:
    used = {step.calendar_key for step in chain.steps if step.calendar_key is not None}
    if not used:
        return {}
    return {stored.key: version.id for stored, version in newest_calendar_versions(session) if stored.key in used}


def save_policy(session: Session, policy: SlaPolicy, *, actor: Actor, now: datetime) -> bool:
    """A further version of a policy, under the newest versions of the calendars and chains it names.

    False when exactly this is in force already.
    """
    session.execute(insert(table.Policy).values(name=policy.name).on_conflict_do_nothing(index_elements=["name"]))
    policy_id = session.execute(
        select(table.Policy.id).where(table.Policy.name == policy.name).with_for_update()
    ).scalar_one()
    version = table.PolicyVersion(
        policy_id=policy_id,
        version=_next_version(session, table.PolicyVersion.version, table.PolicyVersion.policy_id == policy_id),
        category_id=_id_of(session, Category, policy.match.category, "category"),
        level=policy.match.level,
        unit_id=_id_of(session, Unit, policy.match.unit, "unit"),
        channel=policy.match.channel,
        legal_basis=policy.legal_basis,
        created_at=now,
        created_by_id=actor.staff_id,
    )
    rows = _rows(session, policy)
    if _is_in_force(session, version, rows):
        return False
    session.add(version)
    session.flush()
    for row in rows:
        row.policy_version_id = version.id
    session.add_all(rows)
    session.flush()
    _audit(session, "policy.versioned", "policy", policy_id, policy.name, version.version, actor=actor, now=now)
    return True


def end_policy(session: Session, name: str, *, reason: str, actor: Actor, now: datetime) -> bool:
    """The policy holds for no ticket opened from now on; those that run under it go on. False when it was retired.

    Whether it may be is judged by `retiring.leaves_gap`.
    """
    versions = session.scalars(
        select(table.PolicyVersion)
        .join(table.Policy, table.Policy.id == table.PolicyVersion.policy_id)
        .where(table.Policy.name == name, table.PolicyVersion.retired_at.is_(None))
        .order_by(table.PolicyVersion.version)
    ).all()
    for version in versions:
        version.retired_at = now
    session.flush()
    for version in versions[-1:]:
        params = {"name": name, "version": version.version, "reason": reason}
        entries.record(
            session,
            actor=actor,
            action="policy.retired",
            subject_kind="policy",
            subject_id=version.policy_id,
            params=params,
            now=now,
        )
    return bool(versions)


def newest_chains(session: Session) -> list[EscalationChain]:
    """Every chain as its newest version says it, without the one of the hourly trial, which is nobody's to write."""
    book = load_rulebook(session)
    ids = session.scalars(
        select(func.max(table.ChainVersion.id))
        .join(table.Chain, table.Chain.id == table.ChainVersion.chain_id)
        .where(table.Chain.name != TRIAL)
        .group_by(table.ChainVersion.chain_id)
    ).all()
    return [book.chains[version_id].chain for version_id in sorted(ids) if version_id is not None]


def newest_calendar_versions(session: Session) -> Iterable[tuple[table.Calendar, table.CalendarVersion]]:
    newest = select(func.max(table.CalendarVersion.id)).group_by(table.CalendarVersion.calendar_id).scalar_subquery()
    statement = (
        select(table.Calendar, table.CalendarVersion)
        .join(table.CalendarVersion, table.CalendarVersion.calendar_id == table.Calendar.id)
        .where(table.CalendarVersion.id.in_(newest))
    )
    return [(calendar, version) for calendar, version in session.execute(statement)]


def _with_codes(session: Session, policy: SlaPolicy) -> SlaPolicy | None:
    """A policy as a file would write it: loaded ones name units by id. None: of a unit that is no more."""
    if policy.match.unit is None:
        return policy
    unit = session.get(Unit, int(policy.match.unit))
    if unit is None or unit.valid_to is not None or unit.code is None:
        return None
    return replace(policy, match=replace(policy.match, unit=unit.code))


def _rows(session: Session, policy: SlaPolicy) -> list[table.PolicyRow]:
    calendars = {calendar.key: version.id for calendar, version in newest_calendar_versions(session)}
    rows = []
    for row in policy.rows:
        if row.calendar_key not in calendars:
            raise InvalidInput("calendar", "no_such_calendar", detail=row.calendar_key)
        rows.append(
            table.PolicyRow(
                priority=row.priority,
                clock=row.clock,
                target_seconds=row.target_seconds,
                calendar_version_id=calendars[row.calendar_key],
                chain_version_id=_chain_version(session, row.chain),
                warn=list(row.warn),
                pauses_for_third_party=row.pauses_for_third_party,
                pause_cap_factor=row.pause_cap_factor,
            )
        )
    return rows


_COMPARED = (
    "priority", "clock", "target_seconds", "calendar_version_id", "chain_version_id", "warn",
    "pauses_for_third_party", "pause_cap_factor",
)  # fmt: skip


def _is_in_force(session: Session, wanted: table.PolicyVersion, rows: Sequence[table.PolicyRow]) -> bool:
    newest = session.scalars(
        select(table.PolicyVersion)
        .where(table.PolicyVersion.policy_id == wanted.policy_id)
        .order_by(table.PolicyVersion.version.desc())
        .limit(1)
    ).first()
    if newest is None or newest.retired_at is not None:
        return False
    same = ("category_id", "level", "unit_id", "channel", "legal_basis")
    if any(getattr(newest, name) != getattr(wanted, name) for name in same):
        return False
    stored = session.scalars(select(table.PolicyRow).where(table.PolicyRow.policy_version_id == newest.id))
    return sorted(map(_compared, stored)) == sorted(map(_compared, rows))


def _compared(row: table.PolicyRow) -> str:
    return repr([getattr(row, name) for name in _COMPARED])


def _chain_version(session: Session, name: str | None) -> int | None:
    if name is None:
        return None
    chain_id = session.scalar(select(table.Chain.id).where(table.Chain.name == name))
    newest = _newest_chain_id(session, chain_id) if chain_id is not None else None
    if newest is None:
        raise InvalidInput("chain", "no_such_chain", detail=name)
    return newest


def _newest_chain_id(session: Session, chain_id: int) -> int | None:
    return session.scalar(
        select(table.ChainVersion.id)
        .where(table.ChainVersion.chain_id == chain_id)
        .order_by(table.ChainVersion.version.desc())
        .limit(1)
    )


def _next_version(session: Session, column: InstrumentedAttribute[int], condition: ColumnElement[bool]) -> int:
    return (session.scalar(select(func.max(column)).where(condition)) or 0) + 1


def _id_of(session: Session, kind: type[Category] | type[Unit], code: str | None, field: str) -> int | None:
    if code is None:
        return None
    statement = select(kind.id).where(kind.code == code)
    if kind is Unit:
        statement = statement.where(Unit.valid_to.is_(None))
    found = session.scalar(statement.limit(1))
    if found is None:
        raise InvalidInput(field, f"no_such_{field}", detail=code)
    return found


def _audit(
    session: Session, action: str, kind: str, subject_id: int, name: str, version: int, *, actor: Actor, now: datetime
) -> None:
    params = {"name": name, "version": version}
    entries.record(
        session, actor=actor, action=action, subject_kind=kind, subject_id=subject_id, params=params, now=now
    )
