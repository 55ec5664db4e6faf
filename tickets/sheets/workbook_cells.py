"""The parts of a workbook, read as they stream by: shared texts, which styles are dates, and the cells of a sheet."""

import re
import zipfile
from datetime import datetime, timedelta
from typing import Protocol
from xml.parsers.expat import ParserCreate, XMLParserType

from tickets.sheets.grid import LONGEST_CELL, MOST_COLUMNS, MOST_ROWS, NotATable

# Formats every program knows by number: days, times, and both.
_DATES = {14, 15, 16, 17, *range(27, 37), *range(50, 59)}
_MOMENTS = {22}
_TIMES = {18, 19, 20, 21, 45, 46, 47}
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_LETTERS = re.compile(r"[A-Z]+")
_EPOCH, _EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001 - a sheet knows no zone
FORMULA_WITHOUT_VALUE = "#VALUE?"


class PartReader(Protocol):
    def start(self, name: str, attributes: dict[str, str]) -> None: ...
    def end(self, name: str) -> None: ...
    def text(self, text: str) -> None: ...


def read_part(archive: zipfile.ZipFile, name: str, reader: PartReader) -> None:
    """Raises NotATable for a part that declares a document type: entities are how small files become large ones."""
    parser: XMLParserType = ParserCreate()
    parser.buffer_text = True

    def refuse(*_declared: object) -> None:
        raise NotATable("xml_entities", name)

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = lambda tag, attributes: reader.start(tag.rpartition(":")[2], attributes)
    parser.EndElementHandler = lambda tag: reader.end(tag.rpartition(":")[2])
    parser.CharacterDataHandler = reader.text
    with archive.open(name) as part:
        parser.ParseFile(part)


class TextReader:
    """Shared texts in their order; what is written above a text to say how it is read aloud is no part of it."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._parts: list[str] = []
        self._in_text = self._in_reading = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "si":
            self._parts = []
        elif name == "t":
            self._in_text = not self._in_reading
        elif name == "rPh":
            self._in_reading = True

    def end(self, name: str) -> None:
        if name == "si":
            self.found.append("".join(self._parts))
        elif name == "t":
            self._in_text = False
        elif name == "rPh":
            self._in_reading = False

    def text(self, text: str) -> None:
        if self._in_text:
            self._parts.append(text)


class StyleReader:
    """Which cell styles show a number as a day or an hour: by the style's number, `date`, `moment` or `time`."""

    def __init__(self) -> None:
        self.dated: dict[int, str] = {}
        self._formats: dict[int, str] = {}
        self._in_cells, self._number = False, 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "numFmt":
            self._formats[int(attributes.get("numFmtId", 0))] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            self._in_cells = True
        elif name == "xf" and self._in_cells:
            if kind := self._kind(int(attributes.get("numFmtId", 0))):
                self.dated[self._number] = kind
            self._number += 1

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self._in_cells = False

    def text(self, text: str) -> None:
        pass

    def _kind(self, number: int) -> str:
        for known, kind in ((_DATES, "date"), (_MOMENTS, "moment"), (_TIMES, "time")):
            if number in known:
                return kind
        code = _QUOTED.sub("", self._formats.get(number, "")).lower()
        if code.startswith("general") or not re.search(r"[dyhs]", code):
            return ""
        if not re.search(r"[dy]", code):
            return "time"
        return "moment" if "h" in code else "date"


class SheetReader:
    """The rows of a sheet that hold something, each with its number."""

    def __init__(self, texts: list[str], dated: dict[int, str], *, since_1904: bool) -> None:
        self.rows: list[tuple[int, list[str]]] = []
        self._texts, self._dated = texts, dated
        self._epoch = _EPOCH_1904 if since_1904 else _EPOCH
        self._row, self._column = 0, -1
        self._cells: list[str] = []
        self._kind, self._style = "n", 0
        self._parts: list[str] = []
        self._reads = self._is_formula = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._begin_cell(attributes)
        elif name in ("v", "t"):
            self._reads = True
        elif name == "f":
            self._is_formula = True
        elif name == "row":
            self._row = int(attributes.get("r") or self._row + 1)
            self._cells, self._column = [], -1
            if self._row > MOST_ROWS:
                raise NotATable("too_many_rows", MOST_ROWS)

    def end(self, name: str) -> None:
        if name in ("v", "t"):
            self._reads = False
        elif name == "c":
            self._end_cell()
        elif name == "row" and any(self._cells):
            self.rows.append((self._row, self._cells))

    def text(self, text: str) -> None:
        if self._reads:
            self._parts.append(text)

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        place = _LETTERS.match(attributes.get("r", ""))
        self._column = _column(place.group()) if place else self._column + 1
        self._kind, self._style = attributes.get("t", "n"), int(attributes.get("s") or 0)
        self._parts, self._is_formula = [], False

    def _end_cell(self) -> None:
        value = self._value("".join(self._parts))
        if not value:
            return
        # Far to the right stand remarks and colours of whole rows: no table of ours is so wide.
        if self._column >= MOST_COLUMNS:
            raise NotATable("too_many_columns", MOST_COLUMNS)
        if len(value) > LONGEST_CELL:
            raise NotATable("too_long", LONGEST_CELL)
        self._cells.extend([""] * (self._column + 1 - len(self._cells)))
        self._cells[self._column] = value

    def _value(self, written: str) -> str:
        if self._is_formula and not written:
            return FORMULA_WITHOUT_VALUE
        if self._kind == "s":
            return self._texts[int(written)] if written else ""
        if self._kind == "b":
            return "true" if written == "1" else "false"
        if self._kind in ("inlineStr", "str", "e", "d"):
            return written
        return _number(written, self._dated.get(self._style, ""), self._epoch) if written else ""


def _column(letters: str) -> int:
    number = 0
    for letter in letters[:4]:
        number = number * 26 + ord(letter) - 64
    return number - 1


def _number(written: str, kind: str, epoch: datetime) -> str:
    """As people see it: a day, an hour, or a number without a nought behind a point that nobody typed."""
    try:
        value = float(written)
    except ValueError:
        return written
    if not kind:
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    try:
        at = epoch + timedelta(seconds=round(value * 86_400))
    except OverflowError:
        return written
    if kind == "time" and value < 1:
        return at.strftime("%H:%M")
    is_day = kind == "date" and (at.hour, at.minute) == (0, 0)
    return at.date().isoformat() if is_day else at.strftime("%Y-%m-%d %H:%M")
