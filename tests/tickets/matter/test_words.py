"""How words are read: with and without marks, in shorthand and Telex, in order and near, past and denied."""

import pytest

from tickets.matter import Certainty, read_matter
from tickets.matter.patterns import Patterns, parse
from tickets.matter.phrases import Phrasebook
from tickets.matter.text import read_text


def is_found(pattern: str, said: str) -> bool:
    book = Phrasebook()
    rule = parse(book, "anything", 2, pattern)
    text = read_text(said, {"ck": ("chồng",)})
    return bool(Patterns([rule]).found(book.find(text).hits, text))


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("đánh vợ", "Nó ĐÁNH VỢ dữ lắm"),
        ("đánh vợ", "no danh vo du lam"),
        ("đánh vợ", "nos ddanhs vowj duwx lawms"),
        ("hoả hoạn", "hỏa hoạn"),
        ("dây điện ~4 đứt", "dây điện trước nhà bị đứt"),
        ("lửa & kẹt", "còn người kẹt, lửa lên lầu rồi"),
        ("cầm ~2 dao", "cầm d.a.o"),
        ("chồng", "ck e"),
        ("cứu", "cứuuuu"),
        ("cháy|nổ", "nổ rồi"),
        ("不省人事", "他不省人事了"),
        ("bễ", "bể"),
    ],
)
def test_a_pattern_is_found_however_it_is_written(pattern: str, said: str) -> None:
    assert is_found(pattern, said)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("cháy", "nước đang chảy"),
        ("=cháy", "xe dang chay"),
        ("chạy", "Tôi ăn chay trường từ nhỏ tới giờ"),
        ("dây điện ~1 đứt", "dây điện ở trước nhà tôi bị đứt"),
        ("dây điện ~4 đứt", "đứt dây điện"),
        ("vợ ~8 chết", "Nó bỏ vợ. Hôm qua con chó nhà bên chết."),
        ("gas", "it was for us"),
    ],
)
def test_what_only_looks_alike_is_not_found(pattern: str, said: str) -> None:
    assert not is_found(pattern, said)


@pytest.mark.parametrize(
    "said",
    [
        "Vé ca nhạc cháy hàng rồi",
        "Năm ngoái nhà tôi bị cháy, xin hỏi thủ tục hỗ trợ",
        "Trường mở lớp dạy bơi phòng chống đuối nước",
        "Tiền điện tăng muốn đột quỵ luôn",
        "Đám cháy hôm qua đã dập tắt, không ai bị gì",
        "Where can I buy a fire extinguisher?",
        "",
        "😂😂",
        "a" * 20_000,
    ],
)
def test_past_question_lesson_idiom_and_nothing_are_no_danger(said: str) -> None:
    assert not read_matter(said).is_danger


def test_the_reason_names_the_words_of_the_text() -> None:
    read = read_matter("Ông kế bên đang đánh vợ, chị ấy la cứu")

    assert read.danger.certainty is Certainty.YES
    assert "đánh vợ" in read.danger.because
    assert "violence" in read.danger.kinds


def test_a_swindler_who_says_to_be_an_official_accuses_none() -> None:
    swindler = read_matter("Có người tự xưng công an gọi điện đòi tôi chuyển 5 triệu")
    official = read_matter("Công an phường gọi tôi lên đòi 5 triệu mới trả xe")

    assert not swindler.may_accuse
    assert official.may_accuse


@pytest.mark.parametrize(
    "said",
    [
        "chưa xong hôm qua nhưng nay xong rồi",
        "chua xong hom qua nhung nay xong roi",
        "hôm qua chưa xong, hôm nay xong rồi",
        "hqua chưa xong mà nay xong r",
        "chưa xong bữa trước, giờ ok rồi",
        "trước chưa sửa mà nay sửa rồi, cảm ơn",
        "tưởng chưa xong ai dè xong rồi",
        "It wasn't fixed yesterday but it's fixed now",
        "not fixed yesterday, but now it is fixed",
        "still not fixed yesterday, done today",
        "nay xong rồi, hôm qua thì chưa xong",
        "đã xử lý dứt điểm, cảm ơn",
        "không còn ngập nữa",
        "hết ngập rồi, không còn ngập nữa, cảm ơn",
        "Lúc nãy em nhắn chưa xong, mà giờ xong rồi nha",
        "chưa xong. à không, xong rồi",
        "vẫn chưa sửa hôm qua, sáng nay đã sửa xong",
        "Đèn hôm qua vẫn tối nhưng tối nay sáng lại rồi",
        "hom qua van chua don rac, nay don sach roi cam on",
        "bữa hổm chưa hốt rác, bữa nay hốt rồi",
        "it was not resolved at first but everything is resolved now",
        "Xin lỗi, em nhắn nhầm chưa xong, đã xong rồi ạ",
        "Nothing happened for a week but it is finally fixed",
        "hôm qua thì chưa, nay xong rồi",
        "chưa xong thì hôm qua, nay xong hết rồi",
        "hồi sáng chưa xong nhưng chiều nay đội đã làm xong rồi ạ",
        "They had not fixed it yesterday, but today it works fine",
    ],
)
def test_what_was_not_done_and_is_by_now_is_solved(said: str) -> None:
    assert not read_matter(said).says_not_solved


@pytest.mark.parametrize(
    "said",
    [
        "Chưa xong",
        "chua xong",
        "chưa xong đâu",
        "Chưa xong!",
        "ch xong",
        "chưa xog",
        "vẫn chưa xong",
        "chưa xong mà báo xong rồi",
        "chưa xong mà sao giờ ghi xong rồi?",
        "báo là đã xong mà nay vẫn chưa xong",
        "hôm qua nói xong rồi mà nay vẫn còn",
        "chưa hết ngập",
        "vẫn chưa hết ngập",
        "giờ xong rồi nhưng lại hư",
        "hôm qua xong rồi, nay lại ngập",
        "nay mới xong một nửa, chưa xong",
        "chưa xong, giờ xong đâu mà xong",
        "not done",
        "Not fixed",
        "still not fixed",
        "it isn't done yet",
        "You said it is fixed now but it is still broken",
        "nothing was done",
        "chưa giải quyết",
        "chưa giải quyết, đề nghị làm cho dứt điểm",
        "chưa xong nhưng phường ghi đã xử lý xong",
        "k xong",
        "ko giải quyết dc gì",
        "chưa đc",
        "sửa rồi mà vẫn hư",
        "chưa sửa xong",
        "nhưng vẫn chưa xong",
        "Giờ đã xong chưa? Tôi thấy vẫn còn rác",
        "mới sửa xong hôm qua mà nay hư lại",
        "It was fixed but now it is broken again",
        "you marked it as done but nothing is fixed",
        "vẫn còn ngập hôm qua tới nay",
        "chưa xong, nay vẫn vậy",
        "giờ vẫn chưa được giải quyết",
        "hôm qua chưa xong, hôm nay vẫn chưa xong",
        "hok xong",
        "chưa đc",
        "chưa ok",
        "Not resolved.",
        "not done yet",
        "hôm qua nói chưa xong hôm nay cũng chưa xong",
        "nothing is fixed",
    ],
)
def test_done_by_half_by_hearsay_or_for_a_while_is_not_solved(said: str) -> None:
    assert read_matter(said).says_not_solved
