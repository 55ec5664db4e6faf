"""What is claimed is judged before it costs anything: refused numbers are never dialled, what is over budget is held.

Held is not lost: it leaves when the hour is over, or when a person releases it, and after a day it waits for a person's
decision. Staff are held by no budget of citizens, and nothing that is about an emergency is: it is counted, and
administrators are told. Judged at its first sending only: what may have left already is not.
Several processes that claim in the same instant may each add what they hold in their hands.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, text, update
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import Session

from tickets.city import wall_clock
from tickets.directory.dialled_prefixes import PrefixRule, refusal_to_citizen, refusal_to_staff, rule_for
from tickets.errors import InvalidInput
from tickets.outbox.budgets import DAY, HOUR
from tickets.outbox.over_budget import GIVEN_UP, OVER, RELEASED, tell_administrators
from tickets.outbox.overtaken import CALLBACK_CALL
from tickets.schema import OutboundMessage, SendingCount
from tickets.states import BudgetScope, OutboundState, SendingKind

HELD_AT_MOST = timedelta(days=1)
_KEPT = timedelta(days=2)
# Of many that are held, so many rounds are looked at before the transaction ends; the next claim goes on.
_MOST_ROUNDS = 40

# One statement whatever the batch holds: what is due in it, the rules, and what has been sent to these numbers.
_FACTS = text("""
    with due as (
        select id, channel, template, address, staff_id is not null as is_staff, error_code, attempts > 0 as is_retry,
               coalesce(due_at, created_at) <= :old as is_old,
               -- Asked of what a budget can hold alone, and of each by its keys: a claim reads as much of a year's
               -- tickets as of a day's. Not by `exists`, which may be answered from a list of all emergencies.
               case when staff_id is null and channel in ('sms', 'voice') and attempts = 0 then coalesce(
                   params ? 'danger'
                   or (select t.priority = 'emergency' from ticket t where t.id = outbound_message.ticket_id)
                   or template = :callback and (
                       select bool_or(t.priority = 'emergency')
                       from callback_request c join ticket t on t.id = c.ticket_id
                       where c.outbound_id = outbound_message.id
                   ), false) else false end as is_emergency
        from outbound_message
        where id = any(:ids) and state in ('waiting', 'claimed') and not_before <= :now
    ), keys as (
        select address as counted from due union select left(address, -4) || 'xxxx' from due union select ''
        union select prefix from dialled_prefix where most_an_hour is not null
    ), used as (
        select kind, seconds, counted, sum(count)::int as count from sending_count
        where (begins_at, seconds) in ((:hour, 3600), (:day, 86400)) and counted in (select counted from keys)
        group by kind, seconds, counted
    )
    select (select coalesce(json_agg(due), '[]') from due),
           (select coalesce(json_agg(p), '[]') from dialled_prefix p),
           (select coalesce(json_agg(b), '[]') from sending_budget b),
           (select coalesce(json_agg(used), '[]') from used)
