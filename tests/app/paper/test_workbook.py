"""A sheet that people count in: numbers and instants are such, and no text is ever run."""

import io
import zipfile
from datetime import datetime
from xml.etree import ElementTree

import pytest

from app.paper.workbook import HEADING, QUOTED, SheetRow, as_xlsx

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def cells(content: bytes) -> dict[str, ElementTree.Element]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            ElementTree.fromstring(archive.read(name))
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    return {cell.get("r"): cell for cell in sheet.iter(f"{MAIN}c")}


def made(*rows: SheetRow) -> dict[str, ElementTree.Element]:
    return cells(as_xlsx("Sổ [11/2026]", rows, widths=[5, 20], frozen_rows=1))


def test_a_number_is_a_number_and_an_instant_an_instant_of_the_wall():
    found = made(SheetRow(["STT", "Lúc"], HEADING), SheetRow([7, datetime(2026, 11, 23, 18, 0)]))

    assert found["A2"].get("t") is None and found["A2"].find(f"{MAIN}v").text == "7"
    assert float(found["B2"].find(f"{MAIN}v").text) == 46349.75


@pytest.mark.parametrize("words", ["=1+1", "+84901234567", "-2", "@SUM(A1)", " =x", "＝1", "\t=1"])
def test_what_begins_as_a_formula_is_a_quoted_text(words):
    found = made(SheetRow([words]))

    assert found["A1"].get("t") == "inlineStr"
    assert found["A1"].get("s") == str(QUOTED)
    assert found["A1"].find(f"{MAIN}is/{MAIN}t").text == words
    assert list(found["A1"].iter(f"{MAIN}f")) == []


def test_letters_that_a_sheet_cannot_hold_are_left_out_and_marks_of_its_language_are_words():
    found = made(SheetRow(["Sài\x00 <Gòn> & “ông bà”\x1f"]))

    assert found["A1"].find(f"{MAIN}is/{MAIN}t").text == "Sài <Gòn> & “ông bà”"


def test_the_twenty_seventh_column_is_aa():
    assert list(made(SheetRow([1] * 28)))[-3:] == ["Z1", "AA1", "AB1"]
