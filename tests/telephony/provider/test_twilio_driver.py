"""What Twilio tells, in our own words; what its codes mean to us."""

import pytest

from telephony.provider.drivers import configured_accounts
from telephony.provider.twilio_codes import trouble_of
from telephony.provider.twilio_driver import in_our_words
from tickets.outbox.posting import OPTED_OUT, PASSING


def test_every_name_it_uses_for_what_we_read_is_ours_afterwards_and_none_is_lost():
    told = in_our_words(
        {"CallSid": "CA1", "Digits": "1", "From": "+84901234567", "AnsweredBy": "human", "FromCity": "X"}
    )

    assert told == {"call_sid": "CA1", "keys": "1", "from": "+84901234567", "answered_by": "human", "FromCity": "X"}


def test_the_older_names_of_a_text_serve_where_the_newer_are_missing():
    assert in_our_words({"SmsSid": "SM1", "SmsStatus": "sent"})["message_sid"] == "SM1"
    assert in_our_words({"SmsSid": "SM0", "MessageSid": "SM1"})["message_sid"] == "SM1"


@pytest.mark.parametrize(
    ("address", "number"),
    [
        ("https://a.test/2010-04-01/Accounts/1/Calls/2/Recordings/3c6e-4f", "3c6e-4f"),
        ("https://a.test/Recordings/RE1.wav?x=/evil", "RE1"),
        ("https://a.test/Recordings/..%2f..%2fx", None),
        ("https://a.test/", None),
        ("", None),
    ],
)
def test_a_recording_told_by_its_address_alone_has_the_number_in_it(address, number):
    assert in_our_words({"RecordingUrl": address, "RecordingDuration": "7"}).get("recording_sid") == number
    assert in_our_words({"RecordingUrl": address, "RecordingSid": "RE9"})["recording_sid"] == "RE9"


@pytest.mark.parametrize(
    ("code", "trouble"),
    [("21610", OPTED_OUT), ("30003", PASSING), ("30008", PASSING), ("30004", ""), ("30007", ""), ("", ""), ("x", "")],
)
def test_a_code_means_stop_later_or_never(code, trouble):
    assert trouble_of(code) == trouble
    assert in_our_words({"MessageStatus": "undelivered", "ErrorCode": code})["trouble"] == trouble


@pytest.mark.parametrize("status", ["accepted", "scheduled"])
def test_what_it_has_not_begun_to_send_waits_in_its_queue(status):
    assert in_our_words({"MessageStatus": status})["message_status"] == "queued"


def test_without_its_settings_there_is_no_account():
    assert configured_accounts(lambda name: "") == {}
    its_own = {"twilio_account_sid": "AC1", "twilio_auth_token": "token"}
    assert set(configured_accounts(lambda name: its_own.get(name, ""))) == {"twilio"}
