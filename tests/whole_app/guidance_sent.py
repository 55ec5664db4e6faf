"""What is sent to each endpoint of guidance: one at every step, and tickets that wait for its answer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories
from tests.app.web.supervisor import guidance_rows
from tests.whole_app.things import OWN
from tickets.people.actor import staff_actor
from tickets.problems.waves import Wave, WaveCell
from tickets.schema import ArisingProblem, Guidance, Ticket
from tickets.states import Role
from tickets.work import guidance_tickets
from tickets.work.problems import propose

# Form and names in the address, by endpoint.
_WHY = {"reason": "vì vậy"}
GuidanceSent = dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]]


def of_guidance(session: Session, *, now: datetime) -> GuidanceSent:
    steps = {
        "change_guidance": guidance_rows.drafted, "submit_guidance": guidance_rows.drafted,
        "return_guidance": guidance_rows.submitted, "approve_guidance": guidance_rows.submitted,
        "issue_guidance": guidance_rows.approved, "withdraw_guidance": guidance_rows.issued,
    }  # fmt: skip
    forms = {
        "change_guidance": guidance_rows.WORDS, "return_guidance": {"reason": "Thiếu căn cứ"},
        "approve_guidance": {"decision_no": "12/HD", "decided_on": now.date().isoformat()},
        "withdraw_guidance": {"reason": "Luật mới"},
    }  # fmt: skip
    named = {step: {"guidance_id": make(session, now=now).id} for step, make in steps.items()}
    of_steps = {f"supervisor.{step}": (forms.get(step, {}), names) for step, names in named.items()}
    one, ticket = guidance_rows.issued(session, now=now), _fitting(session, now=now)
    linked = _linked(session, one, now=now)
    problem_ids = [_problem(session, key=f"audited:{n}", now=now) for n in range(4)]
    of_problems = {
        f"supervisor.{step}_problem{more}": (form, {"problem_id": problem_id})
        for (step, more, form), problem_id in zip(
            (("take", "_on", {}), ("dismiss", "", _WHY), ("close", "", _WHY), ("report", "", {})),
            problem_ids,
            strict=True,
        )
    }
    here: Mapping[str, Any] = {"guidance_id": one.id}
    return (
        of_steps
        | of_problems
        | {
            "supervisor.draft_guidance": (guidance_rows.WORDS, {}),
            "supervisor.link_to_guidance": ({}, here),
            "supervisor.unlink_from_guidance": ({"linked": linked.reference}, here),
            "supervisor.answer_with_guidance": ({}, here),
            "supervisor.call_answers_off": ({}, here),
            "console.answer_with_one": ({"guidance": str(one.id)}, {"reference": ticket.reference}),
        }
    )


def _problem(session: Session, *, key: str, now: datetime) -> int:
    """A problem of one's own unit, proposed from a ticket of its own."""
    ticket = _fitting(session, now=now)
    wave = Wave("wave", WaveCell(), now, (ticket.id,), 1, 0.1, key, (factories.unit(session, OWN).id,))
    propose(session, [wave], now=now)
    return session.scalars(select(ArisingProblem.id).where(ArisingProblem.key == key)).one()


def _fitting(session: Session, *, now: datetime) -> Ticket:
    return factories.ticket(session, now=now, unit_code=OWN, body="Hỏi về sổ đỏ")


def _linked(session: Session, one: Guidance, *, now: datetime) -> Ticket:
    ticket = _fitting(session, now=now)
    who, _viewer = guidance_rows.person(session, Role.CITY_OFFICE, now=now)
    guidance_tickets.link(session, one, [ticket.id], actor=staff_actor(who.id), now=now)
    return ticket
