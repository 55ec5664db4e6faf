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

Cell = str | int | datetime | None

PLAIN, HEADING, INSTANT, QUOTED, TITLE, TOTAL = range(6)
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
    """Cells from the first column on; `style` is one of the above for all of them, None leaves it to each."""

    cells: Sequence[Cell]
    style: int | None = None


def as_xlsx(name: str, rows: Iterable[SheetRow], *, widths: Sequence[float], frozen_rows: int) -> bytes:
    """One sheet; instants are the wall clock's and must have no zone, `widths` are in letters."""
    lines = [_row(number, row) for number, row in enumerate(rows, start=1)]
    columns = "".join(
        f'<col min="{n}" max="{n}" width="{width:g}" customWidth="1"/>' for n, width in enumerate(widths, start=1)
    )
    pane = f'<pane ySplit="{frozen_rows}" topLeftCell="A{frozen_rows + 1}" activePane="bottomLeft" state="frozen"/>'
    sheet = (
        f'<worksheet xmlns="{_MAIN}"><sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
        f'<sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews><cols>{columns}</cols>'
        f"<sheetData>{''.join(lines)}</sheetData>"
        '<pageSetup paperSize="9" orientation="landscape" fitToWidth="1" fitToHeight="0"/></worksheet>'
    )
    files = {
        "[Content_Types].xml": _types(),
        "_rels/.rels": _links("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": _workbook(name),
        "xl/_rels/workbook.xml.rels": _links("worksheet", "worksheets/sheet1.xml", "styles", "styles.xml"),
        "xl/styles.xml": _STYLES,
        "xl/worksheets/sheet1.xml": sheet,
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            # Without the instant of writing: the same rows make the same bytes.
            member = zipfile.ZipInfo(path)
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n' + content)
    return packed.getvalue()


def _row(number: int, row: SheetRow) -> str:
    cells = "".join(_cell(f"{_letters(column)}{number}", cell, row.style) for column, cell in enumerate(row.cells))
    return f'<row r="{number}">{cells}</row>'


def _cell(place: str, cell: Cell, style: int | None) -> str:
    if cell is None or cell == "":
        return ""
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


def _types() -> str:
    parts = {"workbook": "/xl/workbook.xml", "worksheet": "/xl/worksheets/sheet1.xml", "styles": "/xl/styles.xml"}
    listed = "".join(
        f'<Override PartName="{path}" ContentType="{_KIND}.{"sheet.main" if kind == "workbook" else kind}+xml"/>'
        for kind, path in parts.items()
    )
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


def _workbook(name: str) -> str:
    # A name of a sheet has at most thirty-one letters and none of these.
    safe = escape(re.sub(r"[\\/*?:\[\]']", " ", name)[:31], {'"': "&quot;"})
    return (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="{safe}" sheetId="1" r:id="rId1"/></sheets>'
        "</workbook>"
    )


_FACE = '<name val="Arial"/><family val="2"/>'
_FORM = 'fontId="{font}" fillId="0" borderId="{border}" xfId="0" applyAlignment="1"'
_WRAPPED = '<alignment vertical="top" wrapText="1"/>'
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><numFmts count="1">'
    '<numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd hh:mm"/></numFmts>'
    f'<fonts count="3"><font><sz val="9"/>{_FACE}</font><font><b/><sz val="9"/>{_FACE}</font>'
    f'<font><b/><sz val="13"/>{_FACE}</font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="2"><border/><border><left style="thin"/><right style="thin"/><top style="thin"/>'
    '<bottom style="thin"/></border></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="6">'
    f'<xf numFmtId="0" {_FORM.format(font=0, border=1)}>{_WRAPPED}</xf>'
    f'<xf numFmtId="0" {_FORM.format(font=1, border=1)}>{_WRAPPED}</xf>'
    f'<xf numFmtId="164" applyNumberFormat="1" {_FORM.format(font=0, border=1)}>{_WRAPPED}</xf>'
    f'<xf numFmtId="49" quotePrefix="1" {_FORM.format(font=0, border=1)}>{_WRAPPED}</xf>'
    f'<xf numFmtId="0" {_FORM.format(font=2, border=0)}/>'
    f'<xf numFmtId="0" {_FORM.format(font=1, border=0)}/>'
    '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)
