"""Taking a mistaken promise out of force: who it still binds, what takes its place, and when it may not be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from tickets.errors import InvalidInput, NotFound
from tickets.people.actor import Actor
from tickets.promises.loading import PromiseRulebook, load_rulebook
from tickets.promises.policies import end_policy
from tickets.promises.policy import Match, PolicySet, PolicyTarget, Retired, SlaPolicy
from tickets.promises.recompute import UNENDED
from tickets.schema import Clock, PolicyVersion, Ticket
from tickets.schema.promise import Policy as PolicyRecord
from tickets.schema.promise import PolicyRow as RowRecord
from tickets.states import ClockKind

# A page names some of the tickets; the count is always told.
SHOWN_REFERENCES = 20

Categories = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Instead:
    """What a contact from now on gets in the place of one row; `by` '' and `row` None: nothing is promised."""

    retired: PolicyTarget
    by: str
    row: PolicyTarget | None


@dataclass(frozen=True, slots=True)
class Retirement:
    """What retiring a policy would do: `running` open tickets keep it, `leaves_gap`: it is refused."""

    name: str
    running: int
    references: tuple[str, ...]
    instead: tuple[Instead, ...]
    leaves_gap: bool


def retirement_of(session: Session, name: str, *, scope: ColumnElement[bool]) -> Retirement:
    """`scope` says which tickets may be named to the reader. Raises NotFound for a policy that is not in force."""
    book = load_rulebook(session)
    policy = next((one for one in book.policies if one.name == name), None)
    if policy is None:
        raise NotFound("policy", name)
    kinds = category_lines(book)
    others = [one for one in book.policies if one.name != name]
    held = _keeping(name)
    named = (
        select(Ticket.reference).where(Ticket.id.in_(held), scope).order_by(Ticket.id.desc()).limit(SHOWN_REFERENCES)
    )
    return Retirement(
        name,
        session.scalar(select(func.count()).select_from(Ticket).where(Ticket.id.in_(held))) or 0,
        tuple(session.scalars(named)),
        tuple(_instead(row, policy.match, others, kinds) for row in policy.rows),
        leaves_gap(book.policies, PolicySet(retired=(Retired(name),)), kinds),
    )


def retire(session: Session, name: str, *, reason: str, actor: Actor, now: datetime) -> None:
    """Contacts from now on get the next less specific promise; tickets that run under this one keep it.

    Raises NotFound for one that is not in force, InvalidInput for one without which some contact would be promised
    nothing, and for a retirement without a reason.
    """
    if not reason.strip():
        raise InvalidInput("reason", "needed")
    # Two administrators who retire the last two defaults at once: the second sees what the first has done.
    session.execute(select(PolicyRecord.id).order_by(PolicyRecord.id).with_for_update())
    book = load_rulebook(session)
    if name not in {policy.name for policy in book.policies}:
        raise NotFound("policy", name)
    if leaves_gap(book.policies, PolicySet(retired=(Retired(name),)), category_lines(book)):
        raise InvalidInput("policy", "leaves_gap", detail=name)
    end_policy(session, name, reason=reason.strip(), actor=actor, now=now)


def category_lines(book: PromiseRulebook) -> Categories:
    """Every category's code with its parent's behind it."""
    return {codes[0]: codes for codes in book.category_codes.values()}


def leaves_gap(in_force: Sequence[SlaPolicy], wanted: PolicySet, kinds: Categories) -> bool:
    """Whether a file, or retiring, leaves contacts that had a promise without any, silently.

    A default that is retired may leave no clock uncovered, any other no deadline for the answer. A default that is
    written anew may promise less, but not stop being the default while there is no other.
    """
    replaced = {policy.name for policy in wanted.policies}
    ended = {one.name for one in wanted.retired}
    after = [*(p for p in in_force if p.name not in ended | replaced), *wanted.policies]
    retired = [policy for policy in in_force if policy.name in ended]
    had_default = any(policy.match == Match() for policy in in_force)
    if had_default and not any(policy.match == Match() for policy in after):
        return True
    return any(
        _instead(row, policy.match, after, kinds).row is None
        for policy in retired
        for row in policy.rows
        if policy.match == Match() or row.clock is ClockKind.RESOLVE
    )


def _instead(row: PolicyTarget, match: Match, others: Sequence[SlaPolicy], kinds: Categories) -> Instead:
    """Of the policies that hold for every contact this match is for, the most specific that has such a row."""
    found = [
        (_narrowness(policy.match), number, policy.name, other)
        for number, policy in enumerate(others)
        if covers(policy.match, match, kinds)
        for other in policy.rows
        if (other.priority, other.clock) == (row.priority, row.clock)
    ]
    if not found:
        return Instead(row, "", None)
    *_order, name, other = max(found, key=lambda one: one[:2])
    return Instead(row, name, other)


def covers(wide: Match, narrow: Match, kinds: Categories) -> bool:
    """Whether every contact of the one is a contact of the other."""
    return (
        (wide.category is None or wide.category in kinds.get(narrow.category or "", (narrow.category,)))
        and wide.level in (None, narrow.level)
        and wide.unit in (None, narrow.unit)
        and wide.channel in (None, narrow.channel)
    )


def _narrowness(match: Match) -> tuple[bool, bool, bool, bool]:
    """The order of `policy.specificity`, for policies of which each covers the same contacts."""
    return match.category is not None, match.unit is not None, match.channel is not None, match.level is not None


def _keeping(name: str) -> Select[int]:
    return (
        select(Clock.ticket_id)
        .join(RowRecord, RowRecord.id == Clock.policy_row_id)
        .join(PolicyVersion, PolicyVersion.id == RowRecord.policy_version_id)
        .join(PolicyRecord, PolicyRecord.id == PolicyVersion.policy_id)
        .join(Ticket, Ticket.id == Clock.ticket_id)
        .where(PolicyRecord.name == name, Clock.status.in_(UNENDED), Ticket.is_canary.is_(False))
    )
