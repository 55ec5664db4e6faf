"""What a text message asks for is read from its words, in every spelling people use."""

import pytest

from telephony.sms.codes import CodesIntent
from telephony.sms.intent import (
    DoubtfulIntent,
    HelpIntent,
    StartIntent,
    StatusIntent,
    StopIntent,
    TextIntent,
    parse_sms,
    without_pin,
)


@pytest.mark.parametrize(
    "body",
    [
        "TT 2600421733", "tt2600421733", "TT: 26 0042 1733", "TT 26-0042-1733", "Tt.2600421733.", "TT #2600421733",
        "Tra cứu 2600421733", "TRA CUU ma phan anh 2600421733", "tình trạng phiếu số 26 0042 1733", "status 2600421733",
        "tt hồ sơ 2600421733", "2600421733", "26 0042 1733", "kết quả 2600421733",
    ],
)  # fmt: skip
def test_a_reference_alone_asks_for_its_state(body):
    assert parse_sms(body) == StatusIntent("2600421733")


@pytest.mark.parametrize(
    "body",
    ["TT 2600421733 123456", "tt 26 0042 1733 pin 123456", "TT 2600421733 mã PIN: 123 456", "tt2600421733-123456"],
)
def test_a_reference_with_its_pin_asks_for_more(body):
    assert parse_sms(body) == StatusIntent("2600421733", "123456")


@pytest.mark.parametrize(
    "body",
    [
        "HUY TIN", "hủy tin", "TU CHOI", "từ chối", "Dung tin", "Stop", "STOP!", "unsubscribe", " huy  dk ",
    ],
)  # fmt: skip
def test_a_stop_word_alone_stops(body):
    assert parse_sms(body) == StopIntent(body.casefold().strip(" !").replace("  ", " "))


@pytest.mark.parametrize(
    ("body", "wish"),
    [
        ("STOP 🙏", "stop"), ("(STOP)", "stop"), ("“Stop”…", "stop"), ("ＳＴＯＰ", "stop"), ("- stop -", "stop"),
        ("STOP please", "stop"), ("hủy tin\u200b", "hủy tin"), ("Hủy tin nhan", "hủy tin nhan"), ("huỷ tin", "huỷ tin"),
        ("từ choi", "từ choi"), ("xin hủy tin ạ", "hủy tin"), ("Từ chối nhận tin nhắn", "từ chối nhận tin nhắn"),
        ("ngưng nhan tin", "ngưng nhan tin"), ("khong nhan tin nua", "khong nhan tin nua"), ("opt out", "opt out"),
        ("Vui lòng ngừng nhận tin", "ngừng nhận tin"),
    ],
)  # fmt: skip
def test_a_wish_to_hear_nothing_is_read_through_signs_marks_and_politeness(body, wish):
    assert parse_sms(body) == StopIntent(wish)


@pytest.mark.parametrize(
    "body",
    [
        "HUY TAT CA",
        "dừng tất cả",
        "STOP TẤT CẢ",
        "tu chối tat ca",
        "Hủy tất cả.",
        "Từ chối tất cả",
        "STOPALL",
        "stop all",
    ],
)
def test_whoever_wants_nothing_at_all_can_say_so(body):
    assert parse_sms(body).everything


@pytest.mark.parametrize(
    "body",
    [
        "hủy",
        "Huỷ.",
        "dừng",
        "Dừng lại!",
        "Ngừng",
        "ngưng",
        "Huy",
        "HUY 🙏",
        "dung",
        "DUNG",
        "(Dung)",
        "Dung.",
        "cancel",
        "END",
        "quit",
    ],
)
def test_a_word_that_may_be_an_answer_stops_nothing(body):
    assert isinstance(parse_sms(body), DoubtfulIntent)


@pytest.mark.parametrize(
    "body",
    [
        "Từ chối ạ", "Từ chối?", "STOP?", "xin từ chối", "đúng tin", "Đúng tất cả", "dung tat ca",
        "Đúng", "đừng", "Dũng",
        "Xin hủy hồ sơ khai sinh của tôi", "Đề nghị dừng thi công ban đêm",
        "dung o day khong duoc", "Tu choi tiep nhan ho so la sao", "TT pho co ngap nuoc", "tt 12345",
        "Toi goi 0901234567 khong ai nghe", "0901234567", "tt 0901234567 khong nghe may", "", "👍",
        "ok toi se cho", "Số nhà 2600421733 đường Lê Lợi",
    ],
)  # fmt: skip
def test_a_sentence_is_a_matter_even_with_such_a_word_in_it(body):
    assert parse_sms(body) == TextIntent(body)


@pytest.mark.parametrize("body", ["START", "Đăng ký", "dang ky", "unstop"])
def test_a_start_word_alone_starts_again(body):
    assert isinstance(parse_sms(body), StartIntent)


