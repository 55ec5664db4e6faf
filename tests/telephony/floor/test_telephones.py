"""By which telephone an agent is rung: what may be typed of it."""

import pytest

from telephony.floor.telephones import ChosenTelephone, typed_telephone
from tickets.errors import InvalidInput
from tickets.states import TelephoneKind

EXCHANGE = "sip.thanh-pho.vn"


@pytest.mark.parametrize(
    ("kind", "typed", "address"),
    [
        ("browser", "whatever stands there", ""),
        ("sip", " SIP:So12@SIP.thanh-pho.vn ", f"sip:so12@{EXCHANGE}"),
        ("sip", f"so12@{EXCHANGE}:5061", f"sip:so12@{EXCHANGE}:5061"),
        ("number", "0901 234 567", "+84901234567"),
    ],
)
def test_what_was_typed_becomes_what_is_rung(kind, typed, address):
    assert typed_telephone(kind, typed, exchange=EXCHANGE) == ChosenTelephone(TelephoneKind(kind), address)


@pytest.mark.parametrize(
    ("kind", "typed", "code"),
    [
        ("pigeon", "", "required"),
        ("sip", "", "required"),
        ("sip", "so12", "not_a_sip_address"),
        ("sip", "số12@sip.thanh-pho.vn", "not_a_sip_address"),
        ("sip", f"so12@{EXCHANGE}\r\nX: y", "not_a_sip_address"),
        # Whoever chooses a telephone must not choose who pays for the call.
        ("sip", "19001234@gateway.example", "not_at_the_exchange"),
        ("number", "", "required"),
        ("number", "113", "bad_phone"),
        ("number", "19001234", "bad_phone"),
        ("number", "+84 28 3829 0000", "number_is_ours"),
    ],
)
def test_what_cannot_be_rung_is_refused_with_a_reason(kind, typed, code):
    with pytest.raises(InvalidInput) as refused:
        typed_telephone(kind, typed, exchange=EXCHANGE, our_numbers=["+842838290000"])
    assert refused.value.code == code
