"""The month of a unit: a row a day, a column a post, with everybody who is on duty; and the form for a further turn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

from flask import Response, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app.web.frame.access import signed_in
from app.web.frame.current import settings, today
from app.web.frame.menu import in_menu
from app.web.pieces.names import in_locale
from app.web.pieces.typed_forms import typed_form
from app.web.rota.blueprint import ON_THE_ROTA, blueprint, may_plan, units_to_see
from app.web.rota.days import midnight_of, next_month
from escalation.queries.rota_gaps import gaps_ahead
from tickets.directory.absences import leave_of
from tickets.directory.on_call import posts_of
from tickets.directory.shifts import DutyTurn, turns_at
from tickets.directory.staff import people_at
from tickets.directory.standing import Reachable
from tickets.directory.standing_rows import load_standing
from tickets.errors import NotFound
from tickets.people.roles import SEEING
from tickets.schema import Post
from tickets.states import DraftForm
from tickets.typed_text import typed_number

HERE = "/rota"
_NOON = time(12)
_YEARS = range(2020, 2100)


@dataclass(frozen=True, slots=True)
class RotaDay:
    """A day of the month with the turns of each post that begin on it or still run at its noon."""

    day: date
    turns: Mapping[int, Sequence[DutyTurn]]


@blueprint.get(HERE)
@in_menu(_l("Duty rota"), order=4, icon="calendar", hotkey="g r")
@signed_in(*ON_THE_ROTA)
def month() -> ResponseReturnValue:
    return month_page()


def month_page(*, errors: Mapping[str, str] | None = None, status: int = 200) -> Response:
    """The unit and month that the address or the refused form names, with what was typed."""
    asked = {**request.args, **request.form}
    units = units_to_see()
    unit_id = _unit(asked.get("unit", ""), [unit_id for unit_id, _name in units])
    first = _month(asked.get("month", ""))
    posts = posts_of(g.session, unit_id)
    turns = turns_at(g.session, unit_id, from_at=midnight_of(first), to_at=midnight_of(next_month(first)))
    page = render_template(
        "rota/month.html",
        unit_id=unit_id,
        units=units,
        first=first,
        earlier=way(unit_id, (first - timedelta(days=1)).replace(day=1)),
        later=way(unit_id, next_month(first)),
        posts=posts,
        columns=[post for post in posts if any(turn.post_id == post.id for turn in turns)],
        days=_days(first, turns),
        today=today(),
        shown_from=_still_running(turns),
        standing=_standing_now(unit_id, posts),
        away=leave_of(g.session, {turn.staff_id for turn in turns}, from_at=midnight_of(first)),
        gaps=gaps_ahead(g.session, unit_ids=[unit_id], now=g.now),
        may_plan=may_plan(unit_id),
        turn_form=typed_form(DraftForm.TURN, unit_id),
        errors=errors or {},
        **choices_of(unit_id, posts),
    )
    return Response(page, status, mimetype="text/html")


def choices_of(unit_id: int, posts: Sequence[Post]) -> dict[str, list[tuple[int, str]]]:
    """Posts and people to choose from for a turn at the unit."""
    people = {one.staff.id: one.staff.name for one in people_at(g.session, [unit_id], roles=SEEING, now=g.now)}
    return {
        "post_options": [(post.id, in_locale(post.name, post.name_en)) for post in posts],
        "people_options": list(people.items()),
    }


def way(unit_id: int, first: date) -> str:
    return f"{HERE}?{urlencode({'unit': unit_id, 'month': first.isoformat()[:7]})}"


def _unit(asked: str, unit_ids: list[int]) -> int:
    """The unit that is asked for, else one's own, else the first. Raises NotFound where there is none to see."""
    if not unit_ids:
        raise NotFound("unit", asked)
    if asked:
        wanted = typed_number(asked)
        if wanted not in unit_ids:
            raise NotFound("unit", asked)
        return wanted
    own = [held.unit_id for held in g.viewer.held if held.unit_id in unit_ids]
    return own[0] if own else unit_ids[0]


def _month(asked: str) -> date:
    try:
        first = date.fromisoformat(f"{asked}-01")
    except ValueError:
        return today().replace(day=1)
    return first if first.year in _YEARS else today().replace(day=1)


def _days(first: date, turns: Sequence[DutyTurn]) -> list[RotaDay]:
    days = [first + timedelta(days=number) for number in range((next_month(first) - first).days)]
    return [RotaDay(day, _by_post([turn for turn in turns if _is_of(turn, day)])) for day in days]


def _still_running(turns: Sequence[DutyTurn]) -> date:
    """Today, or yesterday while its night goes on: whoever is on duty now is not among the days that are over."""
    yesterday = today() - timedelta(days=1)
    running = [turn for turn in turns if turn.starts_at <= g.now < turn.ends_at]
    return yesterday if any(_is_of(turn, yesterday) and not _is_of(turn, today()) for turn in running) else today()


def _is_of(turn: DutyTurn, day: date) -> bool:
    noon = datetime.combine(day, _NOON, settings().zone)
    return turn.starts_at.astimezone(settings().zone).date() == day or turn.starts_at < noon < turn.ends_at


def _by_post(turns: Sequence[DutyTurn]) -> dict[int, list[DutyTurn]]:
    found: dict[int, list[DutyTurn]] = {}
    for turn in turns:
        found.setdefault(turn.post_id, []).append(turn)
    return found


def _standing_now(unit_id: int, posts: Sequence[Post]) -> list[tuple[Post, list[Reachable]]]:
    """Who would be told for each post if something fell due now, in the order of trying, by firing's own rule."""
    standing = load_standing(g.session, posts=[post.code for post in posts], unit_ids=[unit_id], now=g.now)
    return [
        (post, [one for one in standing.at([post.code], unit_id=unit_id, field="") if one.post_id == post.id])
        for post in posts
    ]
