"""Hidden numbers are recognised in every disguise; real ones never are."""

import pytest

from telephony.withheld import is_withheld


@pytest.mark.parametrize(
    "raw",
    [
        "anonymous", "Anonymous", "unknown", "RESTRICTED", "unavailable", "blocked", "private", "", "  ", None, "+",
        "+266696687", "266696687", "+7378742833", "+2562533", "+8656696", "+86282452253", "+7748483",
        "sip:anonymous@anonymous.invalid", "sip:@10.0.0.1", "0", "+0000",
    ],
)  # fmt: skip
def test_a_hidden_number_is_seen_as_hidden(raw):
    assert is_withheld(raw)


@pytest.mark.parametrize(
    "raw", ["+84901234567", "0901234567", "1022", "client:agent_42", "+39266696687", "sip:+84901234567@x"]
)
def test_a_shown_number_is_not(raw):
    assert not is_withheld(raw)
