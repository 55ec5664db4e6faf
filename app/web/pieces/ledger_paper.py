"""A month of the ledger as it is filed: numbered, with totals and lines to sign; pages (PDF) and a sheet (XLSX)."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from flask_babel import gettext as _

from app.paper.pages import A4_WIDE, PrintedPage, as_pdf, wrapped
from app.paper.workbook import HEADING, TITLE, TOTAL, Cell, SheetRow, as_xlsx
from app.web.pieces.ledger_file import headings, in_words
from app.web.pieces.names import in_locale
from app.wording.locale import chosen_locale
from escalation.queries.raised import Raised
from tickets.city import city, zone

_MARGIN = 34.0
_TEXT, _STEP, _PADDING = 6.8, 8.4, 2.5
# Of what the ledger says of a level: its place among `headings`, and the width of its column in points.
_COLUMNS = (
    (0, 56.0), (1, 86.0), (2, 84.0), (3, 58.0), (4, 26.0), (5, 52.0), (6, 52.0), (8, 62.0), (9, 104.0), (10, 52.0),
    (12, 52.0), (15, 66.0),
)  # fmt: skip
_NUMBER_WIDTH = 24.0
_LONGEST_CELL = 400
_SHEET_WIDTHS = (5, 15, 26, 26, 18, 7, 16, 16, 16, 18, 34, 18, 18, 16, 22, 14, 40, 16, 10, 10, 70)


def month_pdf(levels: Sequence[Raised], *, month: str) -> bytes:
    """The levels in the order in which they were raised; `month` is as people write it."""
    book = _Book()
    book.begin()
    y = _head(book.page, month)
    y = _titles(book.page, y)
    for number, one in enumerate(levels, start=1):
        said = in_words(one)
        cells = [wrapped(_short(said[place]), width - 2 * _PADDING, size=_TEXT) for place, width in _COLUMNS]
        tall = max(len(lines) for lines in cells) * _STEP + 2 * _PADDING
        if y + tall > book.page.height - _MARGIN:
            book.begin()
            y = _titles(book.page, _MARGIN)
        y = _line(book.page, y, tall, str(number), cells)
    _end(book, y, levels)
    return as_pdf(book.numbered(), title=_title(month), language=chosen_locale())


class _Book:
    """The pages so far; the last is written on."""

    def __init__(self) -> None:
        self.pages: list[PrintedPage] = []

    def begin(self) -> None:
        self.pages.append(PrintedPage(*A4_WIDE))

    @property
    def page(self) -> PrintedPage:
        return self.pages[-1]

    def numbered(self) -> list[PrintedPage]:
        for number, page in enumerate(self.pages, start=1):
            words = _("Page %(number)d of %(count)d", number=number, count=len(self.pages))
            page.write_middle(page.width / 2, page.height - 16, words, size=7)
        return self.pages


def _title(month: str) -> str:
    return _("Ledger of reports to higher levels, month %(month)s", month=month)


def _head(page: PrintedPage, month: str) -> float:
    """As an official document begins: who issues it, the name of the country and its motto; then what it is."""
    left, right = _MARGIN + 150, page.width - _MARGIN - 190
    name = in_locale(city().name, city().name_en)
    page.write_middle(left, 46, _("PEOPLE'S COMMITTEE"), size=9)
    page.write_middle(left, 58, name.upper(), size=9, bold=True)
    page.write_middle(right, 46, _("SOCIALIST REPUBLIC OF VIET NAM"), size=9, bold=True)
    page.write_middle(right, 58, _("Independence - Freedom - Happiness"), size=9, bold=True)
    page.line(right - 70, 62, right + 70, 62)
    page.write_middle(page.width / 2, 88, _title(month).upper(), size=12, bold=True)
    return 100.0


def _titles(page: PrintedPage, y: float) -> float:
    names = headings()
    cells = [wrapped(names[place], width - 2 * _PADDING, size=_TEXT, bold=True) for place, width in _COLUMNS]
    tall = max(len(lines) for lines in cells) * _STEP + 2 * _PADDING
    return _line(page, y, tall, _("No."), cells, bold=True)


def _line(
    page: PrintedPage, y: float, tall: float, number: str, cells: Sequence[Sequence[str]], *, bold: bool = False
) -> float:
    """One line of the table with its frame; where the next one begins."""
    x = _MARGIN
    for width, lines in zip((_NUMBER_WIDTH, *(wide for _place, wide in _COLUMNS)), ([number], *cells), strict=True):
        page.line(x, y, x, y + tall)
        for place, words in enumerate(lines, start=1):
            page.write(x + _PADDING, y + place * _STEP, words, size=_TEXT, bold=bold)
        x += width
    page.line(x, y, x, y + tall)
    for edge in (y, y + tall):
        page.line(_MARGIN, edge, x, edge)
    return y + tall


def _end(book: _Book, y: float, levels: Sequence[Raised]) -> None:
    """The totals, and where it is signed; together on one page."""
    totals = _totals(levels)
    if y + 30 + len(totals) * 12 + 90 > book.page.height - _MARGIN:
        book.begin()
        y = _MARGIN
    for place, (words, count) in enumerate(totals, start=1):
        book.page.write(_MARGIN, y + 6 + place * 12, f"{words}: {count}", size=8, bold=place == 1)
    y += 24 + len(totals) * 12
    left, right = _MARGIN + 150, book.page.width - _MARGIN - 190
    book.page.write_middle(right, y, _("Date: …… / …… / …………"), size=8)
    for x, who in ((left, _("PREPARED BY")), (right, _("HEAD OF THE UNIT"))):
        book.page.write_middle(x, y + 14, who, size=9, bold=True)
        book.page.write_middle(x, y + 25, _("(signature and full name)"), size=8)


def _totals(levels: Sequence[Raised]) -> list[tuple[str, int]]:
    by_level = Counter(one.level for one in levels)
    return [
        (_("Reports in all"), len(levels)),
        *((_("Of these at level %(level)d", level=level), count) for level, count in sorted(by_level.items())),
        (_("Somebody reached"), sum(one.is_reached for one in levels)),
        (_("Nobody reached"), sum(not one.is_reached for one in levels)),
        (_("Acknowledged"), sum(one.answered is not None for one in levels)),
    ]


def month_xlsx(levels: Sequence[Raised], *, month: str) -> bytes:
    """All that the ledger says of each, with instants as instants of the city's time."""
    rows = [
        SheetRow([_title(month)], TITLE),
        SheetRow([in_locale(city().name, city().name_en)], TOTAL),
        SheetRow([_("No."), *headings()], HEADING),
        *(SheetRow(_sheet_cells(number, one)) for number, one in enumerate(levels, start=1)),
        SheetRow([]),
        *(SheetRow([words, None, None, count], TOTAL) for words, count in _totals(levels)),
        SheetRow([]),
        SheetRow([None, _("PREPARED BY"), *[None] * 8, _("HEAD OF THE UNIT")], TOTAL),
        SheetRow([None, _("(signature and full name)"), *[None] * 8, _("(signature and full name)")], TOTAL),
    ]
    name = _("Ledger %(month)s", month=month)
    return as_xlsx(name, rows, widths=_SHEET_WIDTHS, frozen_rows=3)


def _sheet_cells(number: int, one: Raised) -> list[Cell]:
    cells: list[Cell] = [number, *in_words(one)]
    answer = one.answered
    instants = {
        6: one.due_at, 7: one.fired_at, 13: answer.at if answer else None,
        17: answer.new_due_at if answer else None,
    }  # fmt: skip
    for place, at in instants.items():
        cells[place] = _on_the_wall(at)
    cells[5] = one.level
    return cells


def _on_the_wall(at: datetime | None) -> datetime | None:
    return at.astimezone(zone()).replace(tzinfo=None, second=0, microsecond=0) if at is not None else None


def _short(words: str) -> str:
    return words if len(words) <= _LONGEST_CELL else words[:_LONGEST_CELL].rstrip() + "…"
