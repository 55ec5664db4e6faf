"""A sheet that people count in (XLSX): texts, numbers and instants as such, and nothing that a program would run.

Texts are kept as texts, marked as quoted where they begin as a formula does, so that they stay texts when edited.
"""

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.sax.saxutils import escape

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Cell = str | int | datetime | None

PLAIN, HEADING, INSTANT, QUOTED, TITLE, TOTAL, WRONG = range(7)
# What is typed below a heading stays as it is typed, noughts before a number too.
_TYPED = 7
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")
# XML 1.0 has no place for these.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_LONGEST = 32_767
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - instants of a sheet have no zone
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"


@dataclass(frozen=True, slots=True)
class SheetRow:
    """Cells from the first column on; `style` is one of the above for all of them, None leaves it to each.

    `wrong` are the columns, counted from 0, that are marked.
    """

    cells: Sequence[Cell]
    style: int | None = None
    wrong: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class DropDown:
    """A column, counted from 0, offers what stands in these cells; `is_binding`: and takes nothing else."""

    column: int
    cells: str
    is_binding: bool


@dataclass(frozen=True, slots=True)
class Sheet:
    """`widths` are in letters; with `typed_rows` so many rows are prepared for people to type in."""

    name: str
    rows: Iterable[SheetRow]
    widths: Sequence[float]
    frozen_rows: int = 0
    drop_downs: Sequence[DropDown] = ()
    typed_rows: int = 0


def as_xlsx(name: str, rows: Iterable[SheetRow], *, widths: Sequence[float], frozen_rows: int) -> bytes:
    """One sheet; instants are the wall clock's and must have no zone, `widths` are in letters."""
    return as_workbook([Sheet(name, rows, widths, frozen_rows)])