""")


@dataclass(frozen=True, slots=True)
class Spending:
    """What may be sent now, in order, and the statement that counts it; None where nothing is counted."""

    ids: Sequence[int]
    counting: Insert | None


def affordable(
    session: Session, ids: Sequence[int], *, look_again: Callable[[], Sequence[int]], by: str, now: datetime
) -> Spending:
    """Of what is due and locked, what may cost something now. Where some is held, `look_again` finds what is behind."""
    used_up: set[tuple[str, str]] = set()
    for _ in range(_MOST_ROUNDS):
        judged = _judge(session, ids, now=now)
        _keep_back(session, judged, now=now)
        used_up |= {(purse.why, purse.kind) for purse in judged.held} | judged.passed
        if not judged.is_anything_kept_back:
            break
        ids = look_again()
    if used_up:
        tell_administrators(session, sorted(used_up), now=now)
    return Spending(judged.leaving, _counting(judged.spent, by=by))


def require_may_leave(session: Session, message_id: int, *, now: datetime) -> None:
    """For whoever waits for it at this moment. Raises InvalidInput where it would be held or refused for its cost."""
    judged = _judge(session, [message_id], now=now)
    if judged.refused:
        raise InvalidInput("at", "number_not_called")
    if judged.held:
        raise InvalidInput("at", "budget_used_up")


@dataclass(frozen=True, slots=True)
class _Purse:
    """Why a message is over budget, and until when."""

    why: str
    kind: str
    until: datetime


_Counted = Counter[tuple[str, int, datetime, str]]


@dataclass
class _Judged:
    leaving: list[int] = field(default_factory=list)
    refused: dict[str, list[int]] = field(default_factory=dict)
    held: dict[_Purse, list[int]] = field(default_factory=dict)
    # By which budgets an emergency was not held.
    passed: set[tuple[str, str]] = field(default_factory=set)
    given_up: list[int] = field(default_factory=list)
    spent: _Counted = field(default_factory=Counter)

    @property
    def is_anything_kept_back(self) -> bool:
        return bool(self.refused or self.held or self.given_up)


def _judge(session: Session, ids: Sequence[int], *, now: datetime) -> _Judged:
    begins = {HOUR: _hour_of(now), DAY: _day_of(now)}
    due, prefixes, budgets, used = session.execute(
        _FACTS,
        {
            "ids": list(ids),
            "now": now,
            "hour": begins[HOUR],
            "day": begins[DAY],
            "old": now - HELD_AT_MOST,
            "callback": CALLBACK_CALL,
        },
    ).one()
    rules = [PrefixRule(row["prefix"], row["is_allowed"], row["most_an_hour"]) for row in prefixes]
    most = {(row["kind"], row["scope"], row["seconds"]): row["most"] for row in budgets}
    judged = _Judged()
    before = {(row["kind"], row["seconds"], row["counted"]): row["count"] for row in used}
    rows = {row["id"]: row for row in due}
    for message_id in ids:
        if row := rows.get(message_id):
            _judge_one(judged, row, rules, most, before, begins)
    return judged


def _judge_one(
    judged: _Judged,
    row: Mapping[str, Any],
    rules: Sequence[PrefixRule],
    most: Mapping[tuple[str, str, int], int],
    before: Mapping[tuple[str, int, str], int],
    begins: Mapping[int, datetime],
) -> None:
    if row["channel"] not in ("sms", "voice") or row["is_retry"]:
        judged.leaving.append(row["id"])
        return
    phone = row["address"]
    why = refusal_to_staff(phone) if row["is_staff"] else refusal_to_citizen(phone, rules)
    if why is not None:
        judged.refused.setdefault(why.value, []).append(row["id"])
        return
    if row["is_staff"]:
        judged.leaving.append(row["id"])
        return
    kind, over = _kind_of(row), None
    counted = list(_counted(kind, phone, rule_for(phone, rules), most))
    for scope, seconds, key, limit in counted:
        sent = before.get((kind, seconds, key), 0) + judged.spent[kind, seconds, begins[seconds], key]
        if sent >= limit and row["error_code"] != RELEASED:
            over = _Purse(OVER[scope], kind, begins[seconds] + timedelta(seconds=seconds))
    if over is not None and row["is_emergency"]:
        judged.passed.add((over.why, kind))
    if over is None or row["is_emergency"]:
        judged.leaving.append(row["id"])
        judged.spent.update((kind, seconds, begins[seconds], key) for _, seconds, key, _ in counted)
    elif row["is_old"]:
        judged.given_up.append(row["id"])
    else:
        judged.held.setdefault(over, []).append(row["id"])


def _kind_of(row: Mapping[str, Any]) -> str:
    if row["channel"] == "sms":
        return SendingKind.SMS.value
    return SendingKind.CALLBACK.value if row["template"] == CALLBACK_CALL else SendingKind.CALL.value


def _counted(
    kind: str, phone: str, rule: PrefixRule | None, most: Mapping[tuple[str, str, int], int]
) -> Sequence[tuple[str, int, str, int]]:
    """In what a message to this number counts: the scope, the seconds, the key, and how many there may be."""
    keys = {BudgetScope.NUMBER: phone, BudgetScope.RANGE: range_of(phone), BudgetScope.ALL: ""}
    found = [
        (scope.value, seconds, keys[scope], most[kind, scope.value, seconds])
        for scope in keys
        for seconds in (HOUR, DAY)
        if (kind, scope.value, seconds) in most
    ]
    if rule is not None and rule.most_an_hour is not None:
        found.append(("prefix", HOUR, rule.prefix, rule.most_an_hour))
    return found


def range_of(phone: str) -> str:
    """The ten thousand numbers that differ in their last four digits: whoever earns by being called owns such ones."""
    return phone[:-4] + "xxxx"


def _hour_of(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _day_of(now: datetime) -> datetime:
    return wall_clock(now).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def _keep_back(session: Session, judged: _Judged, *, now: datetime) -> None:
    for why, ids in judged.refused.items():
        _set(session, ids, state=OutboundState.SUPPRESSED, error_code=why, settled_at=now)
    for purse, ids in judged.held.items():
        _set(session, ids, not_before=purse.until, error_code=purse.why)
    if judged.given_up:
        _set(session, judged.given_up, state=OutboundState.FAILED, error_code=GIVEN_UP, settled_at=now)


def _set(session: Session, ids: Sequence[int], **values: object) -> None:
    session.execute(
        update(OutboundMessage)
        .where(OutboundMessage.id.in_(ids))
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def _counting(spent: _Counted, *, by: str) -> Insert | None:
    """Each process counts in rows of its own: none waits for another's to end."""
    if not spent:
        return None
    rows = [
        {"kind": kind, "seconds": seconds, "begins_at": at, "counted": key, "counted_by": by, "count": count}
        for (kind, seconds, at, key), count in sorted(spent.items())
    ]
    statement = insert(SendingCount).values(rows)
    return statement.on_conflict_do_update(
        index_elements=["begins_at", "seconds", "kind", "counted", "counted_by"],
        set_={"count": SendingCount.count + statement.excluded.count},
    )


def forget_old_counts(session: Session, *, now: datetime) -> None:
    session.execute(delete(SendingCount).where(SendingCount.begins_at < now - _KEPT))
