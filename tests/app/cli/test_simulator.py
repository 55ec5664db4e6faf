"""`./hotline call` and `sms` as somebody types them."""

import pytest

from app.cli.commands import build_parser


@pytest.mark.parametrize(
    ("typed", "rings_as"),
    [("0912 345 001", "+84912345001"), ("+84912345001", "+84912345001"), ("anonymous", "anonymous")],
)
def test_a_number_is_the_one_that_answers_come_back_to(typed: str, rings_as: str) -> None:
    assert build_parser().parse_args(["sms", "--from", typed, "Đèn tắt"]).caller == rings_as
    assert build_parser().parse_args(["call", "--from", typed]).caller == rings_as
    assert build_parser().parse_args(["trouble", "--switched-off", typed]).switched_off == [rings_as]


@pytest.mark.parametrize(("typed", "keys"), [("1", ["1"]), ("0,2", ["0", "2"]), (" 0 , # ", ["0", "#"])])
def test_whoever_is_called_presses_the_keys_that_were_typed(typed: str, keys: list[str]) -> None:
    assert build_parser().parse_args(["trouble", "--called", "presses", "--keys", typed]).keys == keys


@pytest.mark.parametrize("typed", ["", "x", "12", "1,,y"])
def test_what_is_no_key_is_refused(typed: str) -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args(["trouble", "--called", "presses", "--keys", typed])
