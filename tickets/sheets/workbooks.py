"""Workbooks (XLSX) read with nothing run, nothing fetched and nothing unpacked that would not fit into memory."""

import re
import unicodedata
import zipfile
from collections.abc import Iterator
from io import BytesIO
from posixpath import join, normpath
from xml.parsers.expat import ExpatError

from tickets.sheets.grid import Grid, GridRow, NotATable
from tickets.sheets.workbook_cells import SheetReader, StyleReader, TextReader, read_part

# What a part may unpack to, and how many times its size: a bomb is a thousand times.
_MOST_UNPACKED = 400_000_000
_MOST_TIMES = 300
_SMALL = 2_000_000
_RELATIONS = re.compile(r"<(?:\w+:)?Relationship\b([^>]*)")
_SHEET = re.compile(r"<(?:\w+:)?sheet\b([^>]*)")
_ATTRIBUTE = re.compile(r'([\w:]+)\s*=\s*(?:"([^"]*)"|\'([^\']*)\')')


def grids_of_workbook(raw: bytes) -> Iterator[Grid]:
    """Its sheets that people see, in their order. Raises NotATable."""
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            _refuse_bombs(archive)
            yield from _grids(archive)
    except (zipfile.BadZipFile, ExpatError, KeyError, UnicodeDecodeError, NotImplementedError, RuntimeError) as wrong:
        raise NotATable("broken_workbook") from wrong


def _refuse_bombs(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    if sum(part.file_size for part in parts) > _MOST_UNPACKED or len(parts) > 5000:
        raise NotATable("too_large_unpacked")
    for part in parts:
        if part.file_size > _SMALL and part.file_size > _MOST_TIMES * max(part.compress_size, 1):
            raise NotATable("too_large_unpacked", part.filename)


def _grids(archive: zipfile.ZipFile) -> Iterator[Grid]:
    names = set(archive.namelist())
    if "xl/workbook.xml" not in names:
        raise NotATable("other_zip")
    links = _links(archive)
    texts = TextReader()
    if (shared := _of_kind(links, "sharedStrings")) in names:
        read_part(archive, shared, texts)
    styles = StyleReader()
    if (styled := _of_kind(links, "styles")) in names:
        read_part(archive, styled, styles)
    book = _read(archive, "xl/workbook.xml")
    since_1904 = re.search(r'date1904\s*=\s*["\'](1|true)', book) is not None
    for sheet in map(_attributes, _SHEET.findall(book)):
        target = links.get(sheet.get("id", ""), ("", ""))[1]
        if sheet.get("state", "visible") != "visible" or target not in names:
            continue
        reader = SheetReader(texts.found, styles.dated, since_1904=since_1904)
        read_part(archive, target, reader)
        rows = [GridRow(number, [_clean(cell) for cell in cells]) for number, cells in reader.rows]
        yield Grid(rows, "xlsx", sheet=sheet.get("name", ""))


def _links(archive: zipfile.ZipFile) -> dict[str, tuple[str, str]]:
    """By the id under which the workbook names a part: its kind and its path."""
    found = {}
    for told in map(_attributes, _RELATIONS.findall(_read(archive, "xl/_rels/workbook.xml.rels"))):
        target = told.get("Target", "")
        path = target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))
        found[told.get("Id", "")] = told.get("Type", "").rpartition("/")[2], path
    return found


def _of_kind(links: dict[str, tuple[str, str]], kind: str) -> str:
    return next((path for one, path in links.values() if one == kind), "")


def _read(archive: zipfile.ZipFile, name: str) -> str:
    text = archive.read(name).decode("utf-8-sig")
    if "<!DOCTYPE" in text:
        raise NotATable("xml_entities", name)
    return text


def _attributes(text: str) -> dict[str, str]:
    """By their names without prefixes."""
    plain = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'"}
    found = {}
    for name, double, single in _ATTRIBUTE.findall(text):
        value = double or single
        for written, meant in plain.items():
            value = value.replace(written, meant)
        found[name.rpartition(":")[2]] = value
    return found


def _clean(cell: str) -> str:
    return unicodedata.normalize("NFC", cell).strip() if not cell.isascii() else cell.strip()
