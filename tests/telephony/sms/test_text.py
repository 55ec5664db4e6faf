"""What a text costs as SMS, and its spelling without diacritics."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.sms.text import fold_to_gsm7, is_gsm7, sms_size


@pytest.mark.parametrize(
    ("text", "encoding", "units", "segments"),
    [
        ("", "GSM-7", 0, 0),
        ("a" * 160, "GSM-7", 160, 1),
        ("a" * 161, "GSM-7", 161, 2),
        ("a" * 306, "GSM-7", 306, 2),
        ("a" * 307, "GSM-7", 307, 3),
        ("€" * 80, "GSM-7", 160, 1),
        ("a" * 159 + "€", "GSM-7", 161, 2),
        ("ế" * 70, "UCS-2", 70, 1),
        ("ế" * 71, "UCS-2", 71, 2),
        ("ế" * 134, "UCS-2", 134, 2),
        ("ế" * 135, "UCS-2", 135, 3),
        ("a" * 69 + "đ", "UCS-2", 70, 1),
        ("😀" * 35, "UCS-2", 70, 1),
        ("à" * 160, "GSM-7", 160, 1),
    ],
)
def test_segments_are_counted_as_the_network_counts_them(text, encoding, units, segments):
    size = sms_size(text)

    assert (size.encoding, size.units, size.segments) == (encoding, units, segments)


def test_a_pair_is_never_cut_in_two():
    assert sms_size("a" * 152 + "€" + "a" * 152).segments == 3
    assert sms_size("ế" * 66 + "😀" + "ế" * 66).segments == 3


def test_a_vietnamese_sentence_folds_to_a_third_of_its_price():
    text = "Phản ánh của ông/bà đã được tiếp nhận, mã số 26 0042 1733. Xin giữ mã này để tra cứu kết quả xử lý."

    folded = fold_to_gsm7(text)

    assert (
        folded == "Phan anh cua ong/ba da duoc tiep nhan, ma so 26 0042 1733. Xin giu ma nay de tra cuu ket qua xu ly."
    )
    assert (sms_size(text).segments, sms_size(folded).segments) == (2, 1)


@given(st.text())
def test_folded_text_always_fits_the_alphabet_and_folds_to_itself(text):
    folded = fold_to_gsm7(text)

    assert is_gsm7(folded)
    assert fold_to_gsm7(folded) == folded


@given(st.text(max_size=700))
def test_the_segments_hold_the_text_and_none_is_needless(text):
    size = sms_size(text)
    single, several = (160, 153) if size.encoding == "GSM-7" else (70, 67)

    if size.segments > 1:
        assert (size.segments - 1) * (several - 1) < size.units <= size.segments * several
    else:
        assert size.units <= single
