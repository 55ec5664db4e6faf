"""When nobody stands on a step of a chain in the days to come: found a week ahead, by unit and post (R19).

One reading of everybody's posts, turns, roles and leave gives stretches of time; the rule of who stands there is that
of `tickets/directory/standing_rows.py`, asked for a stretch instead of an instant.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import BigInteger, String

from tickets.promises.rule_versions import rules_now

LOOKED_AHEAD = timedelta(days=7)
# What is shorter lies between two turns that were meant to meet.
_SHORTEST = timedelta(minutes=5)

_Span = tuple[datetime, datetime]

# Whoever has a post of these codes or a turn for it, and within which time.
_ANSWERING = text("""
    select p.unit_id, p.id as post_id, h.staff_id, greatest(h.valid_from, :since),
           least(coalesce(h.valid_to, :until), :until)
    from post p join unit u on u.id = p.unit_id join post_holding h on h.post_id = p.id
    where p.code = any(:codes) and u.valid_to is null
      and h.valid_from < :until and coalesce(h.valid_to, :until) > :since
      and (cast(:unit_ids as bigint[]) is null or p.unit_id = any(:unit_ids))
    union all
    select p.unit_id, p.id, s.staff_id, greatest(s.starts_at, :since), least(s.ends_at, :until)
    from post p join unit u on u.id = p.unit_id join shift s on s.post_id = p.id
    where p.code = any(:codes) and u.valid_to is null and s.starts_at < :until and s.ends_at > :since
      and (cast(:unit_ids as bigint[]) is null or p.unit_id = any(:unit_ids))
""").bindparams(bindparam("codes", type_=ARRAY(String)), bindparam("unit_ids", type_=ARRAY(BigInteger)))
_AWAY = text("""
    select staff_id, deputy_id, greatest(starts_at, :since), least(ends_at, :until)
    from absence where starts_at < :until and ends_at > :since
""")
# Who can be reached, with the roles they had and have at units: until when each, from when.
_PEOPLE = text("""
    select st.id, r.unit_id, r.valid_from, least(coalesce(r.valid_to, :until), :until)
    from staff st left join role_assignment r on r.staff_id = st.id and r.valid_from < :until
    where st.id = any(:staff_ids) and st.disabled_at is null and (st.phone is not null or st.email <> '')
    order by st.id, r.valid_from
""").bindparams(bindparam("staff_ids", type_=ARRAY(BigInteger)))
_POSTS = text("""
    select p.unit_id, u.name, u.name_en, p.id, p.code, p.name, p.name_en
    from post p join unit u on u.id = p.unit_id
    where p.code = any(:codes) and u.valid_to is null
      and (cast(:unit_ids as bigint[]) is null or p.unit_id = any(:unit_ids))
    order by u.sort_key, p.id