def as_workbook(sheets: Sequence[Sheet]) -> bytes:
    """The same sheets make the same bytes."""
    names = [_sheet_name(sheet.name) for sheet in sheets]
    targets = [f"worksheets/sheet{number}.xml" for number in range(1, len(sheets) + 1)]
    linked = [part for target in targets for part in ("worksheet", target)]
    files = {
        "[Content_Types].xml": _types(targets),
        "_rels/.rels": _links("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": _workbook(names),
        "xl/_rels/workbook.xml.rels": _links(*linked, "styles", "styles.xml"),
        "xl/styles.xml": _STYLES,
        **{f"xl/{target}": _sheet(sheet) for target, sheet in zip(targets, sheets, strict=True)},
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            # Without the instant of writing: the same rows make the same bytes.
            member = zipfile.ZipInfo(path)
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + content)
    return packed.getvalue()


def cells_of_column(sheet: str, column: int, count: int) -> str:
    """How a drop-down names the cells below the heading of a column, counted from 0."""
    letters = _letters(column)
    return f"'{_sheet_name(sheet)}'!${letters}$2:${letters}${max(count, 1) + 1}"


def _sheet(sheet: Sheet) -> str:
    lines = [_row(number, row) for number, row in enumerate(sheet.rows, start=1)]
    typed = f' style="{_TYPED}"' if sheet.typed_rows else ""
    columns = "".join(
        f'<col min="{n}" max="{n}" width="{width:g}" customWidth="1"{typed}/>'
        for n, width in enumerate(sheet.widths, start=1)
    )
    frozen = sheet.frozen_rows
    pane = (
        f'<pane ySplit="{frozen}" topLeftCell="A{frozen + 1}" activePane="bottomLeft" state="frozen"/>'
        if frozen
        else ""
    )
    return (
        f'<worksheet xmlns="{_MAIN}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
        f'<sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews><cols>{columns}</cols>'
        f"<sheetData>{''.join(lines)}</sheetData>{_drop_downs(sheet)}"
        '<pageSetup paperSize="9" orientation="landscape" fitToWidth="1" fitToHeight="0"/></worksheet>'
    )


def _drop_downs(sheet: Sheet) -> str:
    if not sheet.drop_downs:
        return ""
    told = "".join(
        f'<dataValidation type="list" allowBlank="1" showErrorMessage="{int(one.is_binding)}" '
        f'sqref="{_letters(one.column)}2:{_letters(one.column)}{sheet.typed_rows + 1}">'
        f"<formula1>{escape(one.cells)}</formula1></dataValidation>"
        for one in sheet.drop_downs
    )
    return f'<dataValidations count="{len(sheet.drop_downs)}">{told}</dataValidations>'


def _row(number: int, row: SheetRow) -> str:
    cells = "".join(
        _cell(f"{_letters(column)}{number}", cell, WRONG if column in row.wrong else row.style)
        for column, cell in enumerate(row.cells)
    )
    return f'<row r="{number}">{cells}</row>'


def _cell(place: str, cell: Cell, style: int | None) -> str:
    if cell is None or cell == "":
        return f'<c r="{place}" s="{WRONG}"/>' if style == WRONG else ""
    if isinstance(cell, datetime):
        days = (cell - _EPOCH).total_seconds() / 86_400
        return f'<c r="{place}" s="{INSTANT}"><v>{days:.10f}</v></c>'
    if isinstance(cell, int):
        return f'<c r="{place}" s="{style or PLAIN}"><v>{cell}</v></c>'
    words = escape(_UNWRITABLE.sub("", cell)[:_LONGEST])
    chosen = style if style is not None else QUOTED if _FORMULA.match(cell) else PLAIN
    return f'<c r="{place}" s="{chosen}" t="inlineStr"><is><t xml:space="preserve">{words}</t></is></c>'


def _letters(column: int) -> str:
    """A for 0, Z for 25, AA for 26."""
    return (_letters(column // 26 - 1) if column >= 26 else "") + chr(ord("A") + column % 26)


def _types(targets: Sequence[str]) -> str:
    parts = [("sheet.main", "/xl/workbook.xml"), ("styles", "/xl/styles.xml")]
    parts += [("worksheet", f"/xl/{target}") for target in targets]
    listed = "".join(f'<Override PartName="{path}" ContentType="{_KIND}.{kind}+xml"/>' for kind, path in parts)
    links = "application/vnd.openxmlformats-package.relationships+xml"
    return (
        f'<Types xmlns="{_TYPES}"><Default Extension="rels" ContentType="{links}"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{listed}</Types>'
    )


def _links(*kinds_and_targets: str) -> str:
    pairs = zip(kinds_and_targets[::2], kinds_and_targets[1::2], strict=True)
    listed = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(pairs, start=1)
    )
    return f'<Relationships xmlns="{_LINKS}">{listed}</Relationships>'


def _sheet_name(name: str) -> str:
    """At most thirty-one letters and none of these."""
    return re.sub(r"[\\/*?:\[\]']", " ", name)[:31]


def _workbook(names: Sequence[str]) -> str:
    listed = "".join(
        f'<sheet name="{escape(name, {chr(34): "&quot;"})}" sheetId="{n}" r:id="rId{n}"/>'
        for n, name in enumerate(names, start=1)
    )
    return f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{listed}</sheets></workbook>'


_FACE = '<name val="Arial"/><family val="2"/>'
_FORM = 'fontId="{font}" fillId="0" borderId="{border}" xfId="0" applyAlignment="1"'
_MARKED = _FORM.format(font=0, border=1).replace('fillId="0"', 'fillId="2" applyFill="1"')
_WRAPPED = '<alignment vertical="top" wrapText="1"/>'
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><numFmts count="1">'
    '<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd hh:mm"/></numFmts>'
    f'<fonts count="3"><font><sz val="9"/>{_FACE}</font><font><b/><sz val="9"/>{_FACE}</font>'
    f'<font><b/><sz val="13"/>{_FACE}</font></fonts>'
    '<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '<fill><patternFill patternType="solid"><fgColor rgb="FFFFC7CE"/><bgColor indexed="64"/></patternFill></fill>'
    '</fills><borders count="2"><border/><border><left style="thin"/><right style="thin"/><top style="thin"/>'
    '<bottom style="thin"/></border></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="8">'
    f'<xf numFmtId="0" {_FORM.format(font=0, border=1)}>{_WRAPPED}</xf>'
    f'<xf numFmtId="0" {_FORM.format(font=1, border=1)}>{_WRAPPED}</xf>'
    f'<xf numFmtId="164" applyNumberFormat="1" {_FORM.format(font=0, border=1)}>{_WRAPPED}</xf>'
    f'<xf numFmtId="49" quotePrefix="1" {_FORM.format(font=0, border=1)}>{_WRAPPED}</xf>'
    f'<xf numFmtId="0" {_FORM.format(font=2, border=0)}/>'
    f'<xf numFmtId="0" {_FORM.format(font=1, border=0)}/>'
    f'<xf numFmtId="49" {_MARKED}>{_WRAPPED}</xf>'
    f'<xf numFmtId="49" applyNumberFormat="1" {_FORM.format(font=0, border=0)}/>'
    '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
