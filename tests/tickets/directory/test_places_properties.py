"""Whatever is written, the resolver answers quickly, never fails, and is never sure of what it cannot be sure of."""

import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.wording.place_words import option_text, question_text, why_text
from tests.tickets.directory.spellings import without_marks
from tests.work_done import calls_made
from tickets.directory.places import AreaUnit, OldWardRow, Resolution, build_index, resolve, resolve_keys, rows_from_csv
from tickets.directory.places.telex import untelex

TODAY = date(2026, 11, 23)
ROWS = rows_from_csv()
INDEX = build_index(ROWS)
OLD_WARDS = [ward for ward in ROWS.old_wards if ward.name != ward.district]

NAMES = st.sampled_from(sorted({row.name for row in (*OLD_WARDS, *ROWS.units, *ROWS.districts)}))
FRAGMENTS = st.one_of(
    NAMES,
    NAMES.map(without_marks),
    NAMES.map(lambda name: name.split(maxsplit=1)[-1]),
    st.sampled_from(["P.", "Q", "x", "tp", "quận", "phuong", "ở", "đường", "số", "cũ", "nay là", "12", "5", ",", ". "]),
    st.text(max_size=8),
)
TEXTS = st.lists(FRAGMENTS, max_size=12).map(" ".join)


def assert_coherent(resolution: Resolution) -> None:
    units = [candidate.unit_id for candidate in resolution.candidates]
    assert len(units) == len(set(units))
    expected = {"none": 0, "unique": 1}.get(resolution.outcome)
    assert expected is None or len(units) == expected
    assert resolution.outcome != "split" or len(units) > 1
    assert (resolution.question is not None) == (resolution.outcome in ("split", "ambiguous"))
    if resolution.question is not None:
        assert {unit for option in resolution.question.options for unit in option.unit_ids} == set(units)
    assert set(units) == {unit for understood in resolution.understood for unit in understood.unit_ids}


def words_of(resolution: Resolution, locale: str) -> list[str]:
    words = [why_text(why, locale) for c in resolution.candidates for why in (c.why, *c.also)]
    if resolution.question is not None:
        words.append(question_text(resolution.question, locale))
        words += [option_text(option, locale) for option in resolution.question.options]
    return words


@given(TEXTS)
@settings(max_examples=600, deadline=None)
def test_any_mixture_of_names_and_words_gets_a_coherent_answer_in_words(text: str) -> None:
    resolution = resolve(INDEX, text, on=TODAY)

    assert_coherent(resolution)
    for locale in ("vi", "en"):
        for words in words_of(resolution, locale):
            assert words
            # What was written may hold braces; a gap that we left open is none of its own.
            assert all(gap in text for gap in re.findall(r"\{\w*", words)), words


@given(st.text())
@settings(max_examples=300, deadline=None)
def test_any_text_at_all_gets_an_answer(text: str) -> None:
    assert_coherent(resolve(INDEX, text, on=TODAY))


@given(st.text(alphabet="0123456789*#abc²٣", max_size=20))
@settings(max_examples=300, deadline=None)
def test_any_keys_get_an_answer(keys: str) -> None:
    assert_coherent(resolve_keys(INDEX, keys, on=TODAY))


@given(
    st.sampled_from(OLD_WARDS), st.sampled_from(OLD_WARDS), st.sampled_from([" và ", ", ", ". ", " đi ", "\n", " - "])
)
@settings(max_examples=400, deadline=None)
def test_two_wards_in_one_text_are_never_taken_for_one(first: OldWardRow, second: OldWardRow, between: str) -> None:
    text = f"{first.name}, {first.district}{between}{second.name}, {second.district}"

    resolution = resolve(INDEX, text, on=TODAY)

    units = {candidate.unit_id for candidate in resolution.candidates}
    assert units >= set(first.successors) | set(second.successors) or resolution.outcome == "ambiguous"
    if resolution.outcome == "unique":
        assert units == set(first.successors) == set(second.successors)


@given(st.sampled_from(OLD_WARDS), st.sampled_from(ROWS.units))
@settings(max_examples=400, deadline=None)
def test_a_ward_beside_a_foreign_unit_is_never_sure(ward: OldWardRow, unit: AreaUnit) -> None:
    resolution = resolve(INDEX, f"{ward.name}, {ward.district} và {unit.name}", on=TODAY)

    units = {candidate.unit_id for candidate in resolution.candidates}
    assert unit.id in units or resolution.outcome == "ambiguous"
    assert resolution.outcome != "unique" or set(ward.successors) == {unit.id} == units


@pytest.mark.parametrize(
    "piece",
    [
        "phường ",
        "P5Q3 ",
        "a" * 97 + " ",
        "\0",
        "a\u0301" * 50,
        "\u0301",
        "đường ",
        "1",
        "tân phú ",
        "Bà Rịa - ",
        "\u200b",
    ],
)
def test_a_very_long_text_costs_no_more_than_a_long_one(piece: str) -> None:
    text = (piece * (100_000 // len(piece) + 1))[:100_000]

    work = calls_made(lambda: resolve(INDEX, text, on=TODAY))

    assert_coherent(resolve(INDEX, text, on=TODAY))
    assert work <= 1.1 * calls_made(lambda: resolve(INDEX, text[:2000], on=TODAY)) + 100
    assert work < 200_000


def test_a_name_cut_off_at_the_end_of_what_is_read_is_not_read_as_a_shorter_one() -> None:
    for padding in range(1900, 2000):
        resolution = resolve(INDEX, "x" * 20 + " " * padding + "phường An Phú Đông, quận 12" + " rác" * 50, on=TODAY)

        assert resolution.outcome in ("none", "unique")
        assert {candidate.unit_code for candidate in resolution.candidates} <= {"26767"}


def test_an_ordinary_text_is_little_work() -> None:
    texts = [
        f"Nhà em ở {ward.name}, {ward.district}, nộp hồ sơ khai sinh 10 ngày nay chưa có kết quả, mong trả lời giúp ạ"
        for ward in OLD_WARDS
    ]

    work = calls_made(lambda: [resolve(INDEX, text, on=TODAY) for text in texts])

    # Half a microsecond each: what `./hotline bench places` measures in milliseconds.
    assert work / len(texts) < 2_500


@pytest.mark.parametrize(
    ("keys", "syllable"),
    [
        ("phuwowngf", "phường"),
        ("phuowngf", "phường"),
        ("phuongwf", "phường"),
        ("quaanj", "quận"),
        ("quanaj", "quận"),
        ("ddaf", "đà"),
        ("dad", "đa"),
        ("thuwr", "thử"),
        ("nghieenf", "nghiền"),
        ("hoaf", None),
        ("phuong", None),
        ("tphcm", None),
        ("facebook", None),
        ("x", None),
        ("w", None),
        ("sms", None),
    ],
)
def test_telex_is_decoded_where_it_makes_a_syllable(keys: str, syllable: str | None) -> None:
    if keys == "hoaf":
        assert untelex(keys) in ("hoà", "hòa")
    else:
        assert untelex(keys) == syllable
