"""The dashboard a supervisor keeps open: every running chain of my units, what fired, and the whole history."""

from collections.abc import Callable

from flask import Response, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app.web.frame.access import signed_in
from app.web.frame.menu import in_menu
from app.web.pieces.ledger_file import ledger_download
from app.web.pieces.ledger_filters import address, asked, ledger_filter, number
from app.web.pieces.unit_choices import unit_options
from app.web.supervisor.blueprint import STEERING, WATCHING, blueprint
from escalation.queries.board import BoardFilter, counts, place_of, running_chains
from escalation.queries.follow_up import latest_work
from escalation.queries.ledger import fired_lately, history
from tickets.promises.plan import HIGHEST_LEVEL
from tickets.states import ClockKind, StepResult

_HERE = "/supervisor/escalations"
_CHAINS = 50
_RESULTS = [result for result in StepResult if result is not StepResult.VOID]


@blueprint.get(_HERE)
@in_menu(_l("Escalations"), order=3, icon="stairs", hotkey="g e")
@signed_in(*WATCHING)
def escalations() -> ResponseReturnValue:
    tab = request.args.get("tab", "")
    if tab == "fired":
        return _fired()
    if tab == "history":
        return _history()
    return render_template("supervisor/escalations.html", tab="running", **_running())


@blueprint.get(f"{_HERE}/board")
@signed_in(*WATCHING)
def board() -> ResponseReturnValue:
    """The running chains alone, reloaded when one moves, with the filters of the page they stand on."""
    return render_template("supervisor/board.html", **_running())


@blueprint.get(f"{_HERE}.csv")
@signed_in(*WATCHING)
def download() -> Response:
    return ledger_download(ledger_filter(asked()))


def _running() -> dict[str, object]:
    given = asked()
    cause = request.args.get("cause", "")
    wanted = BoardFilter(
        unit_id=number(given["unit"]),
        level=number(given["level"], most=HIGHEST_LEVEL),
        clock=ClockKind(given["clock"]) if given["clock"] in set(ClockKind) else None,
        cause={"late": "", "change": "change", "downtime": "downtime"}.get(cause),
        unanswered_only=given["answered"] == "no",
    )
    kept = {name: given[name] for name in ("unit", "level", "clock", "answered")} | {"cause": cause}
    after = request.args.get("after", "")[:80]
    found = running_chains(g.session, g.viewer, wanted, after=after or None, limit=_CHAINS + 1)
    chains = found[:_CHAINS]
    following = place_of(chains[-1]) if len(found) > _CHAINS else ""
    return {
        "may_see_shift": g.viewer.holds(*STEERING),
        "chains": chains,
        "counts": counts(g.session, g.viewer),
        "asked": kept,
        "is_filtered": any(kept.values()),
        "board_url": address(f"{_HERE}/board", {**kept, "after": after}),
        "next_url": address(_HERE, {**kept, "after": following}) if following else None,
        "first_url": address(_HERE, kept) if after else None,
        "way": _way_to(kept),
    }


def _way_to(kept: dict[str, str]) -> Callable[[str, str], str]:
    """How a filter is set beside the others; the one that is chosen leads back to all."""

    def way(field: str, value: str) -> str:
        return address(_HERE, {**kept, field: "" if kept[field] == value else value})

    return way


def _fired() -> ResponseReturnValue:
    levels = fired_lately(g.session, g.viewer, now=g.now)
    work = latest_work(g.session, g.viewer, {one.ticket_id for one in levels})
    return render_template("supervisor/escalations.html", tab="fired", levels=levels, work=work)


def _history() -> ResponseReturnValue:
    given = asked()
    page = history(g.session, g.viewer, ledger_filter(given), after=request.args.get("after"))
    kept = {**given, "tab": "history"}
    return render_template(
        "supervisor/escalations.html",
        tab="history",
        levels=page.levels,
        work=latest_work(g.session, g.viewer, {one.ticket_id for one in page.levels}),
        asked=given,
        is_filtered=any(given.values()),
        all_units=unit_options(),
        highest_level=HIGHEST_LEVEL,
        clocks=list(ClockKind),
        results=_RESULTS,
        next_url=address(_HERE, {**kept, "after": page.next}) if page.next else None,
        first_url=address(_HERE, kept) if request.args.get("after") else None,
        download_url=address(f"{_HERE}.csv", given),
    )
