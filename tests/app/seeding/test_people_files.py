"""People, posts, rota and leave from files: what is new, what changes, what is refused and in which words."""

import csv
import io
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.seeding.files_out import export_file, template_file
from app.seeding.imports import FileRefused, bring_in, take_out
from tests.factories import hold_post, staff, unit
from tickets.directory.contact_methods import methods_of
from tickets.directory.exchange import ImportOutcome
from tickets.directory.staff import people_at, person_by_email
from tickets.people.actor import SYSTEM, staff_actor
from tickets.schema import Absence, OneStopOffice, Post, PostHolding, Responsibility, RoleAssignment, Shift, Staff
from tickets.states import OutboundChannel, Role

PEOPLE = (
    "Họ và tên;Thư điện tử;Số điện thoại;Đơn vị;Vai trò;Chức vụ;Giữ chức vụ;Từ ngày;Đến ngày;Nhận cảnh báo\n"
    "Lê Văn Cường;cuong@example.vn;0901 000 001;P. Sài Gòn;Lãnh đạo;Chủ tịch UBND phường;;;;Tin nhắn, gọi điện\n"
    "Phạm Thị Dung;;0901 000 002;26740;agent;;;;;\n"
)

OVERLAPPING = "overlapping_holders"


def brought(session: Session, kind: str, text: str, now: datetime, **more: object) -> ImportOutcome:
    return bring_in(session, kind, text, actor=SYSTEM, now=now, **more)  # type: ignore[arg-type]


def refusals(session: Session, kind: str, text: str, now: datetime) -> list[tuple[int | None, str, str]]:
    people = session.scalar(select(func.count(Staff.id)))
    with pytest.raises(FileRefused) as refused:
        bring_in(session, kind, text, actor=SYSTEM, now=now)
    assert session.scalar(select(func.count(Staff.id))) == people
    return [(one.row, one.column, one.code) for one in refused.value.errors]


def test_people_of_a_ward_work_there_hold_their_posts_and_are_told_by_their_ways(
    session: Session, now: datetime
) -> None:
    outcome = brought(session, "people", PEOPLE, now)

    assert outcome.added == ("Lê Văn Cường 26740 ward_chair", "Phạm Thị Dung 26740 agent")
    chair = person_by_email(session, "cuong@example.vn")
    assert chair is not None
    here = {(one.staff.name, one.role) for one in people_at(session, [unit(session).id], now=now)}
    assert here >= {("Lê Văn Cường", Role.LEADER), ("Phạm Thị Dung", Role.AGENT)}
    post = session.scalars(select(Post.code).join(PostHolding).where(PostHolding.staff_id == chair.id)).one()
    ways = [(one.kind, one.address, one.verified_at) for one in methods_of(session, [chair.id])[chair.id]]
    assert post == "ward_chair"
    assert ways == [(OutboundChannel.SMS, "+84901000001", None), (OutboundChannel.VOICE, "+84901000001", None)]


def test_the_same_file_again_changes_nothing_and_an_edited_export_only_what_was_edited(
    session: Session, now: datetime
) -> None:
    brought(session, "people", PEOPLE, now)
    again = brought(session, "people", PEOPLE, now)
    rows = list(csv.DictReader(io.StringIO(take_out(session, "people", now=now))))
    rows[0]["name"] = "Lê Văn Cường Em"
    edited = io.StringIO()
    writer = csv.DictWriter(edited, rows[0])
    writer.writeheader()
    writer.writerows(rows)

    outcome = brought(session, "people", edited.getvalue(), now)

    assert (again.added, again.changed, again.unchanged) == ((), (), 2)
    assert len(outcome.changed) == 1 and outcome.added == outcome.closed == ()
    assert outcome.unchanged == len(rows) - 1


