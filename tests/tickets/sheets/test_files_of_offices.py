"""Whatever an office saves a table as, the same rows are read from it; what is no table is named for what it is."""

import io
import unicodedata
import zipfile

import pytest

from app.wording.file_words import file_words
from tickets.sheets.columns import Column, Reads
from tickets.sheets.defusing import as_it_was, safe_cell
from tickets.sheets.table import Table, read_table

COLUMNS = (
    Column("name", needed=True),
    Column("phone", Reads.PHONE),
    Column("from", Reads.DAY),
    Column("alerts", Reads.CHOICES, words="alert"),
)
ROWS = [
    ["Họ và tên", "Số điện thoại", "Từ ngày", "Nhận cảnh báo"],
    ["Nguyễn Thị Hường", "0901 234 567", "02/09/2027", "Tin nhắn, gọi điện"],
]
READ = {"name": "Nguyễn Thị Hường", "phone": "+84901234567", "from": "2027-09-02", "alerts": "sms, call"}


def read(raw: bytes) -> Table:
    return read_table(raw, COLUMNS, file_words("people", tuple(column.key for column in COLUMNS)), {})


def text(separator: str = ",") -> str:
    return "\r\n".join(separator.join(f'"{cell}"' for cell in row) for row in ROWS)


def windows_1258(words: str) -> bytes:
    """As old Vietnamese programs write: the five tones stand behind their letters."""
    out = []
    for letter in words:
        parts = unicodedata.normalize("NFD", letter)
        tone = "".join(mark for mark in parts if mark in "\u0300\u0301\u0303\u0309\u0323")
        out.append(unicodedata.normalize("NFC", "".join(mark for mark in parts if mark not in tone)) + tone)
    return "".join(out).encode("cp1258")


@pytest.mark.parametrize(
    ("raw", "encoding", "separator"),
    [
        (text().encode(), "utf-8", ","),
        (text(";").encode("utf-8-sig"), "utf-8", ";"),
        (text("\t").encode("utf-16"), "utf-16-le", "\t"),
        (b"\xfe\xff" + text("\t").encode("utf-16-be"), "utf-16-be", "\t"),
        (text("\t").encode("utf-16-le"), "utf-16-le", "\t"),
        (windows_1258(text(";")), "windows-1258", ";"),
    ],
)
def test_encoding_and_separator_are_found(raw: bytes, encoding: str, separator: str) -> None:
    found = read(raw)

    assert (found.read.encoding, found.read.separator) == (encoding, separator)
    assert [row.cells for row in found.rows] == [READ], found.errors


def test_letters_written_apart_are_put_together() -> None:
    found = read(unicodedata.normalize("NFD", text()).encode())

    assert [row.cells for row in found.rows] == [READ]


def test_a_title_above_the_header_extra_columns_order_case_and_marks_do_not_matter() -> None:
    found = read(
        (
            "DANH SÁCH CÁN BỘ;;;\n;;;\nSTT;NHAN CANH BAO;ten;Số Điện Thoại (*)\n"
            "1;sms; Trần Bình  ;+84 901 234 567\n;;;\n"
        ).encode()
    )

    assert (found.read.header_row, found.read.ignored_columns) == (3, ("STT",))
    assert [(row.number, row.cells) for row in found.rows] == [
        (4, {"name": "Trần Bình", "phone": "+84901234567", "alerts": "sms"})
    ]


@pytest.mark.parametrize("written", ["903123456", "0903123456", "84903123456", "'0903123456", "090.312.3456"])
def test_a_telephone_is_the_same_however_a_spreadsheet_spoiled_it(written: str) -> None:
    found = read(f"name,phone\nA,{written.removeprefix(chr(39))}\n".encode())

    assert found.rows[0].cells["phone"] == "+84903123456"


