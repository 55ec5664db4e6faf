"""The little words around a name that say what kind of name it is: ward, street, cue, person, landmark."""

from collections.abc import Mapping
from dataclasses import dataclass

from tickets.directory.places.fold import exact_key, key
from tickets.directory.places.read import PlaceText

Phrase = tuple[tuple[str, ...], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class KindWord:
    """A word or two that announce a name: what the name then is, and whether the writer shortened it."""

    phrase: Phrase
    said_as: str
    is_short: bool


class Phrases:
    """Phrases by their first folded word; they are given in lists with commas."""

    def __init__(self, *lists: str) -> None:
        self._by_first: dict[str, list[Phrase]] = {}
        self.longest = 0
        for phrase in ", ".join(lists).split(", "):
            folded = key(phrase)
            self._by_first.setdefault(folded[0], []).append((folded, exact_key(phrase)))
            self.longest = max(self.longest, len(folded))

    def at(self, text: PlaceText, start: int) -> int:
        """How many words from `start` on are one of the phrases; 0 if none is."""
        if start < 0 or start >= len(text.words):
            return 0
        found = self._by_first.get(text.words[start].fold, ())
        return max((len(folded) for folded, exact in found if says(text, start, folded, exact)), default=0)

    def before(self, text: PlaceText, end: int) -> int:
        """How many words right before `end` are one of the phrases."""
        for length in range(self.longest, 0, -1):
            if self.at(text, end - length) == length:
                return length
        return 0


def says(
    text: PlaceText, start: int, folded: tuple[str, ...], exact: tuple[str, ...], *, lenient: bool = False
) -> bool:
    """Whether these words stand there. A writer who uses marks means other words when they differ: "xa" is far, "xã" a
    commune; `lenient` forgives marks left out, never wrong ones.
    """
    if start + len(folded) > len(text.words):
        return False
    for offset, (fold, marks) in enumerate(zip(folded, exact, strict=True)):
        word = text.words[start + offset]
        if word.fold != fold or (offset and word.gap not in ("space", "glued", "hyphen")):
            return False
        if word.exact != marks and (word.is_marked or (text.is_marked and not lenient)):
            return False
    return True


def _kinds() -> Mapping[str, tuple[KindWord, ...]]:
    found: dict[str, list[KindWord]] = {}
    for said_as, full, short in (
        ("ward", ("phường", "phường số", "ward"), ("p", "ph", "f", "phg")),
        ("commune", ("xã", "commune"), ("x",)),
        ("town", ("thị trấn",), ("tt",)),
        ("special_zone", ("đặc khu", "special zone"), ("đk",)),
        ("district", ("quận", "huyện", "thị xã", "thành phố", "district"), ("q", "h", "tx", "tp", "dist")),
        ("province", ("tỉnh", "province"), ()),
    ):
        for phrase in (*full, *short):
            kind = KindWord((key(phrase), exact_key(phrase)), said_as, is_short=phrase in short)
            found.setdefault(key(phrase)[0], []).append(kind)
    return {first: tuple(sorted(kinds, key=lambda k: -len(k.phrase[0]))) for first, kinds in found.items()}


KIND_WORDS = _kinds()
ENGLISH_AFTER_NAME: Mapping[str, str] = {"ward": "ward", "commune": "commune", "district": "district"}

# Between a ward and the district it belongs to, nothing else may stand.
CONNECTING = Phrases("cũ, mới, thuộc, của, tại, ở, trước đây, of, in")
FORMER = Phrases("cũ, trước đây, trước kia, old, former")
RENEWED = Phrases("mới, hiện nay, bây giờ, new")
NOW_CALLED = Phrases(
    "nay là, nay thuộc, hiện là, giờ là, bây giờ là, nay, đổi thành, nhập vào, now, cũ là, trước là",
)

CUES = Phrases(
    "ở, tại, thuộc, khu, khu vực, địa bàn, dưới, trên, bên, về, trong, qua, sang, đến, tới, và, hoặc, địa chỉ",
    "đc, in, at, near, and, or",
    "UBND, ủy ban, uỷ ban, ủy ban nhân dân, công an, ca, trụ sở, bộ phận một cửa",
)
# Without marks the other cues are too many words: "trong tám tháng" is no Tam Thắng, "về cắt lại" no Cát Lái.
CUES_WITHOUT_MARKS = Phrases("ở, tại, thuộc, khu vực, địa bàn, địa chỉ, đc, hoặc, UBND, ủy ban nhân dân, in, at, near")
STREETS = Phrases(
    "đường, đường số, đg, hẻm, hẻm số, ngõ, ngách, kiệt, phố, quốc lộ, tỉnh lộ, hương lộ, đại lộ, xa lộ",
    "ql, tl, hl, street, road, số nhà, nhà số, số",
)
# After these a number ends the name of the street; after "hẻm 12" or "số 12" the name of the street follows.
STREETS_WITH_NUMBERS = Phrases("đường, đường số, đg, quốc lộ, tỉnh lộ, hương lộ, ql, tl, hl")
STREETS_AFTER_NAME = Phrases("street, st, road, rd, avenue, ave")
# Before two streets that meet, and between them.
CROSSINGS = Phrases(
    "ngã tư, ngã ba, ngã năm, ngã sáu, ngã bảy, giao lộ, nút giao, nút, góc, góc đường, giao lộ giữa, chỗ giao,"
    " corner of, corner, junction of, junction, crossing of, intersection of, intersection"
)
BETWEEN_STREETS = Phrases(
    "và, với, cắt, giao, giao với, x, and, with, đường, và đường, với đường, cắt đường, góc, góc đường"
)
NEIGHBOURHOODS = Phrases("kp, khu phố, tổ, ấp, thôn, khu, tổ dân phố, block, lô")
NAMED_NEIGHBOURHOODS = Phrases("kp, khu phố, ấp, thôn, xóm")
PERSON_WORDS = Phrases("tên, tên là, anh, chị, ông, chú, bác, thầy, mr, ms, mrs")
PEOPLE_WITHOUT_MARKS = Phrases("tên, tên là, anh, mr, ms, mrs")
LANDMARKS = Phrases(
    "chợ, cầu, bệnh viện, bv, trường, tiểu học, thcs, thpt, mầm non, chùa, nhà thờ, đình, miếu, sân bay, bến xe, ga",
    "cảng, phà, bến phà, công viên, chung cư, cc, khu công nghiệp, kcn, khu đô thị, kđt, khu dân cư, kdc",
    "khu chế xuất, kcx, siêu thị, ngã tư, ngã ba, vòng xoay, sông, kênh, rạch, hồ, công ty, cty, nhà máy",
    "khách sạn, quán, cafe, gần, hướng",
)
SURNAMES = Phrases(
    "nguyễn, trần, lê, phạm, hoàng, huỳnh, phan, vũ, võ, đặng, bùi, đỗ, hồ, ngô, dương, lý, trương, đinh, lâm",
    "mai, tô, cao, châu, thái",
)
SURNAMES_WITHOUT_MARKS = Phrases("nguyễn, trần, phạm, huỳnh, hoàng, trương, đặng")
# A ward that bears a person's name shares it with streets and with people.
FULL_SURNAMES = frozenset(["nguien", "le", "pham", "vo", "tran"])
# "lên phường 3 lần", "nộp ở phường 10 ngày": the number counts what follows.
COUNTED = Phrases(
    "lần, ngày, tháng, năm, giờ, tuần, phút, người, hộ, căn, cái, bộ, triệu, nghìn, ngàn, đồng, m, km, mét, tầng",
    "buổi, hôm, đợt, trường hợp, hồ sơ, cán bộ, con, chiếc, cây, times, days, weeks, months, years",
)
# Kind and first word of a name that are also words of their own: "phương án", "phương Đông", "xã hội".
OTHER_WORDS = frozenset([("phuong", "an"), ("phuong", "dong"), ("phuong", "tai"), ("xa", "hoi"), ("xa", "hoa")])
FAR = Phrases("cách, rất, khá, hơi, quá, từ, đi")

NUMBER_WORDS: Mapping[str, tuple[str, int]] = {
    key(word)[0]: (exact_key(word)[0], number)
    for number, word in enumerate(["một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín", "mười"], start=1)
}
_UNITS_AFTER_TEN: Mapping[str, int] = {"mot": 1, "hai": 2, "ba": 3, "bon": 4, "tu": 4, "lam": 5, "nam": 5} | {
    "sau": 6,
    "bai": 7,
    "tam": 8,
    "chin": 9,
}


def spoken_number(text: PlaceText, start: int) -> tuple[int, int] | None:
    """A number in words as (number, words used): "mười hai" is (12, 2), "hai mươi" (20, 2), "hai mươi tám" (28, 3)."""
    first = _digit_word(text, start)
    if first is None:
        return None
    following = text.words[start + 1].fold if _continues(text, start + 1) else ""
    if first == 10 and following in _UNITS_AFTER_TEN:
        return 10 + _UNITS_AFTER_TEN[following], 2
    if first == 2 and following == "muoi":
        last = text.words[start + 2].fold if _continues(text, start + 2) else ""
        return (20 + _UNITS_AFTER_TEN[last], 3) if last in _UNITS_AFTER_TEN else (20, 2)
    return first, 1


def _digit_word(text: PlaceText, start: int) -> int | None:
    if start >= len(text.words):
        return None
    exact, number = NUMBER_WORDS.get(text.words[start].fold, ("", 0))
    return number if number and says(text, start, (text.words[start].fold,), (exact,)) else None


def _continues(text: PlaceText, position: int) -> bool:
    return position < len(text.words) and text.words[position].gap == "space"
