"""Which numbers we text and call: prefixes that are allowed or refused, changed by administrators.

A number that costs its caller a fee is never texted or called, whoever it belongs to. To staff, everything else is
allowed; to citizens, what an allowed prefix covers, and only telephones of persons: mobile or fixed.
"""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.errors import InvalidInput
from tickets.people.actor import Actor
from tickets.people.phones import parse_phone
from tickets.schema import DialledPrefix

MOST_AN_HOUR = 1_000_000
LONGEST_NOTE = 200
# E.164: at most fifteen digits, and a prefix that is a whole number is none.
_PREFIX = re.compile(r"\+[1-9][0-9]{0,12}")


class Refusal(StrEnum):
    """Why a number is neither texted nor called."""

    PREMIUM = "number_premium"
    REFUSED = "number_refused"


@dataclass(frozen=True, slots=True)
class PrefixRule:
    """`most_an_hour` messages, and as many calls, to all numbers under the prefix; None: as many as all may get."""

    prefix: str
    is_allowed: bool
    most_an_hour: int | None = None
    note: str = ""


def prefix_rules(session: Session) -> list[PrefixRule]:
    rows = session.execute(
        select(DialledPrefix.prefix, DialledPrefix.is_allowed, DialledPrefix.most_an_hour, DialledPrefix.note).order_by(
            DialledPrefix.prefix
        )
    )
    return [PrefixRule(*row) for row in rows]


def rule_for(phone: str, rules: Sequence[PrefixRule]) -> PrefixRule | None:
    """The longest prefix that fits decides."""
    fitting = [rule for rule in rules if phone.startswith(rule.prefix)]
    return max(fitting, key=lambda rule: len(rule.prefix), default=None)


def refusal_to_staff(phone: str) -> Refusal | None:
    parsed = parse_phone(phone)
    return Refusal.PREMIUM if parsed is not None and parsed.is_premium else None


def refusal_to_citizen(phone: str, rules: Sequence[PrefixRule]) -> Refusal | None:
    """Why a citizen's number is neither texted nor called; None where it is."""
    parsed = parse_phone(phone)
    if parsed is not None and parsed.is_premium:
        return Refusal.PREMIUM
    rule = rule_for(phone, rules)
    if parsed is None or not parsed.is_of_a_person or rule is None or not rule.is_allowed:
        return Refusal.REFUSED
    return None


def refusal(session: Session, phone: str) -> Refusal | None:
    """As `refusal_to_citizen`, by the rules in force."""
    return refusal_to_citizen(phone, prefix_rules(session))


def keep_prefix(session: Session, rule: PrefixRule, *, actor: Actor, now: datetime) -> PrefixRule:
    """Holds from the next message on, in place of what the prefix was before. Raises InvalidInput."""
    wanted = _cleaned(rule)
    _leave_something_allowed(session, wanted.prefix, is_allowed=wanted.is_allowed)
    values = asdict(wanted)
    session.execute(insert(DialledPrefix).values(values).on_conflict_do_update(index_elements=["prefix"], set_=values))
    _record(session, "dialled_prefix.kept", values, actor=actor, now=now)
    return wanted


def remove_prefix(session: Session, prefix: str, *, actor: Actor, now: datetime) -> None:
    """What it said is forgotten; a shorter prefix may still speak of its numbers. Raises InvalidInput."""
    _leave_something_allowed(session, prefix, is_allowed=False)
    removed = session.scalar(
        delete(DialledPrefix).where(DialledPrefix.prefix == prefix).returning(DialledPrefix.prefix)
    )
    if removed is not None:
        _record(session, "dialled_prefix.removed", {"prefix": prefix}, actor=actor, now=now)


def _cleaned(rule: PrefixRule) -> PrefixRule:
    prefix = re.sub(r"[ .()-]", "", rule.prefix.strip())
    prefix = "+" + prefix[2:] if prefix.startswith("00") else prefix
    if not _PREFIX.fullmatch(prefix):
        raise InvalidInput("prefix", "not_a_prefix")
    if rule.most_an_hour is not None and not 1 <= rule.most_an_hour <= MOST_AN_HOUR:
        raise InvalidInput("most_an_hour", "no_such_budget")
    if len(rule.note) > LONGEST_NOTE:
        raise InvalidInput("note", "too_long", limit=LONGEST_NOTE)
    return PrefixRule(prefix, rule.is_allowed, rule.most_an_hour, rule.note.strip())


def _leave_something_allowed(session: Session, prefix: str, *, is_allowed: bool) -> None:
    """Without any allowed prefix no citizen would hear of us again, by a slip of the hand."""
    others = [rule for rule in prefix_rules(session) if rule.is_allowed and rule.prefix != prefix]
    if not is_allowed and not others:
        raise InvalidInput("prefix", "last_allowed_prefix")


def _record(session: Session, action: str, params: dict[str, object], *, actor: Actor, now: datetime) -> None:
    entries.record(
        session, actor=actor, action=action, subject_kind="sending_budget", subject_id=None, params=params, now=now
    )
