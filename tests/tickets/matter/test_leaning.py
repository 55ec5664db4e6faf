"""How word weights are learned: by what the examples say, and neither by their order nor by what is none of theirs."""

from tickets.matter.leaning import ALONE
from tools.lean_words import Example, Held, fit

HELD = Held(0.01, 1.5)
TOLD = {
    "khói lửa cháy nhà": 1,
    "cháy lớn khói mù": 1,
    "lửa bén rèm cháy": 1,
    "khói bếp hàng xóm": 0,
    "đèn đường cháy bóng": 0,
    "rác đầy hẻm nhà": 0,
    "đèn hẻm không sáng": 0,
    "rác hàng xóm đường": 0,
}
PICTURES = ("ảnh chụp sáng nay", "hình chụp sáng nay", "ảnh hình gửi thêm")


def examples(told: dict[str, int]) -> list[Example]:
    return [Example(tuple(sorted(text.split())), label) for text, label in told.items()]


def test_the_same_examples_in_another_order_teach_the_same() -> None:
    given = examples(TOLD)

    assert fit(given[::-1], HELD) == fit(given, HELD) == fit([*given[3:], *given[:3]], HELD)


def test_what_the_examples_say_is_learned_and_what_one_text_alone_has_is_not() -> None:
    weights = fit(examples(TOLD), HELD)

    assert weights["khói"] > 0 > weights["rác"]
    assert "rèm" not in weights


def test_teaching_what_pictures_show_takes_no_other_text_to_the_other_side() -> None:
    before = fit(examples(TOLD), HELD)
    after = fit(examples(TOLD | dict.fromkeys(PICTURES, 0)), HELD)

    assert {text: score(text, before) > 0 for text in TOLD} == {text: label == 1 for text, label in TOLD.items()}
    assert {text: score(text, after) > 0 for text in TOLD} == {text: label == 1 for text, label in TOLD.items()}
    assert score(PICTURES[2], after) < score(PICTURES[2], before)


def score(text: str, weights: dict[str, float]) -> float:
    words = text.split()
    return weights[ALONE] + sum(weights.get(word, 0.0) for word in words) / len(words) ** 0.5
