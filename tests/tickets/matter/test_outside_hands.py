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
        ("matter_cases_twentyseventh.csv", "is_emergency", 0.98, 0.08),
        ("matter_cases_twentyseventh.csv", "about_official", 0.92, 0.07),
        ("matter_cases_twentyseventh.csv", "is_not_solved", 0.88, 0.05),
        ("matter_cases_twentyseventh.csv", "is_noise", 0.80, 0.01),
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


@pytest.mark.parametrize(
    "said",
    [
        "Thủ thư thư viện thành phố quát bà cụ: sách này không để cho hạng người như bà, rồi đuổi ra cửa",
        "Anh gác chắn tàu nhậu trong chòi, bỏ mặc dân tự kéo rào",
        "The park rangers fine only the vendors who do not give them money",
        "Nhân viên soát vé phà thu tiền rồi không đưa vé, bỏ túi",
        "Bưu tá đi phát lương hưu ăn chặn mỗi cụ 50 ngàn tiền xăng",
    ],
)
def test_who_serves_the_public_in_a_seldom_named_office_is_an_official(said: str) -> None:
    assert read_matter(said).may_accuse


@pytest.mark.parametrize(
    "said",
    [
        "Con tôi chích ngừa đủ mũi rồi, giờ trường đòi giấy mà tôi làm mất cuốn sổ, xin lại ở đâu",
        "Anh cảnh sát bị tôi chửi oan bữa trước, nhờ chuyển lời xin lỗi anh",
        "Hồ sơ tái định cư đã nộp tháng trước, cho hỏi bao giờ có kết quả",
        "Tổ trưởng bên xưởng đòi công nhân mới nộp 500 ngàn",
    ],
)
def test_who_thanks_asks_or_speaks_of_a_company_accuses_no_office(said: str) -> None:
    assert not read_matter(said).may_accuse


def test_who_is_in_danger_and_names_no_office_accuses_none() -> None:
    said = "Tôi xem camera thấy chị giúp việc trùm mền lên mặt con tôi rồi ngồi đè, cháu mới 5 tháng, xin cử người tới"
    reading = read_matter(said)

    assert reading.is_danger
    assert not reading.may_accuse


@pytest.mark.parametrize(
    "said",
    [
        "tinh trang ho so cua chau voi",
        "PHIEU 26 00",
        "asd asd qwe 111",
        "테스트",
        "(nhạc chờ, tiếng ho, không ai nói, 11 giây)",
        "(tiếng ti vi đọc tin thể thao, không ai nói vào máy, 14 giây thì ngắt)",
        "(TB) TPBank khuyen mai: hoan tien 10% khi mo the tin dung, dang ky truoc 30/11. LH +84900007002",
        "dat xe 7 cho di vung tau sang chu nhat 1tr2 bao cau duong, can thi alo em Phuc",
        "Your package is held at customs. Confirm the fee at bit-parcel.example to release it today.",
    ],
)
def test_machines_mashed_keys_and_calls_in_which_nobody_speaks_are_noise(said: str) -> None:
    assert read_matter(said).is_noise


@pytest.mark.parametrize(
    "said",
    [
        "tình trạng hồ sơ của con tôi trễ 2 tháng",
        "phiếu 26 0042 1733",
        "(tiếng la cứu với, tiếng đập cửa, rồi im lặng)",
        "Hãng xe 7 chỗ đi Vũng Tàu thu tiền rồi bỏ khách giữa đường, tôi tố cáo",
        "1111",
    ],
)
def test_what_only_looks_like_these_is_no_noise(said: str) -> None:
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
