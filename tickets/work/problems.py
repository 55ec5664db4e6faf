"""Problems: proposed by what is reported, taken on by somebody, reported to leaders, answered by guidance, ended."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import BigInteger, Select, bindparam, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.each_alone import PutAside, all_or_each, each_alone
from tickets.errors import InvalidInput, NotFound
from tickets.people.actor import SYSTEM, Actor
from tickets.people.roles import Viewer
from tickets.problems.waves import Wave
from tickets.schema import ArisingProblem, ProblemTicket
from tickets.schema.problem import EVIDENCE_COLUMNS, EVIDENCE_OF_TICKET
from tickets.states import ProblemState
from tickets.typed_text import clean_text
from tickets.work.evidence_proof import EVIDENCE_DIFFERS
from tickets.work.incidents import may_steer, steered_units

_LONGEST_REASON = 500
_STANDING = (ProblemState.PROPOSED, ProblemState.OPEN)
# What somebody has said to be none, or has ended, is not proposed again so soon.
_NOT_AGAIN = timedelta(days=7)
# What nobody took on and nobody reports any more is a proposal no longer.
_FORGOTTEN_AFTER = timedelta(days=7)
# How exactly it is kept until when something was seen to which nobody adds any more.
_SEEN_EVERY = timedelta(hours=6)
# Whoever would move or hide such a ticket meanwhile waits for us, and changes afterwards what is counted of it here.
# One that somebody holds already comes with the next look: it must keep neither the others nor whoever works on them.
_ADDED = text("""
    with held as (select id from ticket where id = any(:tickets) order by id for share skip locked),
    added as (
        insert into problem_ticket (problem_id, ticket_id, added_at)
        select r.problem_id, r.ticket_id, :now from unnest(:problems, :tickets) as r(problem_id, ticket_id)
        join held on held.id = r.ticket_id
        on conflict (problem_id, ticket_id) do nothing
    )
    select id from held
