"""Reference data by screen: a row is judged, kept and undone as a file is, and everybody sees who changed what."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete, event, select, text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.accounts.enrolment import add_token
from app.bench.growth import MOST_GROWTH
from app.bench.pages_read import read_by, statements_sent
from app.seeding.file_kinds import TABLE_KINDS
from app.seeding.imports import FileRefused, bring_in, take_out
from app.web.administration.entered import BY_ROW
from app.web.frame.application import HotlineApp
from tests.app.web.administration.desk import NOW, audited, post, shown
from tests.app.web.steering import LIGHT, csrf_of
from tickets.directory.exchange import history
from tickets.directory.exchange.undoing import undo
from tickets.directory.loading import load_places, place_rows
from tickets.directory.place_names import insert_streets
from tickets.directory.places import resolve, rows_from_csv
from tickets.people.actor import SYSTEM
from tickets.schema import FileImport, Landmark, PlaceAlias, PreparedAnswer, ReferenceVersion, Street, StreetWard

DATA = "/administration/data"


def version(session: Session) -> int:
    return session.scalars(select(ReferenceVersion.places)).one()


def said(session: Session, text: str) -> set[str]:
    return {one.unit_name for one in resolve(load_places(session), text, on=NOW.date()).candidates}


@pytest.mark.parametrize("kind", BY_ROW)
def test_every_kind_has_its_list_and_its_form(browser: FlaskClient, kind: str) -> None:
    page = shown(browser, f"{DATA}/{kind}")

    assert 'name="q"' in page
    assert 'name="csrf_token"' in shown(browser, f"{DATA}/{kind}/row")


def test_an_answer_is_prepared_changed_and_its_changes_are_seen(browser: FlaskClient, session: Session) -> None:
    post(browser, f"{DATA}/answers/row", title="Đã ghi nhận", body="Chúng tôi đã ghi nhận.", unit="26740")
    key = "26740\x1fĐã ghi nhận"
    post(browser, f"{DATA}/answers/row", key=key, title="Đã ghi nhận", unit="26740", body="Đã cử người đến.")

    kept = session.scalars(select(PreparedAnswer).where(PreparedAnswer.unit_id.is_not(None))).one()
    page = browser.get(f"{DATA}/answers/row", query_string={"key": key}).get_data(as_text=True)
    assert kept.body == "Đã cử người đến."
    assert "Chúng tôi đã ghi nhận. → Đã cử người đến." in page
    assert [entry.params["name"] for entry in audited(session, "directory.row_entered")] == ["Đã ghi nhận"] * 2


def test_a_wrong_row_comes_back_with_what_was_typed(browser: FlaskClient, session: Session) -> None:
    form = {"csrf_token": csrf_of(browser, LIGHT), "name": "Nguyễn Kiệm", "district": "Quận 99"}

    answer = browser.post(f"{DATA}/streets/row", data=form)

    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "no former district has this name" in page
    assert 'value="Quận 99"' in page


def test_what_is_known_already_changes_nothing(browser: FlaskClient, session: Session) -> None:
    row = session.scalars(select(Street).order_by(Street.id)).first()
    assert row is not None

    post(browser, f"{DATA}/streets/row", name=row.name, district=row.district, source=row.source)

    assert audited(session, "directory.row_entered") == []


def test_a_kind_with_a_screen_of_its_own_is_not_found_here(browser: FlaskClient) -> None:
    assert browser.get(f"{DATA}/people").status_code == 404
    assert browser.get(f"{DATA}/nothing").status_code == 404
    assert browser.get(f"{DATA}/streets/row?key=nowhere").status_code == 404


def read_of(client: FlaskClient, session: Session, address: str, mark: str, **headers: str) -> int:
    with statements_sent(session.connection()) as sent:
        answer = client.get(address, headers=headers)
    assert mark in answer.get_data(as_text=True)
    return read_by(session.connection(), [one for one in sent if one[0].startswith("SELECT")]).pages


# A page shows fifty, and a menu of units all of these; of what is listed there are two thousand.
FEWER_THAN_ALL = 1_200
MANY_PEOPLE = """
    with hired as (insert into staff (email, name, sort_key, created_at)
                   select 'many' || n || '@example.vn', 'Nguyễn Thử ' || n, 'thu ' || n, cast(:now as timestamptz)
                   from generate_series(cast(:first as int), cast(:last as int)) n returning id)
    insert into role_assignment (staff_id, role, unit_id, valid_from)
    select hired.id, 'agent', unit.id, cast(:now as timestamptz) from hired, unit where unit.code = '26740'
