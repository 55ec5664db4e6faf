"""Promises kept, for everybody to see: by body, over thirty whole days, as they were counted the night after."""

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, g, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.web.frame.access import public
from app.web.pieces.csv_answer import csv_answer
from app.wording.locale import chosen_locale
from app.wording.spoken_numbers import percent_phrase
from tickets.promises.figures import Kept
from tickets.promises.published import PUBLISHED_DAYS, PUBLISHED_KINDS, first_day, published
from tickets.states import ClockKind

blueprint = Blueprint("performance", __name__)

# Fewer could tell a neighbour how somebody's own matter went.
LEAST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Share:
    """How often a promise was kept; both are None where too few were due to be shown."""

    counted: int | None
    share: float | None


@dataclass(frozen=True, slots=True)
class BodyRow:
    code: str | None
    name: str
    first: Share
    resolve: Share


@blueprint.get("/performance")
@public
def table() -> ResponseReturnValue:
    rows, whole, last = _rows()
    shown = [row for row in rows if row.first.counted is not None or row.resolve.counted is not None]
    return render_template(
        "public/performance.html",
        rows=shown,
        hidden=len(rows) - len(shown),
        whole=whole,
        days=PUBLISHED_DAYS,
        least=LEAST_SHOWN,
        first=first_day(last),
        last=last,
    )


@blueprint.get("/performance.csv")
@public
def download() -> ResponseReturnValue:
    rows, _whole, last = _rows()
    headings = [
        _("Unit code"),
        _("Authority"),
        _("First answers due"),
        _("First answers on time"),
        _("Requests due"),
        _("Requests settled on time"),
    ]
    lines = (
        (row.code or "", row.name, row.first.counted, _percent(row.first), row.resolve.counted, _percent(row.resolve))
        for row in rows
    )
    return csv_answer(f"promises-kept-{last:%Y-%m-%d}.csv", headings, lines)


def _rows() -> tuple[list[BodyRow], dict[ClockKind, Share], date]:
    """A row a body, the whole city's shares, and the last day of them."""
    last, kept = published(g.session, now=g.now)
    by_unit: dict[int, dict[ClockKind, Kept]] = {}
    for one in kept:
        by_unit.setdefault(one.unit_id, {})[one.kind] = one
    locale = chosen_locale()
    rows = []
    for kinds in by_unit.values():
        one = next(iter(kinds.values()))
        name = one.unit_name_en if locale == "en" else one.unit_name
        first, settled = _share(kinds.get(ClockKind.FIRST)), _share(kinds.get(ClockKind.RESOLVE))
        rows.append(BodyRow(one.unit_code, name, first, settled))
    whole = {
        kind: _of(sum(k.met for k in kept if k.kind is kind), sum(k.counted for k in kept if k.kind is kind))
        for kind in PUBLISHED_KINDS
    }
    return rows, whole, last


def _share(kept: Kept | None) -> Share:
    return _of(kept.met, kept.counted) if kept else Share(None, None)


def _of(met: int, counted: int) -> Share:
    return Share(counted, met / counted) if counted >= LEAST_SHOWN else Share(None, None)


def _percent(share: Share) -> str | None:
    return None if share.share is None else percent_phrase(share.share, 1)
