"""What Twilio's error codes mean to us: https://www.twilio.com/docs/api/errors."""

from tickets.outbox.posting import OF_THE_ACCOUNT, OPTED_OUT, PASSING

OPT_OUT = 21610
# The handset was off, or the carrier had a moment of weakness, or there were too many at once.
UNDELIVERED_FOR_NOW = frozenset({30001, 30003, 30008, 30017, 30022, 30023})
# Too many requests, and the account's own limits; they pass.
BUSY = frozenset({429, 20429, 14107, 21611, 30022, 30023})
SERVER_TROUBLE = 500
# Not signed in, not allowed, suspended, closed, on trial or without money; a sender that is not ours. None of them says
# anything about the message, and each is over when somebody has mended the account.
ACCOUNT = frozenset(
    {
        10001, 10002, 20002, 20003, 20004, 20005, 20006, 20008, 20010, 20403, 20404, 20426,
        21203, 21210, 21212, 21213, 21603, 21606, 21607, 21659, 21660, 21661, 21701, 21703, 21704, 21705, 30002, 30037,
        *range(20101, 20108),
    }
)  # fmt: skip
ACCOUNT_STATUSES = frozenset({401, 402, 403, 404, 407})
# Codes of these hundreds are about the number called or texted, or about what is said.
_OF_NUMBER_OR_CONTENT = (range(12100, 12400), range(13200, 13400), range(21200, 21500), range(21600, 21700))


def is_final(code: int) -> bool:
    """Whether the number or the content is refused for good."""
    return code not in BUSY and code not in ACCOUNT and any(code in hundred for hundred in _OF_NUMBER_OR_CONTENT)


def is_of_the_account(code: int, status: int) -> bool:
    """Whether we are refused, and not what we send; a code about the number says more than a bare 403."""
    return code in ACCOUNT or (status in ACCOUNT_STATUSES and not is_final(code))


def trouble_of(code: str) -> str:
    """For a text that was taken and not delivered."""
    number = int(code) if code.isascii() and code.isdecimal() and len(code) < 7 else 0
    if number == OPT_OUT:
        return OPTED_OUT
    if number in ACCOUNT:
        return OF_THE_ACCOUNT
    return PASSING if number in UNDELIVERED_FOR_NOW else ""
