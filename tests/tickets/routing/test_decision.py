from dataclasses import replace

import pytest

from tickets.directory.categories import Hint
from tickets.routing.decision import PlaceFact, RoutingFacts, RoutingRules, guess_category, route
from tickets.routing.rule_rows import CategoryRule, LineRule, ProcedureRule, UnitRule
from tickets.states import Level, PlaceOutcome, Priority, QueueKind, UnitKind

DESK, OFFICE, WARD, OTHER_WARD, WORKS, INSPECTION = 1, 2, 10, 11, 20, 21
TRIAGE, OFFICE_CONDUCT, DESK_CONDUCT, WARD_WORK, WARD_CONDUCT, OTHER_WORK, WORKS_WORK = (
    101,
    102,
    103,
    110,
    111,
    112,
    120,
)
RUBBISH, FLOOD, STAFF, HEAD, BODY, FIRE = 1, 2, 3, 4, 5, 6
BIRTH, LICENCE, FREE = 1, 2, 3
CITY_LINE, WARD_LINE = 1, 2

RULES = RoutingRules(
    units={
        DESK: UnitRule(DESK, "TTDH", "Trung tâm điều hành", "City operations", UnitKind.OFFICE),
        OFFICE: UnitRule(OFFICE, "VPUB", "Văn phòng", "City Office", UnitKind.OFFICE),
        WARD: UnitRule(WARD, "26740", "Phường Sài Gòn", "Sai Gon Ward", UnitKind.WARD),
        OTHER_WARD: UnitRule(OTHER_WARD, "26734", "Phường Tân Định", "Tan Dinh Ward", UnitKind.WARD),
        WORKS: UnitRule(WORKS, "SXD", "Sở Xây dựng", "Department of Construction", UnitKind.DEPARTMENT),
    },
    queues={
        (DESK, QueueKind.TRIAGE): TRIAGE,
        (DESK, QueueKind.CONDUCT): DESK_CONDUCT,
        (OFFICE, QueueKind.CONDUCT): OFFICE_CONDUCT,
        (WARD, QueueKind.WORK): WARD_WORK,
        (WARD, QueueKind.CONDUCT): WARD_CONDUCT,
        (OTHER_WARD, QueueKind.WORK): OTHER_WORK,
        (WORKS, QueueKind.WORK): WORKS_WORK,
    },
    categories={
        RUBBISH: CategoryRule(RUBBISH, "rubbish", "Rác", "Rubbish", Level.WARD, WORKS, Priority.NORMAL),
        FLOOD: CategoryRule(FLOOD, "flood", "Ngập", "Flooding", Level.CITY, WORKS, Priority.URGENT),
        STAFF: CategoryRule(STAFF, "conduct_staff", "Thái độ", "Staff", Level.WARD, None, Priority.NORMAL, "staff"),
        HEAD: CategoryRule(HEAD, "conduct_head", "Lãnh đạo", "Head", Level.CITY, None, Priority.NORMAL, "head"),
        BODY: CategoryRule(BODY, "conduct_unit", "Đơn vị", "Unit", Level.CITY, None, Priority.NORMAL, "unit"),
        FIRE: CategoryRule(FIRE, "fire", "Cháy", "Fire", Level.WARD, None, Priority.EMERGENCY),
    },
    procedures={
        BIRTH: ProcedureRule(BIRTH, "1.001193", "Đăng ký khai sinh", Level.WARD, None, False),
        LICENCE: ProcedureRule(LICENCE, None, "Giấy phép xây dựng", Level.CITY, WORKS, False),
        FREE: ProcedureRule(FREE, None, "Chứng thực bản sao", Level.WARD, None, True),
    },
    lines={
        CITY_LINE: LineRule(CITY_LINE, "+842838000000", DESK, True),
        WARD_LINE: LineRule(WARD_LINE, "+842890026740", WARD, False),
    },
    operations_unit_id=DESK,
    office_unit_id=OFFICE,
    hints=(Hint("rac", RUBBISH), Hint("xe rac", RUBBISH), Hint("ngap", FLOOD), Hint("can bo", STAFF)),
)
HERE = PlaceFact(PlaceOutcome.UNIQUE, (WARD,), "phường bến nghé cũ")
SPLIT = PlaceFact(PlaceOutcome.SPLIT, (WARD, OTHER_WARD), "phường đa kao")


def codes(decision) -> list[str]:
    return [reason.code for reason in decision.reasons]


def test_a_category_of_the_ward_goes_to_the_ward_of_the_place_with_its_reasons():
    decision = route(RoutingFacts(category_id=RUBBISH, place=HERE), RULES)

    assert (decision.unit_id, decision.queue_id, decision.level) == (WARD, WARD_WORK, Level.WARD)
    assert codes(decision) == ["category_ward", "place_unique"]
    assert decision.reasons[1].params["said"] == "phường bến nghé cũ"


