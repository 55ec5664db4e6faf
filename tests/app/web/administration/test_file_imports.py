"""Files in the browser: looked at before anything changes, confirmed, undone as a whole, and told with who did it."""

import io
from contextlib import nullcontext

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.processes.file_imports import do_next_file
from tests.app.web.administration.desk import HERE, audited, post, shown
from tests.factories import staff, unit
from tickets.directory.staff import people_at, person_by_email
from tickets.schema import FileImport, OneStopOffice

PEOPLE = (
    "Họ và tên;Thư điện tử;Đơn vị;Vai trò;Cột lạ\n"
    "Lê Văn Cường;cuong@example.vn;26740;Giám sát;x\n"
    "Phạm Thị Dung;dung@example.vn;26740;Tổng đài viên;y\n"
)
IMPORTS = f"{HERE}/import"


def hand_in(client: FlaskClient, session: Session, kind: str, content: str | bytes, name: str = "file.csv") -> str:
    """The address of its page, once the worker has judged it."""
    raw = content.encode() if isinstance(content, str) else content
    answer = post(client, IMPORTS, kind=kind, file=(io.BytesIO(raw), name))
    assert answer.status_code == 303  # type: ignore[attr-defined]
    work(session)
    return str(answer.headers["Location"])  # type: ignore[attr-defined]


def work(session: Session) -> None:
    assert do_next_file(lambda: nullcontext(session))
    session.expire_all()


def test_a_file_changes_nothing_before_it_is_confirmed(browser: FlaskClient, session: Session) -> None:
    page = hand_in(browser, session, "people", PEOPLE)

    told = shown(browser, page)

    assert "2 new" in told and "Cột lạ" in told and "Lê Văn Cường" in told
    assert person_by_email(session, "cuong@example.vn") is None


def test_a_preview_names_columns_and_choices_as_the_template_does(browser: FlaskClient, session: Session) -> None:
    page = hand_in(browser, session, "offices", "unit,address\n26740,45 Lê Duẩn\n")

    english = shown(browser, page)
    browser.set_cookie("locale", "vi")
    vietnamese = shown(browser, page)

    assert "address: – → 45 Lê Duẩn" in english
    assert "Địa chỉ: – → 45 Lê Duẩn" in vietnamese
    people = hand_in(browser, session, "people", PEOPLE)
    assert "Lê Văn Cường Phường Sài Gòn Giám sát" in shown(browser, people)


def test_what_was_confirmed_is_written_audited_and_told_with_who_brought_it(
    browser: FlaskClient, session: Session
) -> None:
    page = hand_in(browser, session, "people", PEOPLE, "nhân sự.csv")

    post(browser, f"{page}/confirm")
    work(session)

    assert person_by_email(session, "dung@example.vn") is not None
    assert [entry.params["added"] for entry in audited(session, "directory.people_imported")] == [2]
    assert "nhân sự.csv" in shown(browser, IMPORTS) and "Undo this import" in shown(browser, page)


def test_an_import_is_undone_as_a_whole(browser: FlaskClient, session: Session) -> None:
    page = hand_in(browser, session, "people", PEOPLE)
    post(browser, f"{page}/confirm")
    work(session)

    post(browser, f"{page}/undo")
    work(session)

    gone = person_by_email(session, "cuong@example.vn")
    assert gone is not None and gone.disabled_at is not None
    assert [one.staff.name for one in people_at(session, [unit(session).id], now=gone.disabled_at)] == []
    assert len(audited(session, "directory.import_undone")) == 1
    again = hand_in(browser, session, "people", PEOPLE)
    assert "2 new" in shown(browser, again)


def test_what_was_changed_since_is_not_undone_and_nothing_else_is(browser: FlaskClient, session: Session) -> None:
    page = hand_in(browser, session, "offices", "unit,address\n26740,45 Lê Duẩn\n26743,92 Nguyễn Trãi\n")
    post(browser, f"{page}/confirm")
    work(session)
    office = session.scalars(select(OneStopOffice).where(OneStopOffice.unit_id == unit(session).id)).one()
    office.address = "47 Lê Duẩn"
    session.flush()

    post(browser, f"{page}/undo")
    work(session)

    other = session.scalars(select(OneStopOffice).where(OneStopOffice.unit_id == unit(session, "26743").id)).one()
    assert other.address == "92 Nguyễn Trãi"
    told = shown(browser, page)
    assert "was changed since" in told and "nothing was taken back" in told