def test_who_leaves_a_post_gets_a_last_day_and_the_successor_comes_on_it(session: Session, now: datetime) -> None:
    brought(session, "people", PEOPLE, now)
    head = "name,email,unit,role,post,from,to\n"

    outcome = brought(
        session,
        "people",
        f"{head}Lê Văn Cường,cuong@example.vn,26740,leader,ward_chair,,31/12/2026\n"
        "Võ Thị Em,em@example.vn,26740,leader,ward_chair,01/01/2027,\n",
        now,
    )

    assert (outcome.closed, outcome.added) == (
        ("Lê Văn Cường 26740 ward_chair",),
        ("Võ Thị Em 26740 ward_chair",),
    )
    held = session.scalars(
        select(PostHolding)
        .join(Post)
        .where(Post.code == "ward_chair", Post.unit_id == unit(session).id)
        .order_by(PostHolding.valid_from)
    ).all()
    assert held[0].valid_to == held[1].valid_from


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ("A,a@x.vn,0901000009,26740,agent,,\nB,b@x.vn,0901000009,26740,agent,,\n", (3, "phone", "phone_taken")),
        ("A,a@x.vn,0901000009,26740,agent,,\nB,a@x.vn,,26743,agent,,\n", (3, "name", "names_differ")),
        ("A,a@x.vn,,26740,leader,ward_chair,\nB,b@x.vn,,26740,leader,ward_chair,\n", (3, "post", OVERLAPPING)),
        ("A,a@x.vn,,SXD,leader,ward_chair,\n", (2, "post", "post_of_another_body")),
        ("A,a@x.vn,,26740,leader,emperor,\n", (2, "post", "no_such_post")),
        ("A,a@x.vn,,26740,agent,,01/07/2025\n", (2, "from", "past")),
        ("A,,,26740,agent,,\n", (2, "email", "email_or_phone")),
        ("A,not an address,,26740,agent,,\n", (2, "email", "bad_email")),
        ("A,a@x.vn,,Phường Không Có,agent,,\n", (2, "unit", "no_such_unit")),
        ("A,a@x.vn,,26740,emperor,,\n", (2, "role", "no_such_code")),
        ("A,a@x.vn,,26740,agent,,\nA,a@x.vn,,26740,agent,,\n", (3, "name", "twice")),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_by_row_and_column_and_nobody_is_added(
    session: Session, now: datetime, rows: str, told: tuple[int, str, str]
) -> None:
    assert refusals(session, "people", f"name,email,phone,unit,role,post,from\n{rows}", now) == [told]


def test_the_leaders_of_a_city_are_several_and_each_holds_the_post(session: Session, now: datetime) -> None:
    rows = "A,a@x.vn,0901000021,79,leader,city_leader\nB,b@x.vn,0901000022,79,leader,city_leader\n"

    brought(session, "people", f"name,email,phone,unit,role,post\n{rows}", now)
    brought(session, "people", "name,email,phone,unit,role,post\nC,c@x.vn,,79,leader,city_leader\n", now)

    held = (
        select(Staff.email)
        .join(PostHolding, PostHolding.staff_id == Staff.id)
        .join(Post, Post.id == PostHolding.post_id)
        .where(Post.code == "city_leader", Staff.email.like("_@x.vn"))
    )
    assert set(session.scalars(held)) == {"a@x.vn", "b@x.vn", "c@x.vn"}


def test_two_communes_whose_names_differ_by_a_mark_are_told_apart_by_it(session: Session, now: datetime) -> None:
    text = "name,email,unit,role\nA,a@x.vn,Xã Thanh An,agent\nB,b@x.vn,xã  thạnh an,agent\n"

    outcome = brought(session, "people", text, now)

    assert outcome.added == ("A 25807 agent", "B 27676 agent")
    assert (
        refusals(session, "people", "name,email,unit,role\nC,c@x.vn,Xa Thanh An,agent\n", now)[0][2] == "ambiguous_unit"
    )


def test_a_telephone_that_somebody_here_has_is_not_given_to_another(session: Session, now: datetime) -> None:
    staff(session, name="Ngô Văn Phú", phone="+84901000077")

    told = refusals(session, "people", "name,email,phone,unit,role\nA,a@x.vn,0901000077,26740,agent\n", now)

    assert told == [(2, "phone", "phone_taken")]


def test_nobody_gives_themselves_a_role_by_a_file(session: Session, now: datetime) -> None:
    me = staff(session, name="Quản Trị", role=Role.ADMINISTRATOR, at="79", email="me@example.vn")
    text = "name,email,unit,role\nQuản Trị,me@example.vn,79,leader\n"

    with pytest.raises(FileRefused) as refused:
        bring_in(session, "people", text, actor=staff_actor(me.id), now=now)

    assert [one.code for one in refused.value.errors] == ["own_post"]


def test_a_closed_account_that_a_file_names_is_opened_again_without_its_old_password(
    session: Session, now: datetime
) -> None:
    gone = staff(session, name="Ngô Văn Phú", email="phu@example.vn", disabled_at=now, password_hash="old", role=None)

    brought(session, "people", "name,email,unit,role\nNgô Văn Phú,phu@example.vn,26740,agent\n", now)

    session.refresh(gone)
    assert gone.disabled_at is None and gone.password_hash is None
    assert session.scalar(select(RoleAssignment.role).where(RoleAssignment.staff_id == gone.id)) is Role.AGENT


def turns(now: datetime, *, hours: int, count: int = 3) -> str:
    """Turns of eight hours, one every so many hours from tomorrow on."""
    first = now + timedelta(days=1)
    rows = [first + timedelta(hours=hours * n) for n in range(count)]
    told = "".join(
        f"26740,Cán bộ trực,lan@x.vn,{at:%d/%m/%Y %H:%M},{at + timedelta(hours=8):%d/%m/%Y %H:%M}\n" for at in rows
    )
    return f"Đơn vị,Chức vụ,Người trực,Từ,Đến\n{told}"


