"""The poster of an office for its wall: its line, address and hours, and a code that leads to its page; A4, PDF."""

import segno
from flask import Blueprint, Response, g
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.paper.pages import A4_HIGH, PrintedPage, as_pdf, wrapped
from app.web.frame.access import public
from app.web.frame.current import settings, today
from app.web.frame.limits import limiter
from app.web.pieces.names import in_locale
from app.wording.locale import chosen_locale
from tickets.city import city
from tickets.directory.lines import DialledLine
from tickets.directory.public_entries import PublicOffice, public_entry
from tickets.directory.units import unit_named
from tickets.errors import NotFound
from tickets.people.phones import readable_phone

blueprint = Blueprint("poster", __name__)

_MARGIN = 56.0
_CODE_WIDTH, _LEAST_CODE = 230.0, 90.0


@blueprint.get("/directory/<code>/poster.pdf")
@public
@limiter.limit("30 per minute")
def poster(code: str) -> ResponseReturnValue:
    """A page for each of the unit's one-stop offices."""
    if not code.isalnum() or len(code) > 40:
        raise NotFound("unit", code)
    unit = unit_named(g.session, code, on=today())
    entry = public_entry(g.session, unit.id, on=today())
    if not entry.offices:
        raise NotFound("office", code)
    address = f"{settings().base_url}/directory/{code}"
    pages = [_page(one, [line for line in entry.lines if line.office_id == one.id], address) for one in entry.offices]
    title = _("Hotline of %(unit)s", unit=in_locale(unit.name, unit.name_en))
    pdf = as_pdf(pages, title=title, language=chosen_locale())
    answer = Response(pdf, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="poster-{code}.pdf"'
    return answer


def _page(office: PublicOffice, lines: list[DialledLine], address: str) -> PrintedPage:
    page = PrintedPage(*A4_HIGH)
    middle, y = page.width / 2, 84.0
    page.write_middle(middle, y, in_locale(city().name, city().name_en).upper(), size=16, bold=True)
    y = _block(page, y + 44, in_locale(office.name, office.name_en), size=24, bold=True)
    page.line(_MARGIN, y + 8, page.width - _MARGIN, y + 8, thick=1)
    y += 52
    if lines:
        page.write_middle(middle, y, _("Hotline, day and night"), size=18)
        for line in lines[:2]:
            y += 58
            page.write_middle(middle, y, readable_phone(line.phone), size=44, bold=True)
    if office.address:
        y = _block(page, y + 44, _("Address: %(address)s", address=office.address), size=16)
    if office.opening_hours:
        y = _block(page, y + 28, _("Opening hours: %(hours)s", hours=office.opening_hours), size=16)
    y += 24
    # What is long above leaves the code less room, and never the foot.
    width = max(_LEAST_CODE, min(_CODE_WIDTH, page.height - 110 - y))
    _code(page, middle - width / 2, y, width, address)
    words = _("Scan to report, to follow a request, and to see the procedures.")
    _block(page, y + width + 28, words, size=14)
    page.write_middle(middle, page.height - 40, address, size=10)
    return page


def _block(page: PrintedPage, y: float, words: str, *, size: float, bold: bool = False) -> float:
    """Lines around the middle; where the last one stands."""
    for number, line in enumerate(wrapped(words, page.width - 2 * _MARGIN, size=size, bold=bold)[:4]):
        y += size * 1.3 if number else 0
        page.write_middle(page.width / 2, y, line, size=size, bold=bold)
    return y


def _code(page: PrintedPage, x: float, y: float, width: float, address: str) -> None:
    """The squares of the code, each row's neighbours drawn as one bar, so that no printer leaves a seam."""
    rows = list(segno.make(address, error="m").matrix_iter(border=0))
    step = width / len(rows)
    for number, row in enumerate(rows):
        start = None
        for place, dark in enumerate([*row, 0]):
            if dark and start is None:
                start = place
            elif not dark and start is not None:
                page.bar(x + start * step, y + number * step, (place - start) * step, step)
                start = None
