"""What Twilio's error codes mean to us: https://www.twilio.com/docs/api/errors."""

from tickets.outbox.posting import OPTED_OUT, PASSING

OPT_OUT = 21610
# The handset was off, or the carrier had a moment of weakness.
UNDELIVERED_FOR_NOW = frozenset({30003, 30008})
# Too many requests, and the account's own limits; they pass.
BUSY = frozenset({429, 20429, 14107, 30022})
SERVER_TROUBLE = 500


def trouble_of(code: str) -> str:
    """For a text that was taken and not delivered."""
    number = int(code) if code.isascii() and code.isdecimal() and len(code) < 7 else 0
    if number == OPT_OUT:
        return OPTED_OUT
    return PASSING if number in UNDELIVERED_FOR_NOW else ""