def test_a_rota_is_planned_and_one_with_a_gap_is_refused_unless_it_is_meant(session: Session, now: datetime) -> None:
    staff(session, email="lan@x.vn")

    told = refusals(session, "rota", turns(now, hours=12), now)
    accepted = brought(session, "rota", turns(now, hours=12), now, accept=["rota_gap"])
    whole = brought(session, "rota", turns(now + timedelta(days=10), hours=8), now)

    assert told == [(3, "from", "rota_gap"), (4, "from", "rota_gap")]
    assert (len(accepted.added), len(whole.added)) == (3, 3)
    assert session.scalar(select(func.count(Shift.id))) == 6


def test_nobody_is_on_duty_for_a_body_where_they_have_no_role_while_away_or_in_the_past(
    session: Session, now: datetime
) -> None:
    away = staff(session, email="lan@x.vn")
    session.add(Absence(staff_id=away.id, starts_at=now, ends_at=now + timedelta(days=30), created_at=now))
    staff(session, email="elsewhere@x.vn", at="26743")

    on_leave = refusals(session, "rota", turns(now, hours=8, count=1), now)
    elsewhere = refusals(session, "rota", turns(now, hours=8, count=1).replace("lan@", "elsewhere@"), now)
    past = refusals(
        session, "rota", turns(now - timedelta(days=60), hours=8, count=1).replace("lan@", "elsewhere@"), now
    )

    assert on_leave == [(2, "person", "on_leave")]
    assert elsewhere == [(2, "person", "no_role_there")]
    assert (2, "from", "past") in past


def test_leave_with_who_stands_in_and_leave_that_overlaps(session: Session, now: datetime) -> None:
    lan, binh = staff(session, email="lan@x.vn"), staff(session, email="binh@x.vn", name="Bình")
    text = "Người nghỉ,Người thay,Từ ngày,Đến ngày\nlan@x.vn,Bình,01/12/2026,05/12/2026\n"

    brought(session, "leave", text, now)

    row = session.scalars(select(Absence).where(Absence.staff_id == lan.id)).one()
    assert row.deputy_id == binh.id and row.ends_at - row.starts_at == timedelta(days=5)
    overlapping = text.replace("01/12", "03/12").replace("05/12", "08/12")
    assert refusals(session, "leave", overlapping, now) == [(2, "from", "on_leave")]
    longer = brought(session, "leave", text.replace("05/12", "07/12"), now)
    assert len(longer.changed) == 1


def test_a_leader_answers_for_a_field_by_a_decision(session: Session, now: datetime) -> None:
    leader = staff(session, role=Role.LEADER, at="79", email="leader@x.vn")
    text = "Lãnh đạo,Lĩnh vực,Địa bàn,Số quyết định,Từ ngày\n"

    outcome = brought(session, "responsibilities", f"{text}leader@x.vn,Đất đai,,12/QĐ,01/01/2027\n", now)

    assert len(outcome.added) == 1
    row = session.scalars(select(Responsibility).where(Responsibility.staff_id == leader.id)).one()
    assert (row.field, row.decision_no) == ("land", "12/QĐ")
    both = refusals(session, "responsibilities", f"{text}leader@x.vn,Y tế,26740,12/QĐ,01/01/2027\n", now)
    assert both == [(2, "field", "field_or_area")]


def test_a_one_stop_office_gets_its_address_hours_and_counters(session: Session, now: datetime) -> None:
    text = "Đơn vị;Địa chỉ;Giờ làm việc;Số quầy;Vĩ độ\nP. Sài Gòn;45 Lê Duẩn;07:30–17:00;6;10,7769\n"

    outcome = brought(session, "offices", text, now)

    office = session.scalars(select(OneStopOffice).where(OneStopOffice.unit_id == unit(session).id)).one()
    session.refresh(office)
    assert len(outcome.changed) == 1
    assert (office.address, office.counters, office.lat) == ("45 Lê Duẩn", 6, 10.7769)


@pytest.mark.parametrize("locale", ["vi", "en", None])
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_an_export_in_any_language_and_form_is_brought_in_again_without_a_change(
    session: Session, now: datetime, locale: str | None, form: str
) -> None:
    hold_post(session, staff(session, email="a@x.vn"), "unit_lead", at="26740")

    for kind in ("people", "offices", "lines", "posts", "categories", "calendars", "holidays", "procedures", "units"):
        raw = export_file(session, kind, form=form, locale=locale, now=now)
        outcome = bring_in(session, kind, raw, actor=SYSTEM, now=now)
        assert (outcome.added, outcome.changed, outcome.closed) == ((), (), ()), kind


@pytest.mark.parametrize("locale", ["vi", "en"])
@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_template_is_understood_and_its_examples_are_passed_over(
    session: Session, now: datetime, locale: str, form: str
) -> None:
    for kind in ("people", "offices", "lines", "posts", "rota", "leave", "responsibilities", "units", "holidays"):
        with pytest.raises(FileRefused) as refused:
            bring_in(
                session, kind, template_file(session, kind, form=form, locale=locale, now=now), actor=SYSTEM, now=now
            )
        assert [one.code for one in refused.value.errors] == ["empty"], kind