def test_a_category_of_the_city_goes_to_its_department_and_keeps_the_place():
    decision = route(RoutingFacts(category_id=FLOOD, place=HERE), RULES)

    assert (decision.unit_id, decision.level, decision.priority) == (WORKS, Level.CITY, Priority.URGENT)
    assert decision.place_unit_id == WARD


def test_an_emergency_goes_to_the_ward_and_city_operations_at_once():
    decision = route(RoutingFacts(emergency=True, category_id=RUBBISH, place=HERE), RULES)

    assert decision.priority is Priority.EMERGENCY
    assert decision.unit_id == WARD
    assert decision.coordinating_unit_id == DESK
    assert codes(decision)[0] == "emergency_said"


@pytest.mark.parametrize(
    ("said", "is_one"),
    [
        ("Nhà bên cạnh đang cháy lớn", True),
        ("chay nha o hem 12", True),
        ("Nước đang chảy ra đường", False),
        ("nuoc dang chay ra duong", False),
        ("Xe đang chạy ẩu", False),
    ],
)
def test_words_of_danger_make_an_emergency_and_words_that_only_look_alike_do_not(said, is_one):
    assert (route(RoutingFacts(said=said, place=HERE), RULES).priority is Priority.EMERGENCY) == is_one


def test_a_matter_about_staff_goes_restricted_to_the_head_of_the_unit_with_the_office_in_copy():
    decision = route(RoutingFacts(category_id=STAFF, place=HERE), RULES)

    assert (decision.unit_id, decision.queue_id) == (WARD, WARD_CONDUCT)
    assert decision.is_restricted
    assert decision.coordinating_unit_id == OFFICE
    assert decision.about_unit_id == WARD


@pytest.mark.parametrize("category_id", [HEAD, BODY])
def test_a_matter_about_a_head_or_the_unit_itself_goes_to_the_city_and_never_to_the_unit(category_id):
    decision = route(RoutingFacts(category_id=category_id, place=HERE), RULES)

    assert (decision.unit_id, decision.queue_id) == (OFFICE, OFFICE_CONDUCT)
    assert decision.is_restricted
    assert decision.about_unit_id == WARD


def test_the_office_does_not_decide_about_itself():
    decision = route(RoutingFacts(category_id=BODY, chosen_unit_id=OFFICE), RULES)

    assert decision.queue_id == DESK_CONDUCT


def test_praise_of_officials_accuses_nobody():
    assert guess_category("Cán bộ phường rất tốt", RULES) is None
    assert not route(RoutingFacts(said="Cán bộ phường rất tốt", place=HERE), RULES).is_restricted


def test_an_accusation_in_plain_words_goes_to_the_city_office_alone_and_says_because_of_which_words():
    decision = route(RoutingFacts(said="Cán bộ phường đòi 500 ngàn mới chịu nhận hồ sơ", place=HERE), RULES)

    assert (decision.unit_id, decision.queue_id) == (OFFICE, OFFICE_CONDUCT)
    assert decision.is_restricted
    assert (decision.about_unit_id, decision.coordinating_unit_id) == (WARD, None)
    assert decision.category_id == STAFF
    suspected = next(reason for reason in decision.reasons if reason.code == "officials_suspected")
    assert "đòi" in suspected.params["words"]


def test_an_accusation_goes_to_the_city_office_also_under_a_category_or_a_unit_the_citizen_chose():
    said = "Cán bộ phường đòi 500 ngàn mới chịu nhận hồ sơ"

    by_category = route(RoutingFacts(said=said, category_id=RUBBISH, place=HERE), RULES)
    by_procedure = route(RoutingFacts(said=said, procedure_id=BIRTH, place=HERE), RULES)
    by_unit = route(RoutingFacts(said=said, chosen_unit_id=WARD), RULES)

    assert {d.queue_id for d in (by_category, by_procedure, by_unit)} == {OFFICE_CONDUCT}
    assert by_category.category_id == RUBBISH


def test_a_head_accused_in_a_matter_about_staff_is_not_the_one_who_reads_it():
    about_staff = route(RoutingFacts(said="Cán bộ hộ tịch quát mắng tôi", category_id=STAFF, place=HERE), RULES)
    about_head = route(RoutingFacts(said="Chủ tịch phường quát mắng tôi", category_id=STAFF, place=HERE), RULES)

    assert about_staff.queue_id == WARD_CONDUCT
    assert about_head.queue_id == OFFICE_CONDUCT


