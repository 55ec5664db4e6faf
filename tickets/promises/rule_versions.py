"""The rules as they stand, each with its version: policies and their rows, chains and their steps, calendars."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tickets.promises.loading import load_rulebook
from tickets.promises.plan import TRIAL, EscalationChain
from tickets.promises.policies import newest_calendar_versions
from tickets.promises.policy import SlaPolicy
from tickets.schema import promise as table
from tickets.schema.staff import Post, Staff


@dataclass(frozen=True, slots=True)
class Versioned:
    """Which version of which rule stands, since when, and who wrote it ('' for the reference data)."""

    rule_id: int
    version: int
    since: datetime
    by: str


@dataclass(frozen=True, slots=True)
class CalendarNow:
    key: str
    name: str
    name_en: str
    version: Versioned
    spec: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RulesNow:
    policies: list[tuple[SlaPolicy, Versioned]]
    chains: list[tuple[EscalationChain, Versioned]]
    calendars: list[CalendarNow]
    # Post code → its name in both languages; the codes stand in chains.
    posts: Mapping[str, tuple[str, str]]


def rules_now(session: Session) -> RulesNow:
    book = load_rulebook(session)
    policies = _versions(session, table.Policy, table.PolicyVersion, table.PolicyVersion.policy_id)
    chains = _versions(session, table.Chain, table.ChainVersion, table.ChainVersion.chain_id)
    newest = {loaded.chain.name: loaded.chain for _, loaded in sorted(book.chains.items())}
    names = {staff_id: name for staff_id, name in session.execute(select(Staff.id, Staff.name))}
    return RulesNow(
        policies=[(policy, policies[policy.name]) for policy in book.policies],
        # That of the hourly trial is nobody's to write.
        chains=[(chain, chains[name]) for name, chain in newest.items() if name != TRIAL],
        calendars=[
            CalendarNow(
                calendar.key,
                calendar.name,
                calendar.name_en,
                Versioned(calendar.id, version.version, version.created_at, names.get(version.created_by_id or 0, "")),
                version.spec,
            )
            for calendar, version in sorted(newest_calendar_versions(session), key=lambda pair: pair[0].key)
        ],
        posts=post_names(session),
    )


def post_names(session: Session) -> dict[str, tuple[str, str]]:
    """What each post is called in both languages, by its code."""
    rows = session.execute(select(Post.code, Post.name, Post.name_en).where(Post.code != TRIAL).distinct())
    return {code: (name, name_en) for code, name, name_en in rows}


def _versions(session: Session, named: Any, versions: Any, owner: Any) -> dict[str, Versioned]:
    """The newest version by the rule's name."""
    newest = select(func.max(versions.id)).group_by(owner).scalar_subquery()
    rows = session.execute(
        select(named.name, named.id, versions.version, versions.created_at, Staff.name)
        .join(named, named.id == owner)
        .outerjoin(Staff, Staff.id == versions.created_by_id)
        .where(versions.id.in_(newest))
    )
    return {name: Versioned(rule_id, version, since, by or "") for name, rule_id, version, since, by in rows}
