"""Problems: proposed by what is reported, taken on by somebody, reported to leaders, answered by guidance, ended."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.errors import InvalidInput, NotFound
from tickets.people.actor import SYSTEM, Actor
from tickets.people.roles import Viewer
from tickets.problems.waves import Wave
from tickets.schema import ArisingProblem, ProblemTicket
from tickets.states import ProblemState
from tickets.typed_text import clean_text
from tickets.work.incidents import may_steer, steered_units

_LONGEST_REASON = 500
_STANDING = (ProblemState.PROPOSED, ProblemState.OPEN)
# What somebody has said to be none, or has ended, is not proposed again so soon.
_NOT_AGAIN = timedelta(days=7)
# What nobody took on and nobody reports any more is a proposal no longer.
_FORGOTTEN_AFTER = timedelta(days=7)


def propose(session: Session, waves: Sequence[Wave], *, now: datetime) -> int:
    """Keep what was found: as a new proposal, or as more of a standing one; how many are new."""
    forgotten = _forget_old(session, now=now)
    known = {one.key: one for one in session.scalars(_known(now))}
    new = 0
    for wave in waves:
        one = known.get(wave.key) or _with_its_tickets(session, known, wave)
        if one is None:
            one = _proposed(session, wave, now=now)
            known[one.key] = one
            new += 1
        elif one.state not in _STANDING:
            continue
        _add(session, one, wave, now=now)
    if new or forgotten:
        entries.record(
            session, actor=SYSTEM, action="problem.proposed", subject_kind="problem", subject_id=None,
            params={"count": new}, now=now,
        )  # fmt: skip
    session.flush()
    return new


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


def _with_its_tickets(session: Session, known: Mapping[str, ArisingProblem], wave: Wave) -> ArisingProblem | None:
    """Half of what was found belongs to this one already: it goes on under another name, or for longer."""
    number = func.count()
    found = session.execute(
        select(ProblemTicket.problem_id, number)
        .where(ProblemTicket.ticket_id.in_(wave.ticket_ids))
        .where(ProblemTicket.problem_id.in_([one.id for one in known.values()]))
        .group_by(ProblemTicket.problem_id)
        .order_by(number.desc(), ProblemTicket.problem_id)
        .limit(1)
    ).one_or_none()
    if found is None or found[1] * 2 < len(wave.ticket_ids):
        return None
    return next(one for one in known.values() if one.id == found[0])


def _proposed(session: Session, wave: Wave, *, now: datetime) -> ArisingProblem:
    one = ArisingProblem(
        key=wave.key, kind=wave.kind, state=ProblemState.PROPOSED, category_id=wave.cell.category_id,
        procedure_id=wave.cell.procedure_id, unit_id=wave.cell.unit_id, unit_ids=list(wave.unit_ids),
        usual=wave.usual, since=wave.since, found_at=now, seen_at=now,
    )  # fmt: skip
    session.add(one)
    session.flush()
    return one


def _add(session: Session, one: ArisingProblem, wave: Wave, *, now: datetime) -> None:
    one.seen_at, one.unit_ids = now, sorted({*one.unit_ids, *wave.unit_ids})
    rows = [{"problem_id": one.id, "ticket_id": i, "added_at": now} for i in wave.ticket_ids]
    new = insert(ProblemTicket).on_conflict_do_nothing(index_elements=["problem_id", "ticket_id"])
    session.execute(new, rows)


def _forget_old(session: Session, *, now: datetime) -> int:
    old = session.scalars(
        select(ArisingProblem).where(
            ArisingProblem.state == ProblemState.PROPOSED, ArisingProblem.seen_at < now - _FORGOTTEN_AFTER
        )
    ).all()
    for one in old:
        one.state, one.ended_at = ProblemState.DISMISSED, now
    return len(old)


def _record(
    session: Session, action: str, one: ArisingProblem, *, people: int | None = None, actor: Actor, now: datetime
) -> None:
    session.flush()
    params = {"units": list(one.unit_ids), **({} if people is None else {"people": people})}
    entries.record(
        session, actor=actor, action=action, subject_kind="problem", subject_id=one.id, params=params, now=now
    )
