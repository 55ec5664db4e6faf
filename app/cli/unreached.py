"""Why an address was not reached, in words that say what to mend."""

from app.phone.unreached import Unreached, kind_of, led_to

_WORDS = {
    Unreached.NOT_TRUSTED: "this machine does not trust its certificate: is its chain whole",
    Unreached.NO_SUCH_NAME: "no name service here knows its name",
    Unreached.NOTHING_LISTENS: "nothing listens there",
    Unreached.NO_ANSWER: "nothing answered in time: does a firewall drop it",
    Unreached.NOT_UNDERSTOOD: "something answers that is not it: does a proxy stand in the way, is the address right",
}


def why_unreached(error: BaseException) -> str:
    """A few words, without a full stop. What is none of the known kinds speaks for itself, in its innermost words."""
    innermost = list(led_to(error))[-1]
    return _WORDS.get(kind_of(error)) or str(innermost) or type(innermost).__name__