""").bindparams(bindparam("problems", type_=ARRAY(BigInteger)), bindparam("tickets", type_=ARRAY(BigInteger)))
# Our own words, nothing anybody typed.
_CORRECT = text(
    f"""
    with t as (select * from ticket where id = any(:ticket_ids) order by id for share skip locked)
    update problem_ticket e set ({EVIDENCE_COLUMNS}) = ({EVIDENCE_OF_TICKET}) from t
    where t.id = e.ticket_id and {EVIDENCE_DIFFERS}
    returning e.ticket_id
    """  # noqa: S608
).bindparams(bindparam("ticket_ids", type_=ARRAY(BigInteger)))


class Evidence:
    """Which tickets stand with which problem, remembered from look to look, so that only new ones are written.

    Read again where another process, or a look that failed, left the problem otherwise than it is remembered.
    """

    def __init__(self) -> None:
        self._of: dict[int, tuple[datetime, set[int]]] = {}

    def by_key(self, session: Session, known: Collection[ArisingProblem]) -> dict[str, set[int]]:
        missing = [one for one in known if one.id not in self._of or self._of[one.id][0] != one.seen_at]
        read: dict[int, set[int]] = {one.id: set() for one in missing}
        pairs = select(ProblemTicket.problem_id, ProblemTicket.ticket_id).where(ProblemTicket.problem_id.in_(read))
        for problem_id, ticket_id in session.execute(pairs) if missing else ():
            read[problem_id].add(ticket_id)
        return {one.key: read[one.id] if one.id in read else set(self._of[one.id][1]) for one in known}

    def remember(self, known: Mapping[str, ArisingProblem], of: Mapping[str, set[int]]) -> None:
        self._of = {one.id: (one.seen_at, of[key]) for key, one in known.items()}


def propose(session: Session, waves: Sequence[Wave], *, now: datetime, evidence: Evidence | None = None) -> int:
    """Keep what was found: as a new proposal, or as more of a standing one; how many are new.

    In a fixed number of statements, however many waves; `evidence` is what an earlier look left.
    """
    forgotten = _forget_old(session, now=now)
    return _propose(session, waves, evidence or Evidence(), forgotten=forgotten, now=now)


def _propose(
    session: Session,
    waves: Sequence[Wave],
    evidence: Evidence,
    *,
    forgotten: int = 0,
    put_aside: PutAside | None = None,
    now: datetime,
) -> int:
    known = _by_key(session.scalars(_known(now)))
    of, before = evidence.by_key(session, known.values()), len(known)
    more = _more_of_each(session, known, of, waves, now=now)
    session.flush()
    _note_seen(session, [known[key] for key in more], more, now=now)
    pairs = [(known[key].id, ticket_id) for key, ids in more.items() for ticket_id in sorted(ids)]
    added = _add(session, pairs, put_aside=put_aside, now=now)
    for key, ids in more.items():
        of[key] -= ids - added
    new = len(known) - before
    if new or forgotten:
        entries.record(
            session, actor=SYSTEM, action="problem.proposed", subject_kind="problem", subject_id=None,
            params={"count": new}, now=now,
        )  # fmt: skip
    session.flush()
    evidence.remember(known, of)
    return new


def propose_each(session: Session, waves: Sequence[Wave], *, put_aside: PutAside, now: datetime) -> int:
    """As `propose`, wave by wave and ticket by ticket: for when something of them is refused."""
    each_alone(session, _too_old(session, now=now), partial(_forget, now=now), named=_id, put_aside=put_aside)
    new = each_alone(
        session, waves, lambda wave: _propose(session, [wave], Evidence(), put_aside=put_aside, now=now),
        named=lambda wave: wave.key, put_aside=put_aside,
    )  # fmt: skip
    return sum(new)


def _id(one: ArisingProblem) -> int:
    return one.id


def _more_of_each(
    session: Session, known: dict[str, ArisingProblem], of: dict[str, set[int]], waves: Sequence[Wave], *, now: datetime
) -> dict[str, set[int]]:
    """By each standing problem that was seen the tickets that are new to it; what is proposed now joins `known`."""
    more: dict[str, set[int]] = {}
    for wave in waves:
        one = known.get(wave.key) or _with_its_tickets(known, of, wave)
        if one is None:
            one = known[wave.key] = _proposed(wave, now=now)
            of[wave.key] = set()
            session.add(one)
        if one.state in _STANDING:
            more.setdefault(one.key, set()).update(set(wave.ticket_ids) - of[one.key])
            of[one.key].update(wave.ticket_ids)
            if not set(wave.unit_ids) <= set(one.unit_ids):
                one.unit_ids = sorted({*one.unit_ids, *wave.unit_ids})
    return more


def correct_evidence(session: Session, ticket_ids: Collection[int]) -> list[int]:
    """Write it anew for those of these whose tickets say otherwise also while nobody can change them.

    What somebody holds is left as it is, and found again by the next proof.
    """
    return sorted(set(session.scalars(_CORRECT, {"ticket_ids": sorted(ticket_ids)}))) if ticket_ids else []


def may_see(viewer: Viewer, one: ArisingProblem) -> bool:
    """Whoever steers the city, or a unit of it where this is; of another's streets nothing is told."""
    own = steered_units(viewer)
    return own is None or bool(own & set(one.unit_ids))


def problem_named(session: Session, problem_id: int, viewer: Viewer) -> ArisingProblem:
    """Raises NotFound, also for what this person may not see."""
    one = session.get(ArisingProblem, problem_id) if problem_id < 2**62 else None
    if one is None or not may_see(viewer, one):
        raise NotFound("problem", problem_id)
    return one


def take_on(session: Session, problem_id: int, *, viewer: Viewer, actor: Actor, now: datetime) -> None:
    """This person answers for it from now on, whoever did before. Raises InvalidInput once it has ended."""
    one = standing_problem(session, problem_id, viewer)
    one.state, one.owner_id, one.owned_at = ProblemState.OPEN, viewer.staff_id, now
    _record(session, "problem.taken_on", one, actor=actor, now=now)


def dismiss(session: Session, problem_id: int, *, reason: str, viewer: Viewer, actor: Actor, now: datetime) -> None:
    """It is none; with the reason, so that others see why."""
    _end(session, problem_id, ProblemState.DISMISSED, reason, viewer=viewer, actor=actor, now=now)


def close(session: Session, problem_id: int, *, reason: str, viewer: Viewer, actor: Actor, now: datetime) -> None:
    """It is over; with what was done."""
    _end(session, problem_id, ProblemState.CLOSED, reason, viewer=viewer, actor=actor, now=now)


def note_reported(session: Session, one: ArisingProblem, *, people: int, actor: Actor, now: datetime) -> None:
    one.reported_at = now
    _record(session, "problem.reported", one, people=people, actor=actor, now=now)


def note_guidance(session: Session, one: ArisingProblem, guidance_id: int, *, actor: Actor, now: datetime) -> None:
    one.guidance_id = guidance_id
    _record(session, "problem.guidance_drafted", one, actor=actor, now=now)


