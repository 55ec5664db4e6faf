"""The shift as it stands now: queues, agents, calls waiting, what is at risk, today's figures."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app.web.frame.access import signed_in
from app.web.frame.current import settings
from app.web.frame.menu import in_menu
from app.web.frame.once import form_key
from app.web.supervisor.blueprint import STEERING, blueprint, supervised_units
from app.web.supervisor.people_choices import assignee_options
from escalation.firing.gaps import recent_gaps
from telephony.floor import figures
from telephony.floor.board import agents_now, calls_waiting
from telephony.floor.callbacks import open_callbacks
from telephony.floor.floor import AT_WORK
from tickets.promises.figures import promises_kept
from tickets.queries.supervision import Risk, at_risk, units_now
from tickets.states import PresenceState

_OUTAGES_OF = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Today:
    """Today's figures since midnight; None where there was nothing to count."""

    calls: int
    service_level: float | None
    speed_of_answer: float | None
    abandonment: float | None
    promises_due: int
    promises_kept: float | None


@blueprint.get("/supervisor")
@in_menu(_l("Shift"), order=2, icon="people", hotkey="g s")
@signed_in(*STEERING)
def shift() -> ResponseReturnValue:
    asked = request.args.get("show", "")
    risk = Risk(asked) if asked in set(Risk) else Risk.SOON
    rows = at_risk(g.session, g.viewer, supervised_units(g.viewer), risk=risk, now=g.now)
    return render_template(
        "supervisor/shift.html",
        **_now(),
        risk=risk,
        rows=rows,
        assignees=assignee_options(g.session, g.viewer, rows, now=g.now),
        once=form_key(),
        # A giving that was refused comes back with what was ticked.
        chosen=frozenset(request.args.getlist("ticket")),
        staff=request.args.get("staff", ""),
    )


@blueprint.get("/supervisor/now")
@signed_in(*STEERING)
def fragment() -> ResponseReturnValue:
    """The part that is reloaded when something moves; what a supervisor is just ticking off is left alone."""
    return render_template("supervisor/now.html", **_now())


def _now() -> dict[str, object]:
    units = supervised_units(g.viewer)
    agents = agents_now(g.session, units, now=g.now)
    at_work = [agent for agent in agents if agent.is_alive and agent.state in AT_WORK]
    staffed, covers_city = frozenset(u for a in at_work for u in a.unit_ids), any(a.covers_city for a in at_work)
    queues = units_now(g.session, g.viewer, units, now=g.now)
    return {
        "queues": queues,
        "agents": agents,
        "free": sum(1 for agent in agents if agent.state is PresenceState.AVAILABLE and agent.is_alive),
        "calls": calls_waiting(g.session, units, staffed=staffed, covers_city=covers_city, now=g.now),
        "callbacks": open_callbacks(g.session, g.viewer, unit_ids=units),
        "outages": recent_gaps(g.session, since=g.now - _OUTAGES_OF),
        "today": _today(units),
    }


def _today(units: tuple[int, ...] | None) -> Today:
    local: datetime = g.now.astimezone(settings().zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    counts = figures.call_counts(g.session, from_at=midnight, to_at=g.now, unit_ids=units)
    kept = promises_kept(g.session, from_at=midnight, to_at=g.now, now=g.now, unit_ids=units, with_cancelled=False)
    due = sum(one.counted for one in kept)
    return Today(
        calls=counts.offered,
        service_level=figures.service_level(counts),
        speed_of_answer=figures.average_speed_of_answer(counts),
        abandonment=figures.abandonment(counts),
        promises_due=due,
        promises_kept=sum(one.met for one in kept) / due if due else None,
    )