"""
MANY_PROCEDURES = """
    with added as (insert into procedure (code, name, sort_key, field, level)
                   select '9.' || lpad(n::text, 6, '0'), 'Thủ tục thứ ' || n, 'thu tuc ' || n, 'Đất đai', 'ward'
                   from generate_series(cast(:first as int), cast(:last as int)) n returning id)
    insert into procedure_year (procedure_id, year, dossiers) select id, 2024, 10 from added
"""


def test_people_procedures_and_dossiers_are_read_by_the_page(
    browser: FlaskClient, app: HotlineApp, session: Session
) -> None:
    token = add_token(session, name="reader", scopes=("directory:read", "admin"), unit_code="", now=NOW)
    asked = (
        ("/administration/people", "<tr"),
        ("/administration/people?q=hử 110 guyen", "Nguyễn Thử 110"),
        (f"{DATA}/procedures", "<tr"),
        (f"{DATA}/procedures?after=9.000100", "9.000101"),
        (f"{DATA}/procedures?q=ủ 00110", "Thủ tục thứ 110"),
        (f"{DATA}/procedures/row?key=9.000110", "Thủ tục thứ 110"),
        (f"{DATA}/dossiers", "<tr"),
        (f"{DATA}/dossiers?after=9.000100\x1f2024", "9.000101"),
        (f"{DATA}/dossiers?q=2024 thủ tục 00110", "9.000110"),
        (f"{DATA}/dossiers/row?key=9.000110\x1f2024", "9.000110"),
    )

    for statement in (MANY_PEOPLE, MANY_PROCEDURES):
        session.execute(text(statement), {"first": 1, "last": 2_000, "now": NOW})
    # Read once for all: pages would read them in the middle, at whichever of them the three seconds are over.
    app.reference.rules(session, on=NOW.date())
    of_programs = {"Authorization": f"Bearer {token}"}
    api = [(f"/api/v1/reference/{kind}", '"next"') for kind in ("people", "procedures", "dossiers")]

    handed_over = {
        address: _most_rows(session, lambda: client.get(address, headers=headers), mark)  # noqa: B023  (called at once)
        for client, headers, pages in ((browser, {}, asked), (app.test_client(), of_programs, api))
        for address, mark in pages
    }
    assert {address: rows for address, rows in handed_over.items() if rows > FEWER_THAN_ALL} == {}


def _most_rows(session: Session, ask: Callable[[], TestResponse], mark: str) -> int:
    """What the database hands over at most for one statement."""
    rows: list[int] = []

    def note(_connection: Any, cursor: Any, *_more: Any) -> None:
        rows.append(cursor.rowcount)

    event.listen(session.connection(), "after_cursor_execute", note)
    answer = ask()
    event.remove(session.connection(), "after_cursor_execute", note)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert mark in answer.get_data(as_text=True)
    return max(rows)


def test_lists_forms_and_programs_read_no_more_when_there_are_many_streets(
    browser: FlaskClient, app: HotlineApp, session: Session
) -> None:
    token = add_token(session, name="reader", scopes=("directory:read",), unit_code="", now=NOW)
    insert_streets(session, [{"name": f"Phố Đã Có {n:03d}", "district": "Quận 1"} for n in range(120)])
    session.execute(text("analyze street"))
    asked = (
        ("", "<tr"),
        ("?after=Phố Đã Có 050\x1fQuận 1", "Phố Đã Có 051"),
        ("?q=đa CO 09", "Phố Đã Có 099"),
        ("/row?key=Phố Đã Có 050\x1fQuận 1", "Phố Đã Có 050"),
    )

    def read() -> dict[str, int]:
        pages = {rest: read_of(browser, session, f"{DATA}/streets{rest}", mark) for rest, mark in asked}
        api = {"Authorization": f"Bearer {token}"}
        return pages | {"api": read_of(app.test_client(), session, "/api/v1/reference/streets", '"name"', **api)}

    few = read()
    many = [{"name": f"Đường Mới {n:05d}", "district": "Quận 3"} for n in range(10_000)]
    insert_streets(session, many)
    session.execute(text("analyze street"))
    assert {name: (few[name], pages) for name, pages in read().items() if pages > MOST_GROWTH * few[name]} == {}
    assert "More than 1000 rows" in shown(browser, f"{DATA}/streets")


def test_a_row_is_found_by_parts_of_its_words_whatever_their_marks_and_by_the_code_of_its_body(
    browser: FlaskClient, session: Session
) -> None:
    rows = "name,district,wards,source\nĐường Bến Kzthử,Quận 1,26740,Nghị quyết 12\n"
    bring_in(session, "streets", rows, actor=SYSTEM, now=NOW)

    for words in ("ben zthu", "ZTHỬ bến", "duong ben zth", "nghi quyet 12 zt", "kzthu", "ƯỜNG zthử", "26740"):
        page = shown(browser, f"{DATA}/streets?q={words}")
        assert "Đường Bến Kzthử" in page, words
        assert "1 row" in page, words
    for words in ("ben zthuy", "&|!:*'", "\0"):
        assert "Đường Bến Kzthử" not in browser.get(f"{DATA}/streets", query_string={"q": words}).get_data(as_text=True)


@pytest.mark.parametrize(("kind", "limit"), [("streets", 200), ("people", 7), ("procedures", 200), ("dossiers", 200)])
def test_programs_read_every_row_once(app: HotlineApp, session: Session, kind: str, limit: int) -> None:
    token = add_token(session, name="reader", scopes=("directory:read", "admin"), unit_code="", now=NOW)
    for statement in (MANY_PEOPLE, MANY_PROCEDURES):
        session.execute(text(statement), {"first": 1, "last": 40, "now": NOW})
    # Whoever has several roles is several rows, between which a page may end.
    session.execute(
        text(
            "insert into role_assignment (staff_id, role, unit_id, valid_from)"
            " select a.staff_id, 'supervisor', u.id, a.valid_from from role_assignment a, unit u"
            " where u.code in ('26743', '26746') and a.role = 'agent' on conflict do nothing"
        )
    )
    found: list[dict[str, str]] = []
    with app.bound_to(session, NOW):
        client, asked = app.test_client(), {"limit": str(limit)}
        while True:
            page = client.get(
                f"/api/v1/reference/{kind}", query_string=asked, headers={"Authorization": f"Bearer {token}"}
            ).get_json()
            found += page["items"]
            if page["next"] is None:
                break
            asked["cursor"] = page["next"]

    rows = TABLE_KINDS[kind](session, actor=SYSTEM, now=NOW).standing()
    assert len(found) >= 40
    assert sorted(sorted(row.items()) for row in found) == sorted(sorted(row.items()) for row in rows)


def test_another_name_leads_to_its_district_from_the_next_matter_on(session: Session) -> None:
    before, at = said(session, "quận Bthạnh"), version(session)

    bring_in(session, "aliases", "kind,alias,means\ndistrict,BThạnh,Quận Bình Thạnh\n", actor=SYSTEM, now=NOW)

    assert before == set()
    assert "Phường Gia Định" in said(session, "quận Bthạnh")
    assert version(session) > at


def test_a_database_without_other_names_keeps_the_shipped_ones_when_the_first_is_entered(session: Session) -> None:
    session.execute(delete(PlaceAlias))

    bring_in(session, "aliases", "kind,alias,means\ndistrict,BThạnh,Quận Bình Thạnh\n", actor=SYSTEM, now=NOW)

    assert len(place_rows(session).aliases) == len(rows_from_csv().aliases) + 1


def test_a_retired_name_is_understood_no_longer(session: Session) -> None:
    bring_in(session, "aliases", "kind,alias,means\ndistrict,BThạnh,Quận Bình Thạnh\n", actor=SYSTEM, now=NOW)
    bring_in(
        session, "aliases", "kind,alias,means,retired\ndistrict,BThạnh,Quận Bình Thạnh,yes\n", actor=SYSTEM, now=NOW
    )

    assert said(session, "quận Bthạnh") == set()


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("earlier_district,Sài Gòn,Quận 5,", "name_of_a_unit"),
        ("district,Nơi Nào,Quận 99,", "no_such_place"),
        ("heard,Sờ Gòn,,", "missing"),
        ("nonsense,Sờ Gòn,Quận 1,", "no_such_code"),
    ],
)
def test_a_name_that_would_mislead_is_refused(session: Session, row: str, code: str) -> None:
    with pytest.raises(FileRefused) as refused:
        bring_in(session, "aliases", f"kind,alias,means,note\n{row}\n", actor=SYSTEM, now=NOW)

    assert [one.code for one in refused.value.errors] == [code]


def test_streets_come_with_their_wards_and_go_again(session: Session) -> None:
    rows = "Tên đường;Quận huyện cũ;Đi qua phường xã\nĐường Thử Một;Q1;P. Bến Thành|26740\nĐường Thử Hai;gò vấp;\n"
    with pytest.raises(FileRefused):
        bring_in(session, "streets", rows, actor=SYSTEM, now=NOW)
    rows = rows.replace("Q1", "quận 1")
    bring_in(session, "streets", rows, actor=SYSTEM, now=NOW)

    [street] = [one for one in place_rows(session).streets if one.name == "Đường Thử Một"]
    assert (street.district, len(street.wards)) == ("Quận 1", 2)
    assert session.scalars(select(Street.district).where(Street.name == "Đường Thử Hai")).all() == ["Quận Gò Vấp"]

    done = session.scalars(select(FileImport.id).order_by(FileImport.id.desc())).first()
    undo(TABLE_KINDS["streets"](session, actor=SYSTEM, now=NOW), history.kept_changes(session, done or 0))
    assert session.scalars(select(StreetWard)).all() == []
    assert session.scalars(select(Street).where(Street.name.like("Đường Thử%"))).all() == []


def test_a_street_or_landmark_that_says_nothing_is_refused(session: Session) -> None:
    for kind, rows in (
        ("streets", "name,district\n12,Quận 1\n"),
        ("streets", "name\nNguyễn Kiệm Mới\n"),
        ("landmarks", "name,kind\nChợ Ở Đâu Đó,market\n"),
        ("landmarks", "name,kind,district\nChợ,market,Quận 1\n"),
    ):
        with pytest.raises(FileRefused):
            bring_in(session, kind, rows, actor=SYSTEM, now=NOW)


def test_a_landmark_of_a_known_ward_is_asked_about(session: Session) -> None:
    rows = "Tên địa điểm,Loại,Phường xã,Tên khác\nTòa nhà Thử Nghiệm,khác,P. Bến Thành,Tháp Thử Nghiệm\n"
    bring_in(session, "landmarks", rows, actor=SYSTEM, now=NOW)

    found = resolve(load_places(session), "kẹt thang máy ở tháp thử nghiệm", on=NOW.date())

    assert found.outcome == "none"
    assert found.hint is not None
    assert (found.hint.question.id, found.hint.candidates[0].unit_name) == ("confirm", "Phường Bến Thành")


def test_what_is_shipped_would_be_taken_as_a_file(session: Session) -> None:
    """So that whoever exports, edits and brings it in again is refused nothing that they have not written."""
    for kind, table in (("aliases", PlaceAlias), ("streets", Street), ("landmarks", Landmark)):
        done = bring_in(session, kind, take_out(session, kind), actor=SYSTEM, now=NOW)
        assert (done.added, done.changed) == ((), ())
        assert done.unchanged == len(session.scalars(select(table.id)).all()) > 100
