"""Texts of hands that taught no word's weight, and the small cases of what their misses had in common."""

import pytest

from tests.tickets.matter.test_cases import rows, said_by
from tickets.matter import read_matter


@pytest.mark.parametrize(
    ("file", "label", "least_found", "most_false"),
    [
        ("matter_cases_twentyfourth.csv", "is_emergency", 0.96, 0.08),
        ("matter_cases_twentyfourth.csv", "about_official", 0.98, 0.05),
        ("matter_cases_twentyfourth.csv", "is_noise", 0.70, 0.01),
        ("matter_cases_twentyfifth.csv", "is_emergency", 0.92, 0.06),
        ("matter_cases_twentyfifth.csv", "about_official", 0.98, 0.07),
        ("matter_cases_twentysixth.csv", "is_emergency", 0.98, 0.05),
        ("matter_cases_twentysixth.csv", "about_official", 0.85, 0.07),
        ("matter_cases_twentysixth.csv", "is_not_solved", 0.85, 0.07),
        ("matter_cases_twentysixth.csv", "is_noise", 0.70, 0.01),
    ],
)
def test_strangers_texts_are_read_nearly_as_well(file: str, label: str, least_found: float, most_false: float) -> None:
    told = [(row[label], said_by(read_matter(row["text"]), label)) for row in rows(file)]

    found = [said for wanted, said in told if wanted == "yes"]
    false = [said for wanted, said in told if wanted == "no"]
    assert sum(found) >= least_found * len(found)
    assert sum(false) <= most_false * len(false)


@pytest.mark.parametrize(
    "said",
    [
        "Bán sim ngũ quý 77777 giá 12tr, hợp tuổi Tỵ, ai mua ib em",
        "Nền đất 4x16 Bà Điểm, chủ ngộp cần bán gấp, bớt lộc cho người thiện chí",
        "Nạp lần đầu tặng 100%, rút tiền trong 2 phút, vào link nhận ngay",
        "Ai đọc thì gửi lời cầu nguyện này cho 7 người, phước lành sẽ tới",
        "Chúc mừng thuê bao 0900 đã trúng thưởng một xe máy, soạn tin để nhận",
        "Cô Tư xem bói bài, cắt duyên, đặt lịch qua zalo",
        "Ma OTP cua quy khach la 105577, hieu luc 5 phut. Tuyet doi khong dua cho ai.",
        "Tin nhắn tự động: mời quý khách tái khám lúc 9h mai, mang theo sổ",
        "kb zalo nha e, a tên Hải",
    ],
)
def test_offers_chain_letters_and_machines_are_noise(said: str) -> None:
    assert read_matter(said).is_noise


@pytest.mark.parametrize(
    "said",
    [
        "VNeID không gửi mã OTP cho tôi, thử ba ngày rồi không vào được",
        "Có nhóm dán tờ rơi bán sim, cho vay khắp cột điện hẻm 12, nhờ phường gỡ",
        "Tôi bị lừa chuyển tiền vì tin nhắn báo trúng thưởng, giờ trình báo ở đâu",
        "Lô đất nhà tôi sổ riêng mà hàng xóm lấn qua nửa thước",
        "Chùa kế bên tụng nam mô qua loa từ 4 giờ sáng, cả hẻm mất ngủ",
        "Chùa đọc nam mô suốt đêm",
        "Người ta bán 2kg thịt heo thối ở chợ Tân Bình",
        "Bán 2 ký tôm bơm tạp chất ở chợ Bình Điền",
        "Mua 1 ký thịt về bị ôi",
        "Có người nhắn chúc mừng bạn đã trúng thưởng rồi lừa mẹ tôi",
        "Công ty nạp tiền tặng thưởng mà không cho rút tiền, tôi mất 200 triệu",
        "Họ treo bảng bán đất nền phân lô, sổ sẵn giả",
        "Có người đăng bán lô đất nền chính chủ ở Củ Chi, tôi cọc rồi họ biến mất",
        "Test xem gửi được không, đèn đường hẻm 12 hư",
        "Nhà bên cho thuê xem bói, cúng sao giải hạn, tối nào cũng tụ tập livestream zalo",
        "Lời kinh này cho người chết họ mở loa ba ngày",
        "Bên phường nói đã nhận được tin nhắn, sẽ trả lời, mà hai tuần chưa thấy",
    ],
)
def test_matters_that_name_the_same_things_are_no_noise(said: str) -> None:
    assert not read_matter(said).is_noise


def test_good_wishes_accuse_nobody_whichever_words_stand_in_them() -> None:
    reading = read_matter("Rồi nha, cám ơn mấy em, chúc cả tổng đài ngủ ngon")

    assert reading.asks_for_nothing
    assert not reading.may_accuse


@pytest.mark.parametrize(
    "said",
    [
        "Ổng móc súng ra chĩa vô bà chủ tiệm vàng",
        "Lật xuồng rồi",
        "Sập hầm còn người ở dưới",
        "Cúp điện mà ba tôi thở máy, bình còn mười phút",
        "Bà nội tôi bị lẫn ra khỏi nhà từ trưa, giờ chưa tìm thấy",
        "My dad has dementia, he walked out at noon and we cannot find him",
        "mấy thằng lôi em gái tôi lên xe chạy mất rồi",
        "A ceiling has come down in class 3 and two kids are underneath",
        "Our bus is stuck in the tunnel and the water is up to the windows",
    ],
)
def test_danger_told_in_passing_words_is_found(said: str) -> None:
    assert read_matter(said).may_be_danger


@pytest.mark.parametrize(
    "said",
    [
        "Cho hỏi máy tạo oxy cũ bỏ ở đâu cho đúng",
        "Tôi muốn đăng ký mua lại cây súng bắn đinh cho xưởng mộc, thủ tục sao",
        "Máy lạnh bảo hành 5 năm mà hãng không tới, kiện ở đâu",
    ],
)
def test_what_names_the_same_things_in_peace_is_no_danger(said: str) -> None:
    assert not read_matter(said).may_be_danger
