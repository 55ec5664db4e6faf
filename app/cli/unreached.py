"""Why an address was not reached, in words that say what to mend."""

import socket
import ssl
from collections.abc import Iterator

# The first that is found in what was raised, or in what led to it, counts.
_WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (ssl.SSLCertVerificationError, "this machine does not trust its certificate: is its chain whole"),
    (socket.gaierror, "no name service here knows its name"),
    (ConnectionRefusedError, "nothing listens there"),
    (TimeoutError, "nothing answered in time: does a firewall drop it"),
)


def why_unreached(error: BaseException) -> str:
    """A few words, without a full stop. What is none of the known kinds speaks for itself, in its innermost words."""
    chain = list(_led_to(error))
    for kind, words in _WORDS:
        if any(isinstance(one, kind) for one in chain):
            return words
    return str(chain[-1]) or type(chain[-1]).__name__


def _led_to(error: BaseException) -> Iterator[BaseException]:
    """The error, and inwards whatever it was raised for; the libraries of the web keep that in `reason` or `args`."""
    seen: set[int] = set()
    next_one: BaseException | None = error
    while next_one is not None and id(next_one) not in seen:
        seen.add(id(next_one))
        yield next_one
        within = (getattr(next_one, "reason", None), next_one.__cause__, *next_one.args, next_one.__context__)
        next_one = next((one for one in within if isinstance(one, BaseException)), None)
