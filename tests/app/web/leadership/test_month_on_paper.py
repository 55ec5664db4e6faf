"""A month of the ledger to file: for whoever reads the ledger, numbered, with totals, and a line to sign."""

import io
import zipfile
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from escalation.acknowledging.acknowledge import acknowledge
from tests.app.paper.reading import text_of
from tests.app.web.steering import climb, enter
from tests.escalation.scene import unit_by_code, ward, with_role
from tickets.states import Role

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
PAGE = "/leadership/ledger/month"
TEXT = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}t"


@pytest.fixture
def climbed(session):
    climbed = climb(session, opened_at=MONDAY, level=2)
    formula = '=HYPERLINK("http://evil")'
    step_id, leader = climbed.step(session, 2).id, climbed.people[2].id
    acknowledge(session, step_id, staff_id=leader, instruction=formula, via="web", now=climbed.at)
    session.flush()
    return climbed


def got(app, session, climbed, person, query, locale="vi"):
    with app.bound_to(session, climbed.at):
        client = app.test_client()
        client.set_cookie("locale", locale)
        enter(client, session, person, now=climbed.at)
        return client.get(f"{PAGE}?{query}")


def said_in(answer):
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet
    return [one.text for one in ElementTree.fromstring(sheet).iter(TEXT)]


def test_an_auditor_gets_the_month_as_pages_in_the_form_of_an_official_document(app, session, climbed):
    auditor = with_role(session, Role.AUDITOR, unit_by_code(session, "79"), now=MONDAY)
    answer = got(app, session, climbed, auditor, "month=2026-11&form=pdf")

    lines = text_of(answer.data).splitlines()
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="ledger-2026-11.pdf"'
    for words in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc", "THÀNH PHỐ HỒ CHÍ MINH",
        "SỔ THEO DÕI BÁO CÁO LÊN CẤP TRÊN, THÁNG 11/2026", "STT", "1", "2", "Tổng số báo cáo: 2",
        "Trong đó ở cấp 1: 1", "Trong đó ở cấp 2: 1", "NGƯỜI LẬP BIỂU", "THỦ TRƯỞNG ĐƠN VỊ", "(Ký, ghi rõ họ tên)",
        "Trang 1/1",
    ):  # fmt: skip
        assert words in lines, words


def test_the_sheet_holds_every_column_and_no_formula(app, session, climbed):
    said = said_in(got(app, session, climbed, climbed.people[4], "month=2026-11&form=xlsx", locale="en"))

    assert "Attempts to reach them" in said
    assert '=HYPERLINK("http://evil")' in said
    assert climbed.people[2].name in said


def test_another_month_is_empty_and_says_so_in_its_total(app, session, climbed):
    answer = got(app, session, climbed, climbed.people[4], "month=2026-10&form=pdf")

    assert "Tổng số báo cáo: 0" in text_of(answer.data)


def test_nobody_of_another_ward_reads_a_level_in_it(app, session, climbed):
    other = with_role(session, Role.AUDITOR, ward(session, "Phường Bến Thành"), now=MONDAY)

    pages = text_of(got(app, session, climbed, other, "month=2026-11&form=pdf").data)
    sheet = said_in(got(app, session, climbed, other, "month=2026-11&form=xlsx"))

    assert climbed.people[1].name not in pages + "".join(sheet)
    assert "Tổng số báo cáo: 0" in pages


@pytest.mark.parametrize("month", ["", "2026-12", "2026-13", "0001-01", "9999-12", "x", "11/2026"])
def test_what_is_no_month_or_has_not_begun_is_said_where_the_month_is_chosen(app, session, climbed, month):
    answer = got(app, session, climbed, climbed.people[4], f"month={month}")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/leadership/ledger")


def test_a_month_of_many_goes_over_pages_with_the_headings_on_each(app, session, climbed):
    for _ in range(9):
        climb(session, opened_at=MONDAY, level=3)

    answer = got(app, session, climbed, climbed.people[4], "month=2026-11&form=pdf")

    lines = text_of(answer.data).splitlines()
    pages = sum(line.startswith("Trang ") for line in lines)
    assert pages >= 2 and lines.count("STT") >= 2
    assert "30" in lines and "Tổng số báo cáo: 30" in lines
    assert f"Trang {pages}/{pages}" in lines
