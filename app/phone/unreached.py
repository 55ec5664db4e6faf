"""Why an address was not reached: a kind that pages and commands have words for, whatever library met it."""

import socket
import ssl
from collections.abc import Iterator
from enum import StrEnum
from http.client import BadStatusLine
from json import JSONDecodeError

from telephony.provider.limited_answer import NotTheirs


class Unreached(StrEnum):
    NOT_TRUSTED = "not_trusted"
    NO_SUCH_NAME = "no_such_name"
    NOTHING_LISTENS = "nothing_listens"
    NO_ANSWER = "no_answer"
    NOT_UNDERSTOOD = "not_understood"
    BROKEN_OFF = "broken_off"


# The first that is found in what was raised, or in what led to it, counts.
_KINDS: tuple[tuple[type[BaseException], Unreached], ...] = (
    (ssl.SSLCertVerificationError, Unreached.NOT_TRUSTED),
    (socket.gaierror, Unreached.NO_SUCH_NAME),
    (ConnectionRefusedError, Unreached.NOTHING_LISTENS),
    (TimeoutError, Unreached.NO_ANSWER),
    (ConnectionError, Unreached.BROKEN_OFF),
    # Something answers, and not as the one that was asked would: a proxy's page, another service.
    *((kind, Unreached.NOT_UNDERSTOOD) for kind in (NotTheirs, BadStatusLine, JSONDecodeError)),
    # What a library meets in JSON that is not shaped as it expects.
    *((kind, Unreached.NOT_UNDERSTOOD) for kind in (TypeError, AttributeError, LookupError)),
)


def kind_of(error: BaseException) -> Unreached:
    """What is none of the known kinds is a line that broke."""
    chain = list(led_to(error))
    return next((one for kind, one in _KINDS if any(isinstance(met, kind) for met in chain)), Unreached.BROKEN_OFF)


def led_to(error: BaseException) -> Iterator[BaseException]:
    """The error, and inwards whatever it was raised for; the libraries of the web keep that in `reason` or `args`."""
    seen: set[int] = set()
    next_one: BaseException | None = error
    while next_one is not None and id(next_one) not in seen:
        seen.add(id(next_one))
        yield next_one
        within = (getattr(next_one, "reason", None), next_one.__cause__, *next_one.args, next_one.__context__)
        next_one = next((one for one in within if isinstance(one, BaseException)), None)
