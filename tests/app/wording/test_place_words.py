"""Every reason, question and option of the place resolver has words in both languages, and they read well."""

from datetime import date

import pytest

from app.wording.place_words import question_text, why_text
from tickets.directory.places import Resolution, build_index, resolve, rows_from_csv

INDEX = build_index(rows_from_csv())


def answer(text: str) -> Resolution:
    return resolve(INDEX, text, on=date(2026, 11, 23))


@pytest.mark.parametrize(
    ("text", "vietnamese", "english"),
    [
        (
            "phường Đa Kao quận 1",
            "Phường Đa Kao, Quận 1 trước đây đã được chia cho Phường Tân Định và Phường Sài Gòn. "
            "Địa điểm ở đường nào, khu phố nào hoặc gần nơi nào?",
            "The former Phường Đa Kao, Quận 1 was divided between Phường Tân Định and Phường Sài Gòn. "
            "Which street, block or landmark is the place near?",
        ),
        (
            "ở Phú Nhuận",
            "Có nhiều nơi mang tên “Phú Nhuận”. Ông/bà muốn nói nơi nào?",
            "Several places are called “Phú Nhuận”. Which one do you mean?",
        ),
        (
            "quận Phú Nhuận",
            "Địa điểm ở phường hoặc xã nào thuộc Quận Phú Nhuận trước đây: "
            "Phường Đức Nhuận, Phường Cầu Kiệu hay Phường Phú Nhuận?",
            "Which ward or commune of the former Quận Phú Nhuận is it in: "
            "Phường Đức Nhuận, Phường Cầu Kiệu or Phường Phú Nhuận?",
        ),
        (
            "phường 5",
            "“phường 5” thuộc quận, huyện, thành phố nào trước đây?",
            "Which former district was “phường 5” in?",
        ),
        (
            "phường Hiệp Thành",
            "“phường Hiệp Thành” thuộc quận, huyện, thành phố nào trước đây: Thành phố Thủ Dầu Một hay Quận 12?",
            "Which former district was “phường Hiệp Thành” in: Thành phố Thủ Dầu Một or Quận 12?",
        ),
        (
            "con dao",
            "Có phải địa điểm thuộc Đặc khu Côn Đảo không?",
            "Is the place in Đặc khu Côn Đảo?",
        ),
    ],
)
def test_a_question_reads_well_in_both_languages(text: str, vietnamese: str, english: str) -> None:
    question = answer(text).question

    assert question is not None
    assert question_text(question, "vi") == vietnamese
    assert question_text(question, "en") == english


def test_a_reason_reads_well_in_both_languages() -> None:
    [candidate] = answer("F6 Q3").candidates

    assert why_text(candidate.why, "vi") == "Phường 6, Quận 3 đã nhập vào Phường Võ Thị Sáu, nay thuộc đơn vị này."
    assert why_text(candidate.why, "en") == (
        "Phường 6, Quận 3 was merged into Phường Võ Thị Sáu, which is now part of it."
    )
