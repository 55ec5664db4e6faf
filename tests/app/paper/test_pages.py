"""Pages that are printed: every Vietnamese letter is on them, found again, and within its lines."""

import itertools
import re
import unicodedata

from app.paper.fonts import BOLD, REGULAR, font
from app.paper.pages import A4_WIDE, PrintedPage, as_pdf, width_of, wrapped
from tests.app.paper.reading import text_of

VOWELS = "aăâeêioôơuưyAĂÂEÊIOÔƠUƯY"
TONES = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
LETTERS = [unicodedata.normalize("NFC", vowel + tone) for vowel, tone in itertools.product(VOWELS, TONES)]


def test_both_weights_have_every_letter_of_vietnamese_and_each_has_a_width():
    for name in (REGULAR, BOLD):
        face = font(name)
        for letter in [*LETTERS, "đ", "Đ", "…", "–", "“", "”", "·"]:
            assert letter in face.glyphs, (name, letter)
            assert face.widths[face.glyphs[letter]] > 0


def test_what_was_written_is_found_again_whatever_form_its_letters_came_in():
    said = "Phường Thủ Đức: đã báo cáo lúc 07:00, ngày 12/11/2026 (ằ ẵ ỡ ỹ)"
    page = PrintedPage(*A4_WIDE)
    page.write(40, 60, said, size=10)
    page.write(40, 80, unicodedata.normalize("NFD", said), size=10, bold=True)

    assert text_of(as_pdf([page], title="Sổ", language="vi")).splitlines() == [said, said]


def test_a_letter_that_the_font_lacks_is_a_question_mark_and_stops_nothing():
    page = PrintedPage(*A4_WIDE)
    page.write(40, 60, "字 → 🙂\tx", size=10)

    assert text_of(as_pdf([page], title="(", language="vi")) == "? - ? x"


def test_words_fall_into_lines_that_are_not_wider_than_their_column_and_none_is_lost():
    words = (
        "Phường Sài Gòn chưa giải quyết https://hotline.example.vn/console/tickets/2600421733/very-long-address\nHai"
    )
    lines = wrapped(words, 90, size=7)

    assert all(width_of(line, size=7) <= 90 for line in lines)
    assert "".join(lines).replace(" ", "") == "".join(words.split())


def test_the_table_of_places_is_right_for_readers_that_trust_it():
    page = PrintedPage(*A4_WIDE)
    page.write(40, 60, "Một", size=10)
    pdf = as_pdf([page, PrintedPage(*A4_WIDE)], title="Sổ", language="vi")

    start = int(re.search(rb"startxref\n(\d+)\n%%EOF", pdf).group(1))
    places = re.findall(rb"(\d{10}) 00000 n ", pdf[start:])
    assert pdf[start:].startswith(b"xref")
    for number, place in enumerate(places, start=1):
        assert pdf[int(place) :].startswith(f"{number} 0 obj".encode())
    assert b"/Count 2" in pdf