def _end(
    session: Session,
    problem_id: int,
    state: ProblemState,
    reason: str,
    *,
    viewer: Viewer,
    actor: Actor,
    now: datetime,
) -> None:
    one = standing_problem(session, problem_id, viewer)
    one.reason = clean_text(reason, _LONGEST_REASON, field="reason")
    if not one.reason:
        raise InvalidInput("reason", "required")
    one.state, one.ended_at, one.ended_by_id = state, now, viewer.staff_id
    _record(session, f"problem.{state.value}", one, actor=actor, now=now)


def standing_problem(session: Session, problem_id: int, viewer: Viewer) -> ArisingProblem:
    """Locked, for whoever steers all of its area or a unit of it. Raises NotFound, InvalidInput."""
    problem_named(session, problem_id, viewer)
    one = session.get_one(ArisingProblem, problem_id, with_for_update={"key_share": True}, populate_existing=True)
    if not may_steer(viewer, one.unit_ids):
        raise InvalidInput("problem", "not_your_area")
    if one.state not in _STANDING:
        raise InvalidInput("problem", "problem_over")
    return one


def _known(now: datetime) -> Select[ArisingProblem]:
    recent = ArisingProblem.ended_at > now - _NOT_AGAIN
    return select(ArisingProblem).where(ArisingProblem.state.in_(_STANDING) | recent).order_by(ArisingProblem.id)


def _by_key(ones: Iterable[ArisingProblem]) -> dict[str, ArisingProblem]:
    """The last that has each key, in the order in which they were found."""
    known: dict[str, ArisingProblem] = {}
    for one in ones:
        known.pop(one.key, None)
        known[one.key] = one
    return known


def _with_its_tickets(
    known: Mapping[str, ArisingProblem], of: Mapping[str, set[int]], wave: Wave
) -> ArisingProblem | None:
    """Half of what was found belongs to this one already: it goes on under another name, or for longer."""
    ids = set(wave.ticket_ids)
    # Of several the oldest; those of this look are last, in their order.
    key, shared = max(((key, len(of[key] & ids)) for key in known), key=lambda one: one[1], default=("", 0))
    return known[key] if shared and shared * 2 >= len(ids) else None


def _proposed(wave: Wave, *, now: datetime) -> ArisingProblem:
    return ArisingProblem(
        key=wave.key, kind=wave.kind, state=ProblemState.PROPOSED, category_id=wave.cell.category_id,
        procedure_id=wave.cell.procedure_id, unit_id=wave.cell.unit_id, unit_ids=list(wave.unit_ids),
        usual=wave.usual, since=wave.since, found_at=now, seen_at=now,
    )  # fmt: skip


def _note_seen(
    session: Session, seen: Sequence[ArisingProblem], more: Mapping[str, set[int]], *, now: datetime
) -> None:
    ids = [one.id for one in seen if one.seen_at != now and (more[one.key] or now - one.seen_at >= _SEEN_EVERY)]
    if ids:
        session.execute(update(ArisingProblem).where(ArisingProblem.id.in_(ids)).values(seen_at=now))


def _add(session: Session, pairs: Sequence[tuple[int, int]], *, put_aside: PutAside | None, now: datetime) -> set[int]:
    """The tickets that nobody held, which stand there now."""
    added: set[int] = set()

    def add(some: Sequence[tuple[int, int]]) -> None:
        problems, tickets = zip(*some, strict=True)
        added.update(session.scalars(_ADDED, {"problems": list(problems), "tickets": list(tickets), "now": now}))

    if pairs:
        all_or_each(session, pairs, add, named=lambda pair: pair[1], put_aside=put_aside)
    return added


def _forget_old(session: Session, *, now: datetime) -> int:
    old = _too_old(session, now=now)
    for one in old:
        _forget(one, now=now)
    return len(old)


def _too_old(session: Session, *, now: datetime) -> Sequence[ArisingProblem]:
    return session.scalars(
        select(ArisingProblem).where(
            ArisingProblem.state == ProblemState.PROPOSED, ArisingProblem.seen_at < now - _FORGOTTEN_AFTER
        )
    ).all()


def _forget(one: ArisingProblem, *, now: datetime) -> None:
    one.state, one.ended_at = ProblemState.DISMISSED, now


def _record(
    session: Session, action: str, one: ArisingProblem, *, people: int | None = None, actor: Actor, now: datetime
) -> None:
    session.flush()
    params = {"units": list(one.unit_ids), **({} if people is None else {"people": people})}
    entries.record(
        session, actor=actor, action=action, subject_kind="problem", subject_id=one.id, params=params, now=now
    )
