"""One ticket's chain drawn as a staircase: who was told on each level, and who stands on the others tonight."""

from flask import g, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from app.web.frame.access import signed_in
from app.web.supervisor.blueprint import WATCHING, blueprint
from app.wording.locale import chosen_locale
from escalation.queries.rota_gaps import gaps_ahead
from escalation.queries.staircase import Stair, staircase
from tickets.people.roles import visible_ticket
from tickets.promises.breaches import breaches_of
from tickets.schema import Clock, Unit
from tickets.states import UNFINISHED, ClockKind


@blueprint.get("/supervisor/escalations/<reference>")
@signed_in(*WATCHING)
def stairs(reference: str) -> ResponseReturnValue:
    ticket = visible_ticket(g.session, g.viewer, reference)
    clocks = g.session.scalars(
        select(Clock).where(Clock.ticket_id == ticket.id).order_by(Clock.due_at, Clock.kind, Clock.cycle)
    ).all()
    kinds = sorted({clock.kind for clock in clocks if clock.chain_version_id}, key=list(ClockKind).index)
    asked = request.args.get("clock", "")
    kind = ClockKind(asked) if asked in kinds else ClockKind.RESOLVE
    return render_template(
        "supervisor/stairs.html",
        ticket=ticket,
        unit=g.session.get_one(Unit, ticket.unit_id),
        kinds=kinds,
        kind=kind,
        clock=next((c for c in reversed(clocks) if c.kind is kind), None),
        gaps=gaps_ahead(g.session, unit_ids=[ticket.unit_id], now=g.now) if ticket.status in UNFINISHED else [],
        breaches=[breach for breach in breaches_of(g.session, ticket.id) if breach.kind is kind],
        steps=[_drawn(stair) for stair in staircase(g.session, ticket, kind=kind, now=g.now)],
    )


def _drawn(stair: Stair) -> dict[str, object]:
    english = chosen_locale() == "en"
    return {
        "level": stair.level,
        "post": (stair.post_en if english else stair.post) or stair.post,
        "person": stair.person,
        "state": stair.state,
        "at": stair.at,
        "note": stair.note,
        "current": stair.current,
    }