""").bindparams(bindparam("codes", type_=ARRAY(String)), bindparam("unit_ids", type_=ARRAY(BigInteger)))


@dataclass(frozen=True, slots=True)
class RotaGap:
    """A stretch in which nobody answers for what a step of a chain asks of a unit; named by the first of its posts."""

    unit_id: int
    unit: str
    unit_en: str
    post: str
    post_en: str
    from_at: datetime
    to_at: datetime


@dataclass(frozen=True, slots=True)
class _PostThere:
    post_id: int
    code: str
    name: str
    name_en: str


def gaps_ahead(session: Session, *, unit_ids: Collection[int] | None = None, now: datetime) -> list[RotaGap]:
    """Of every chain in force, by unit, in a handful of statements; `unit_ids` narrows it."""
    asked = _asked_together(session)
    codes = sorted({code for together in asked for code in together})
    named: dict[str, object] = {"unit_ids": sorted(unit_ids) if unit_ids is not None else None, "codes": codes}
    stretch = {"since": now, "until": now + LOOKED_AHEAD}
    covered = _covered(session, {**named, **stretch}, stretch)
    found = []
    for unit_id, unit, unit_en, posts in _units(session, named):
        for together in asked:
            there = [post for post in posts if post.code in together]
            answered = [part for post in there for part in covered.get((unit_id, post.post_id), ())]
            for from_at, to_at in left_open(answered, now, now + LOOKED_AHEAD) if there else ():
                found.append(RotaGap(unit_id, unit, unit_en, there[0].name, there[0].name_en, from_at, to_at))
    return found


def left_open(covered: Iterable[_Span], since: datetime, until: datetime) -> list[_Span]:
    """What these stretches leave of the time between; moments between two that were meant to meet are no gap."""
    found: list[_Span] = []
    reached = since
    for start, end in sorted(covered):
        if start - reached >= _SHORTEST:
            found.append((reached, min(start, until)))
        reached = max(reached, end)
    if until - reached >= _SHORTEST:
        found.append((reached, until))
    return found


def _asked_together(session: Session) -> list[tuple[str, ...]]:
    """The posts that a step asks in place of one another, each combination once."""
    steps = [step for chain, _version in rules_now(session).chains for step in chain.steps]
    return sorted({tuple(codes) for step in steps for codes in (step.posts, step.procedure_posts) if codes})


def _units(session: Session, named: dict[str, object]) -> Iterable[tuple[int, str, str, Sequence[_PostThere]]]:
    units: dict[int, tuple[str, str, list[_PostThere]]] = {}
    for unit_id, unit, unit_en, *post in session.execute(_POSTS, named):
        units.setdefault(unit_id, (unit, unit_en, []))[2].append(_PostThere(*post))
    return [(unit_id, *about) for unit_id, about in units.items()]


def _covered(
    session: Session, asked: Mapping[str, object], stretch: Mapping[str, datetime]
) -> dict[tuple[int, int], list[_Span]]:
    """By unit and post, when somebody answers: who has the post or the turn, and during leave who stands in."""
    answering = session.execute(_ANSWERING, asked).all()
    leave = defaultdict[int, list[tuple[int | None, _Span]]](list)
    for staff_id, deputy_id, since, until in session.execute(_AWAY, stretch):
        leave[staff_id].append((deputy_id, (since, until)))
    deputies = {deputy_id for away in leave.values() for deputy_id, _span in away if deputy_id}
    people = deputies | {row.staff_id for row in answering}
    gone = _gone(session, people, stretch)
    covered = defaultdict[tuple[int, int], list[_Span]](list)
    for unit_id, post_id, staff_id, since, until in answering:
        there = covered[(unit_id, post_id)]
        there += _while_there(staff_id, unit_id, [(since, until)], leave, gone)
        for deputy_id, (from_at, to_at) in leave[staff_id]:
            if deputy_id is not None and max(from_at, since) < min(to_at, until):
                stood_in = [(max(from_at, since), min(to_at, until))]
                there += _while_there(deputy_id, unit_id, stood_in, leave, gone)
    return dict(covered)


def _while_there(
    staff_id: int,
    unit_id: int,
    spans: Sequence[_Span],
    leave: Mapping[int, Sequence[tuple[int | None, _Span]]],
    gone: Mapping[int, Mapping[int, Sequence[_Span]]],
) -> list[_Span]:
    """What is left of these stretches without leave, and without the time after their roles at the unit had ended."""
    if staff_id not in gone:
        return []
    out = [span for _deputy, span in leave.get(staff_id, ())] + list(gone[staff_id].get(unit_id, ()))
    return [part for since, until in spans for part in _without(out, since, until)]


def _gone(
    session: Session, staff_ids: Collection[int], stretch: Mapping[str, datetime]
) -> dict[int, dict[int, list[_Span]]]:
    """Of whoever can be reached, by unit: when their roles there had ended. Who never had one there is not gone."""
    found: dict[int, dict[int, list[_Span]]] = {}
    reached: dict[tuple[int, int], datetime] = {}
    for staff_id, unit_id, since, until in session.execute(_PEOPLE, {**stretch, "staff_ids": sorted(staff_ids)}):
        mine = found.setdefault(staff_id, {})
        if unit_id is None:
            continue
        last = reached.get((staff_id, unit_id))
        if last is not None and last < since:
            mine.setdefault(unit_id, []).append((last, since))
        reached[(staff_id, unit_id)] = until if last is None else max(last, until)
    for (staff_id, unit_id), last in reached.items():
        if last < stretch["until"]:
            found[staff_id].setdefault(unit_id, []).append((last, stretch["until"]))
    return found


def _without(away: Sequence[_Span], since: datetime, until: datetime) -> list[_Span]:
    left, reached = list[_Span](), since
    for start, end in sorted(away):
        if reached >= until:
            break
        if start > reached:
            left.append((reached, min(start, until)))
        reached = max(reached, end)
    return [*left, (reached, until)] if reached < until else left