def test_an_edited_office_is_as_before_once_undone(browser: FlaskClient, session: Session) -> None:
    page = hand_in(browser, session, "offices", "unit,address,counters\n26740,45 Lê Duẩn,6\n")
    post(browser, f"{page}/confirm")
    work(session)

    post(browser, f"{page}/undo")
    work(session)

    office = session.scalars(select(OneStopOffice).where(OneStopOffice.unit_id == unit(session).id)).one()
    assert (office.address, office.counters) == ("", None)


def test_faults_are_told_by_row_and_column_and_in_a_marked_copy(browser: FlaskClient, session: Session) -> None:
    staff(session, name="Ngô Văn Phú", phone="+84901000077")
    page = hand_in(browser, session, "people", "Họ và tên;Số điện thoại;Đơn vị;Vai trò\nA;0901000077;26740;agent\n")

    told, marked = shown(browser, page), browser.get(f"{page}/marked.xlsx")

    assert "Row 2" in told and "somebody else has this phone: Ngô Văn Phú" in told and "Write it" not in told
    assert marked.status_code == 200 and marked.data.startswith(b"PK")
    mended = hand_in(browser, session, "people", marked.data, "marked.xlsx")
    assert "TO BE MENDED" in shown(browser, mended)


def test_a_rota_with_gaps_is_written_only_when_they_are_said_to_be_meant(
    browser: FlaskClient, session: Session
) -> None:
    staff(session, email="lan@x.vn")
    rows = "".join(f"26740,duty_officer,lan@x.vn,{day}/12/2030 07:00,{day}/12/2030 15:00\n" for day in ("01", "02"))
    page = hand_in(browser, session, "rota", f"unit,post,person,from,to\n{rows}")

    unsaid = post(browser, f"{page}/confirm")
    said = post(browser, f"{page}/confirm", rota_gap="1")

    assert (unsaid.status_code, said.status_code) == (400, 303)  # type: ignore[attr-defined]
    work(session)
    assert session.scalars(select(FileImport.state)).all() == ["done"]


def test_a_file_that_is_no_table_and_no_file_at_all(browser: FlaskClient, session: Session) -> None:
    page = hand_in(browser, session, "units", b"%PDF-1.7", "units.csv")
    nothing = post(browser, IMPORTS, kind="units")

    assert "this is a PDF" in shown(browser, page)
    assert "marked.xlsx" not in shown(browser, page), "there is no table to mark"
    assert nothing.status_code == 400  # type: ignore[attr-defined]


def test_a_table_of_something_else_names_what_it_lacks_as_the_template_does(
    browser: FlaskClient, session: Session
) -> None:
    page = hand_in(browser, session, "lines", "Đơn vị,Người,Từ\n26740,lan@x.vn,05/12/2030 07:00\n")
    damaged = hand_in(browser, session, "lines", b"PK\x03\x04 and nothing else", "lines.xlsx")

    assert "save it again and try once more<" in shown(browser, damaged)
    browser.set_cookie("locale", "vi")
    assert "dòng tiêu đề thiếu cột: Số điện thoại" in shown(browser, page)


def test_an_address_that_is_none_is_said_beside_all_else_that_is_wrong_in_its_row(
    browser: FlaskClient, session: Session
) -> None:
    rows = "Họ và tên;Thư điện tử;Số điện thoại;Đơn vị;Vai trò\nA;sau@@example;12345;Phường Không Có;agent\n"

    told = shown(browser, hand_in(browser, session, "people", rows))

    assert all(words in told for words in ("sau@@example", "12345", "Phường Không Có"))


def test_templates_and_exports_are_handed_out_in_both_forms(browser: FlaskClient) -> None:
    for what in ("template", "export"):
        sheet, text = browser.get(f"{IMPORTS}/{what}/people.xlsx"), browser.get(f"{IMPORTS}/{what}/people.csv")
        assert sheet.data.startswith(b"PK") and text.data.startswith(b"\xef\xbb\xbfname,email")
    assert browser.get(f"{IMPORTS}/export/passwords.csv").status_code == 404
