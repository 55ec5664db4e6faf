"""An emergency that goes on to whoever stands there now rings on their telephone as it did first (A3, A4)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from escalation.firing.due import DueStep, DueTicket, fired_tickets, standing_for
from escalation.firing.record import set_reach_by, tell
from escalation.firing.telling import Fired, beside_each_other, levels_of, tell_person
from escalation.firing.verdict import stands
from tickets.directory.standing import Reachable, Standing
from tickets.promises.loading import PromiseRulebook, load_rulebook
from tickets.schema import Acknowledgement, PlannedStep, Ticket
from tickets.states import Priority

# A level and a person who has come to stand there.
Heir = tuple[int, Reachable]


def ring_heirs(session: Session, heirs: Sequence[Heir], *, now: datetime) -> set[tuple[int, int]]:
    """Tell these of the emergencies among the levels by their own ways, and go on until one is reached.

    They are written down as told already, and the tickets are locked. Returns level and person of whoever is told so.
    """
    step_ids = [step_id for step_id, _ in heirs]
    ticket_ids = _emergencies(session, step_ids) if step_ids else []
    if not ticket_ids:
        return set()
    book = load_rulebook(session)
    tickets = fired_tickets(session, ticket_ids, step_ids, book=book, now=now)
    open_levels = [(ticket, step) for ticket in tickets for step in ticket.steps if _wakes(step)]
    standing = standing_for(session, [ticket for ticket, _ in open_levels], book, now=now)
    by_step = defaultdict[int, set[int]](set)
    for step_id, heir in heirs:
        by_step[step_id].add(heir.person.staff_id)
    rung = [one for pair in open_levels if (one := _rung(*pair, by_step, standing, book, now=now)) is not None]
    # Before the messages are written: one that cannot leave, to a phone that opted out, is followed at once.
    set_reach_by(session, {one.step.id: one.reach_by for one in rung})
    tell(session, rung, now=now)
    return {(one.step.id, who.person.staff_id) for one in rung for who in one.everybody}


def _emergencies(session: Session, step_ids: Sequence[int]) -> list[int]:
    """The tickets of those levels that are about an emergency and that nobody has answered."""
    return list(
        session.scalars(
            select(PlannedStep.ticket_id)
            .join(Ticket, Ticket.id == PlannedStep.ticket_id)
            .outerjoin(Acknowledgement, Acknowledgement.step_id == PlannedStep.id)
            .where(
                PlannedStep.id.in_(step_ids),
                Ticket.priority == Priority.EMERGENCY,
                Acknowledgement.step_id.is_(None),
            )
            .distinct()
        )
    )


def _wakes(step: DueStep) -> bool:
    return stands(step) and not (step.step is not None and step.step.daily_list)


def _rung(
    ticket: DueTicket,
    step: DueStep,
    heirs: Mapping[int, set[int]],
    standing: Standing,
    book: PromiseRulebook,
    *,
    now: datetime,
) -> Fired | None:
    order = standing.in_order(levels_of(step, book), step.rank, ticket.concern)
    here = {who.person.staff_id: (who, level) for who, level in reversed(list(order))}
    mine = [here[staff_id] for staff_id in sorted(heirs[step.id]) if staff_id in here]
    told = [replace(tell_person(ticket, step, *one, book=book, now=now), was_told=True) for one in mine]
    return beside_each_other(told) if told else None