def test_every_wrong_cell_is_told_by_row_and_column() -> None:
    found = read(b"name,phone,from,alerts\n,12,31/02/2027,pigeon\nA,,,\n")

    assert [(one.row, one.column, one.code) for one in found.errors] == [
        (2, "name", "missing"),
        (2, "phone", "bad_phone"),
        (2, "from", "bad_date"),
        (2, "alerts", "no_such_code"),
    ]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"%PDF-1.7 ...", "is_pdf"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is_old_excel"),
        (b"\x89PNG\r\n", "is_picture"),
        (b"<html><table>", "is_web_page"),
        (b"PK\x03\x04 and nothing else", "broken_workbook"),
        (b"  \n", "empty"),
        (b"a\x00b\x01\x00\x00\x02name,phone\n", "not_text"),
        (b"colour,size\nred,3\n", "missing_columns"),
        (b"name,phone,NAME\nA,,B\n", "column_twice"),
    ],
)
def test_what_is_no_such_table_is_named_for_what_it_is(raw: bytes, code: str) -> None:
    assert [one.code for one in read(raw).errors] == [code]


def workbook(sheet: str, *, strings: str = "", more: dict[str, str] | None = None) -> bytes:
    """As an office program writes one, with shared strings and a style that shows a number as a day."""
    files = {
        "xl/workbook.xml": '<workbook xmlns:r="r"><sheets><sheet name="Trang 1" sheetId="1" r:id="rId1"/></sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": "<Relationships>"
        '<Relationship Id="rId1" Type="x/worksheet" Target="worksheets/sheet1.xml"/>'
        '<Relationship Id="rId2" Type="x/sharedStrings" Target="/xl/sharedStrings.xml"/>'
        '<Relationship Id="rId3" Type="x/styles" Target="styles.xml"/></Relationships>',
        "xl/sharedStrings.xml": f"<sst>{strings}</sst>",
        "xl/styles.xml": '<styleSheet><numFmts><numFmt numFmtId="170" formatCode="dd/mm/yyyy"/></numFmts>'
        '<cellXfs><xf numFmtId="0"/><xf numFmtId="170"/></cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": f"<worksheet><sheetData>{sheet}</sheetData></worksheet>",
        **(more or {}),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return out.getvalue()


HEADER = (
    '<row r="3"><c r="A3" t="s"><v>0</v></c><c r="C3" t="inlineStr"><is><t>SĐT</t></is></c>'
    '<c r="D3" t="s"><v>1</v></c></row>'
)
STRINGS = "<si><r><t>Họ và </t></r><r><t>tên</t></r><rPh><t>x</t></rPh></si><si><t>Từ ngày</t></si>"


def test_a_workbook_is_read_with_numbers_days_and_values_of_formulas() -> None:
    row = (
        '<row r="7"><c r="A7" t="str"><f>A1&amp;B1</f><v>Lê Văn Cường</v></c><c r="C7"><v>903123456</v></c>'
        '<c r="D7" s="1"><v>46632</v></c></row>'
    )

    found = read(workbook(HEADER + row, strings=STRINGS))

    assert (found.read.encoding, found.read.header_row) == ("xlsx", 3)
    assert [(one.number, one.cells) for one in found.rows] == [
        (7, {"name": "Lê Văn Cường", "phone": "+84903123456", "from": "2027-09-02"})
    ], found.errors


def test_a_formula_that_was_never_computed_is_told() -> None:
    found = read(workbook(HEADER + '<row r="4"><c r="A4"><f>NOW()</f></c></row>', strings=STRINGS))

    assert [(one.row, one.column, one.code) for one in found.errors] == [(4, "name", "formula_failed")]


def test_a_workbook_with_entities_or_that_unpacks_without_end_is_refused() -> None:
    bomb = workbook("", more={"xl/media/zeros.bin": "0" * 30_000_000})
    lol = workbook("", more={"xl/worksheets/sheet1.xml": '<!DOCTYPE a [<!ENTITY b "c">]><worksheet>&b;</worksheet>'})

    assert [one.code for one in read(bomb).errors] == ["too_large_unpacked"]
    assert [one.code for one in read(lol).errors] == ["xml_entities"]


@pytest.mark.parametrize("cell", ["=1+1", "+84901234567", "-5", "@SUM(A1)", "a;=2", "\uff1d1", "plain", "'quoted", ""])
def test_no_cell_is_a_formula_when_written_and_each_is_itself_when_read_again(cell: str) -> None:
    written = safe_cell(cell)

    assert not written.lstrip().startswith(("=", "+", "-", "@", "\uff1d"))
    assert as_it_was(written) == cell
