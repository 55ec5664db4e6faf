"""What the domestic gateway's codes mean to us: docs/operate/sms-gateway.md lists them for who builds one."""

from tickets.outbox.posting import OF_THE_ACCOUNT, OPTED_OUT, PASSING

TAKEN = 0
REFUSES_OUR_TEXTS = 20
# Of the number or of the words: the same text will never be taken.
FOR_GOOD = frozenset({21, 22, 23})
# Of us: a wrong or ended secret, a brand name that is not ours, no money.
OF_US = frozenset({30, 31, 32})
# The handset was off, or the network had a moment of weakness.
PASSING_CODES = frozenset({10, 11, 12})


def trouble_of(code: str) -> str:
    """For a text that was taken and not delivered."""
    number = int(code) if code.isascii() and code.isdecimal() and len(code) < 7 else TAKEN
    if number == REFUSES_OUR_TEXTS:
        return OPTED_OUT
    if number in OF_US:
        return OF_THE_ACCOUNT
    return PASSING if number in PASSING_CODES else ""
