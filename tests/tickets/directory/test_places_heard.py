"""A name nobody bears as written is asked about as the one it sounds like; a name somebody bears is never heard."""

import re
from datetime import date

import pytest

from app.wording.place_words import question_text, why_text
from tickets.directory.places import Resolution, build_index, resolve, rows_from_csv
from tickets.directory.places.lexicon import bare

ROWS = rows_from_csv()
INDEX = build_index(ROWS)
# How a sound is written by who hears no difference: (what is written rightly, what is written then).
MIXED_UP = [
    ("n$", "ng"), ("ng$", "n"), ("nh$", "n"), ("t$", "c"), ("c$", "t"), ("^s", "x"), ("^x", "s"), ("^tr", "ch"),
    ("^ch", "tr"), ("^v", "d"), ("^l", "n"), ("^n(?![gh])", "l"), ("^r", "g"), ("^g(?!i)", "r"), ("^b", "p"),
    ("^p(?!h)", "b"), ("òa", "ào"), ("ạo", "ọa"), ("ảo", "ỏa"), ("y$", "i"), ("i$", "y"), ("^gi", "d"),
    ("^d(?!i)", "gi"), ("ũ", "ủ"), ("ễ", "ể"), ("iê", "i"),
]  # fmt: skip


def answer(text: str) -> Resolution:
    return resolve(INDEX, text, on=date(2026, 11, 23))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("phường Sài Gòng", "Phường Sài Gòn"),
        ("phường Xài Gòn", "Phường Sài Gòn"),
        ("Nhà tôi ở phường Chung Mỹ Tây ạ", "Phường Trung Mỹ Tây"),
        ("Chợ Lớng", "Phường Chợ Lớn"),
        ("phuong duon lai", "Phường Vườn Lài"),
        ("phường Bến Thàng quận 1", "Phường Bến Thành"),
        ("phường Hoà Bìn", "Phường Hòa Bình"),
        ("phường Zĩ An", "Phường Dĩ An"),
        ("phường Rò Vấp", "Phường Gò Vấp"),
        ("phường Pến Cát", "Phường Bến Cát"),
        ("phường Hào Lợi", "Phường Hòa Lợi"),
        ("phường Gạch Dừa", "Phường Rạch Dừa"),
    ],
)
def test_what_sounds_like_a_name_is_asked_about_and_the_reason_says_so(said: str, meant: str) -> None:
    found = answer(said)

    assert found.outcome == "ambiguous"
    assert found.candidates[0].unit_name == meant
    assert found.candidates[0].why.code == "heard_as"
    assert found.question is not None and meant in question_text(found.question, "vi")
    assert "nghe giống" in why_text(found.candidates[0].why, "vi")
    assert "heard as" in why_text(found.candidates[0].why, "en")


def test_a_name_that_somebody_bears_is_never_taken_for_one_that_sounds_like_it() -> None:
    heard = [unit.name for unit in ROWS.units if _is_heard(answer(unit.name))]
    heard += [ward.name for ward in ROWS.old_wards if _is_heard(answer(f"{ward.name}, {ward.district}"))]

    assert heard == []


@pytest.mark.parametrize(
    "said", ["xã hội", "xã hội loạn", "phường tui dơ quá", "Biên Hòa", "đường Nguyễn Huệ", "Bien Hoa"]
)
def test_ordinary_words_streets_and_towns_elsewhere_sound_like_no_ward(said: str) -> None:
    assert not _is_heard(answer(said))


def test_whoever_bears_a_part_of_what_was_said_is_asked_about_beside_whom_it_sounds_like() -> None:
    found = answer("phường Tân Sơn Nhấc")

    assert found.outcome == "ambiguous"
    assert {candidate.unit_name for candidate in found.candidates} == {"Phường Tân Sơn", "Phường Tân Sơn Nhất"}
    assert answer("phường Tân Sơn nhà tôi ngập").outcome == "unique"


def test_of_every_name_with_one_sound_mixed_up_nearly_all_offer_its_unit_and_none_is_sure_of_another() -> None:
    offered, sure = [], []
    for unit in ROWS.units:
        kind = unit.name[: -len(bare(unit.name)[1])]
        for name in _mixed_up(bare(unit.name)[1]):
            found = answer(kind + name)
            is_offered = unit.id in {candidate.unit_id for candidate in found.candidates}
            offered.append(is_offered)
            sure += [name] if found.outcome == "unique" and (_is_heard(found) or not is_offered) else []

    assert sure == []
    assert sum(offered) / len(offered) > 0.95


def _is_heard(found: Resolution) -> bool:
    return any(candidate.why.code == "heard_as" for candidate in found.candidates)


def _mixed_up(name: str) -> list[str]:
    words = name.split()
    if len(words) < 2:
        return []
    return [
        " ".join([*words[:at], changed.capitalize(), *words[at + 1 :]])
        for at, word in enumerate(words)
        for right, wrong in MIXED_UP
        if (changed := re.sub(right, wrong, word.lower())) != word.lower()
    ]