def test_an_accusation_with_somebody_in_danger_is_open_to_the_citys_desk_and_to_no_ward():
    said = "Dân phòng đang đánh một anh bán hàng, máu chảy nhiều, nằm bất động, cứu với"

    decision = route(RoutingFacts(said=said, place=HERE), RULES)

    assert decision.priority is Priority.EMERGENCY
    assert (decision.unit_id, decision.queue_id, decision.is_restricted) == (DESK, TRIAGE, False)


def test_what_a_person_has_cleared_goes_where_it_belongs():
    said = "Cán bộ phường đòi 500 ngàn mới chịu nhận hồ sơ"

    decision = route(RoutingFacts(said=said, is_cleared=True, category_id=RUBBISH, place=HERE), RULES)

    assert (decision.queue_id, decision.is_restricted) == (WARD_WORK, False)


def test_words_that_leave_a_doubt_about_danger_make_it_urgent_and_not_an_emergency():
    decision = route(RoutingFacts(said="Cây phượng trước trường nghiêng hẳn, sắp đổ", place=HERE), RULES)

    assert decision.priority is Priority.URGENT
    assert codes(decision)[0] == "danger_doubtful"


def test_a_procedure_decides_the_level_before_the_category():
    decision = route(RoutingFacts(procedure_id=LICENCE, category_id=RUBBISH, place=HERE), RULES)

    assert decision.unit_id == WORKS
    assert codes(decision)[0] == "procedure_city"


def test_a_boundary_free_procedure_stays_with_the_unit_the_citizen_went_to():
    by_line = route(
        RoutingFacts(procedure_id=FREE, line_id=WARD_LINE, place=PlaceFact(PlaceOutcome.UNIQUE, (OTHER_WARD,))), RULES
    )
    bound = route(
        RoutingFacts(procedure_id=BIRTH, line_id=WARD_LINE, place=PlaceFact(PlaceOutcome.UNIQUE, (OTHER_WARD,))), RULES
    )

    assert by_line.unit_id == WARD
    assert bound.unit_id == OTHER_WARD


def test_the_line_dialled_decides_only_when_nothing_better_is_known():
    by_line = route(RoutingFacts(category_id=RUBBISH, line_id=WARD_LINE), RULES)
    by_place = route(
        RoutingFacts(category_id=RUBBISH, line_id=WARD_LINE, place=PlaceFact(PlaceOutcome.UNIQUE, (OTHER_WARD,))), RULES
    )

    assert by_line.unit_id == WARD
    assert "line_dialled" in codes(by_line)
    assert by_place.unit_id == OTHER_WARD


def test_what_nobody_can_place_waits_in_the_citys_triage_with_the_question_on_top():
    decision = route(RoutingFacts(category_id=RUBBISH, place=SPLIT, line_id=CITY_LINE), RULES)

    assert decision.queue_id == TRIAGE
    assert decision.needs_question
    assert codes(decision) == ["category_ward", "place_split", "undecided"]
    assert decision.reasons[1].params["units"] == ["Phường Sài Gòn", "Phường Tân Định"]


def test_a_category_is_guessed_from_the_longest_words_and_says_so():
    decision = route(RoutingFacts(said="Xe rác không tới, ngập nữa", place=HERE), RULES)

    assert decision.category_id == RUBBISH
    assert codes(decision)[0] == "category_guessed"
    assert decision.reasons[0].params["words"] == "Xe rác"


@pytest.mark.parametrize(
    ("said", "told"),
    [("Hẻm nhà tôi đầy rác, hôi lắm", "rác"), ("hem nha toi day rac", "rac"), ("RÁC\nNgã tư", "RÁC"),
     ("Ra\u0301c đầy hẻm", "Rác"), ("Hẻm đầy *rác*", "rác")],
)  # fmt: skip
def test_a_guess_shows_the_words_as_they_were_written(said, told):
    guess = guess_category(said, RULES)

    assert guess is not None and guess[1] == told


def test_a_text_between_two_categories_guesses_none():
    assert guess_category("rác và ngập", RULES) is None


def test_a_kind_of_the_citys_own_is_not_behind_because_single_words_have_learned_nothing_of_it():
    """The examples that taught the words know no such kind, and much of rubbish."""
    own = replace(RULES.categories[FLOOD], code="composting")
    hints = (Hint("u phan huu co", FLOOD),)
    city = replace(RULES, categories={**RULES.categories, FLOOD: own}, hints=hints)

    guess = guess_category("Rác nhà bếp đem ủ phân hữu cơ thì nộp ở đâu", city)

    assert guess is not None and guess[0].code == "composting"


def test_a_unit_the_citizen_chose_beats_what_the_text_says():
    decision = route(RoutingFacts(category_id=RUBBISH, chosen_unit_id=OTHER_WARD, place=HERE), RULES)

    assert decision.unit_id == OTHER_WARD