@pytest.mark.parametrize("body", ["HELP", "trợ giúp", "?"])
def test_a_cry_for_help_with_the_service_is_understood(body):
    assert isinstance(parse_sms(body), HelpIntent)


@pytest.mark.parametrize(
    ("body", "code", "instruction"),
    [
        ("GN 4831", "4831", ""),
        ("gn4831 Giao Sở Xây dựng trả lời trước 25/11", "4831", "Giao Sở Xây dựng trả lời trước 25/11"),
        ("Ghi nhận 483126: họp sáng mai", "483126", "họp sáng mai"),
        ("ACK 4831 call me… now", "4831", "call me… now"),
        ("GN 483 126", "483126", ""),
        ("gn 48 31 26 họp sáng mai", "483126", "họp sáng mai"),
        ("GN 4831-26: làm ngay", "483126", "làm ngay"),
        ("GN 4831 25/11 trả lời dân", "4831", "25/11 trả lời dân"),
        ("GN 48312 25 ngày nữa", "48312", "25 ngày nữa"),
        ("GN 4831 2.5 tỷ", "4831", "2.5 tỷ"),
        ("OK 48312", "48312", ""),
    ],
)
def test_a_leader_acknowledges_by_code_with_an_instruction(body, code, instruction):
    assert parse_sms(body) == CodesIntent((code,), instruction)


@pytest.mark.parametrize(
    ("body", "codes", "instruction"),
    [
        ("482913", ("482913",), ""),
        ("482 913.", ("482913",), ""),
        ("482913 làm ngay", ("482913",), "làm ngay"),
        ("GN 482913 115522 làm ngay", ("482913", "115522"), "làm ngay"),
        ("gn 482913, 115522 và 998877: họp", ("482913", "115522", "998877"), "họp"),
        ("GN 482913 gn 115522", ("482913", "115522"), ""),
        ("GN 482913 500000 đồng phải trả lại", ("482913",), "500000 đồng phải trả lại"),
        ("GN 482913 20/11/2024 họp", ("482913",), "20/11/2024 họp"),
        ("GN ４８２９１３ x", ("482913",), "x"),
    ],
)
def test_a_code_may_stand_alone_or_with_others(body, codes, instruction):
    assert parse_sms(body) == CodesIntent(codes, instruction)


@pytest.mark.parametrize(
    ("body", "reply"),
    [
        ("GN", CodesIntent()),
        (" gn. ", CodesIntent()),
        ("Ghi nhận!", CodesIntent()),
        ("gn: họp chiều nay", CodesIntent((), "họp chiều nay")),
        ("GN 12 giờ họp", CodesIntent((), "12 giờ họp")),
        ("Tc", CodesIntent(passes_up=True)),
        ("TRÌNH CẤP TRÊN", CodesIntent(passes_up=True)),
        ("tc 482 913", CodesIntent(("482913",), passes_up=True)),
        ("Trình cấp trên 482913: vượt thẩm quyền", CodesIntent(("482913",), "vượt thẩm quyền", passes_up=True)),
        ("TC482913 115522", CodesIntent(("482913", "115522"), passes_up=True)),
    ],
)
def test_a_leader_may_leave_the_code_out_or_pass_a_level_up(body, reply):
    assert parse_sms(body) == reply


@pytest.mark.parametrize("body", ["TC phường không giải quyết", "TC 2024 chưa quyết toán", "Ghi nhận ý kiến", "gnome"])
def test_words_that_only_begin_alike_are_words(body):
    assert parse_sms(body) == TextIntent(body)


@pytest.mark.parametrize("body", ["48291", "0903123456", "500000 đồng", "123 Lê Lợi ngập", "20112024 họp", "1"])
def test_other_numbers_are_no_codes(body):
    assert parse_sms(body) == TextIntent(body)


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("TT 2600421733 123456", "TT 2600421733 ****"),
        ("tt 26 0042 1733 mã PIN: 123 456.", "tt 26 0042 1733 mã PIN: ****."),
        ("tt2600421733-123456", "tt2600421733-****"),
        ("2600421733123456", "2600421733****"),
        ("TT 2600421733", "TT 2600421733"),
        ("Cống nghẹt ở số 123456", "Cống nghẹt ở số 123456"),
        ("GN 123456 làm ngay", "GN 123456 làm ngay"),
    ],
)
def test_only_the_pin_of_a_question_is_masked(body, kept):
    assert without_pin(body, parse_sms(body)) == kept


@pytest.mark.parametrize(
    "body",
    [
        "ok 2024 tôi sẽ nộp hồ sơ", "OK 2025", "ok 20/11 nhé", "ok 20/11/2024", "ok 20 11 2024 họp", "Ok 20112024",
        "ok 500000 đồng", "ok 15 000 dong", "Ghi nhận 2024 có nhiều phản ánh", "ok 250.000đ",
    ],
)  # fmt: skip
def test_years_days_and_amounts_that_somebody_agrees_to_are_no_code(body):
    assert parse_sms(body) == TextIntent(body)
