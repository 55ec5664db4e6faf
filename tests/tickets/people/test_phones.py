"""Numbers as people write them become the number they mean."""

import pytest

from tickets.people.phones import PhoneKind, mask, parse_phone


@pytest.mark.parametrize(
    "raw",
    [
        "0901234567",
        "+84901234567",
        "84901234567",
        "0901 234 567",
        "090.123.4567",
        "(090) 123-4567",
        "+84 (0) 901234567",
        "0084901234567",
    ],
)
def test_one_mobile_number_in_many_spellings(raw):
    phone = parse_phone(raw)

    assert phone is not None
    assert (phone.number, phone.kind, phone.may_get_sms) == ("+84901234567", PhoneKind.MOBILE, True)


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("01201234567", "+84701234567"), ("+841231234567", "+84831234567"), ("0169 123 4567", "+84391234567"),
        ("01991234567", "+84591234567"), ("841281234567", "+84781234567"),
    ],
)  # fmt: skip
def test_an_eleven_digit_mobile_number_of_old_is_todays(raw, number):
    phone = parse_phone(raw)

    assert phone is not None
    assert phone.number == number


@pytest.mark.parametrize("raw", ["1022", "111", "113", "114", "115", "112"])
def test_a_short_code_has_no_international_form_and_gets_no_sms(raw):
    phone = parse_phone(raw)

    assert phone is not None
    assert (phone.number, phone.kind, phone.may_get_sms) == (raw, PhoneKind.SHORT_CODE, False)


@pytest.mark.parametrize(
    "raw",
    [
        "", None, "anonymous", "+266696687", "+86282452253", "+8656696", "12", "090123", "call me 0901234567", "９０１",
        "1" * 50, "client:agent_42", "+841022", "0901234567;ext=1",
    ],
)  # fmt: skip
def test_what_is_no_number_is_none(raw):
    assert parse_phone(raw) is None


def test_landlines_and_foreign_numbers_keep_their_kind():
    landline, foreign = parse_phone("028 3800 0000"), parse_phone("+49 30 901820")

    assert landline is not None and foreign is not None
    assert (landline.number, landline.may_get_sms) == ("+842838000000", False)
    assert (foreign.number, foreign.country_code) == ("+4930901820", 49)


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("+84901234567", "+84******567"),
        ("0901234567", "*******567"),
        ("1022", "1022"),
        ("", ""),
        (None, ""),
        ("12345", "***"),
    ],
)
def test_a_masked_number_cannot_be_called(phone, shown):
    assert mask(phone) == shown
