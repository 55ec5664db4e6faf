"""What corrections teach: a kind for texts like those that were corrected, nothing before there are enough of them."""

import csv

from tickets.matter import read_matter
from tickets.matter.learned import LEAST_CORRECTED, MOST_CORRECTED, Corrected, OtherText, learn, most_like
from tickets.matter.lists import FILES

MOTHS = [
    "Tối nào thiêu thân cũng bu đầy đèn trước cửa, nhờ phường xử lý",
    "Thiêu thân bay vô nhà nhiều quá, tối không dám mở đèn",
    "Mấy con thiêu thân bu kín bóng đèn quán tôi, phải đóng cửa sớm",
    "Xin hỏi thiêu thân nhiều vậy có sao không, bu kín tường nhà",
    "nha toi thieu than bu kin cua kinh, con nho so khong ngu duoc",
    "Nhà tui thiêu thân bay đầy, bu kín mùng",
]
EXAMPLES = [
    OtherText(row["text"], frozenset(row["categories"].split("|")))
    for row in csv.DictReader((FILES / "examples.csv").open(encoding="utf-8"))
    if row["categories"]
]


def read(text: str) -> list[str]:
    return [one.code for one in read_matter(text).categories]


def first(text: str) -> str:
    return (read(text) or [""])[0]


def taught(texts: list[str], to: str = "animal_keeping") -> list[Corrected]:
    return [Corrected(text, first(text), to) for text in texts]


def told(text: str, corrected: list[Corrected]) -> str | None:
    like = most_like(text, learn(corrected, EXAMPLES), read=read(text))
    return like.kind.code if like else None


def test_after_enough_corrections_a_new_text_like_them_is_of_their_kind() -> None:
    new = "Chung cư tôi thiêu thân bu đầy hành lang, đèn nào cũng kín"

    assert told(new, taught(MOTHS[: LEAST_CORRECTED - 1])) is None, "too few have no voice"
    assert told(new, taught(MOTHS)) == "animal_keeping"
    assert told("thieu than bu kin nha tui", taught(MOTHS)) == "animal_keeping", "without marks"


def test_the_same_corrections_in_another_order_teach_the_same() -> None:
    """Only of more corrections than are learned from are the newest, which come first, the ones that count."""
    given = [*taught(MOTHS), *taught([f"Rác đầy hẻm số {at}, xe rác không tới" for at in range(8)], "rubbish")]

    assert learn(given[::-1], EXAMPLES[::-1]) == learn(given, EXAMPLES)
    assert len(given) < MOST_CORRECTED


def test_its_words_are_those_that_the_texts_share() -> None:
    (kind,) = learn(taught(MOTHS), EXAMPLES)

    assert "thieu than" in kind.words[:3]
    like = most_like("thiêu thân bu kín cả nhà", [kind], read=[])
    assert like is not None and "thieu than" in " ".join(like.words)


def test_the_same_text_sent_five_times_is_one_lesson() -> None:
    assert learn(taught(MOTHS[:1] * 6), EXAMPLES) == ()


def test_texts_that_share_nothing_teach_nothing() -> None:
    mixed = ["Đường hư", "Cây nghiêng quá", "Mất nước hai hôm", "Loa ồn", "Kẹt xe hoài", "Rác đầy hẻm"]

    assert learn(taught(mixed, "park"), EXAMPLES) == ()


def test_no_labelled_text_is_read_as_another_kind_for_what_was_learned() -> None:
    rubbish = [f"Rác đầy hẻm số {at}, xe rác không tới, {more}" for at, more in enumerate(MOTHS)]
    learned = learn([*taught(MOTHS), *taught(rubbish, "park")], EXAMPLES)

    wrong = [
        one.text
        for one in EXAMPLES
        if (like := most_like(one.text, learned, read=read(one.text))) and like.kind.code not in one.kinds
    ]
    assert wrong == []
