"""What a bulletin says before anybody has worded it, in both languages, as it is spoken; and how long it may last."""

from app.wording.spoken_length import spoken_seconds
from tickets.errors import InvalidInput

# Longer, nobody keeps it in mind; and who is not concerned waits for it.
MOST_BULLETIN_SECONDS = 12
_KNOWN = {
    "vi": "Chúng tôi đã biết việc này{place}{matter} và đang xử lý.",
    "en": "We know of this{place}{matter}. It is being dealt with.",
}
_PLACE = {"vi": " tại {name}", "en": " in {name}"}
_MATTER = {"vi": ": {name},", "en": ": {name}"}


def first_bulletin(locale: str, *, place: str, matter: str) -> str:
    """A sentence to begin with; `place` and `matter` may be empty."""
    return _KNOWN[locale].format(
        place=_PLACE[locale].format(name=place) if place else "",
        matter=_MATTER[locale].format(name=matter) if matter else "",
    )


def require_short(field: str, words: str, locale: str) -> None:
    """Raises InvalidInput for a bulletin that takes longer to listen to than MOST_BULLETIN_SECONDS."""
    seconds = spoken_seconds(words, locale)
    if seconds > MOST_BULLETIN_SECONDS:
        raise InvalidInput(field, "takes_too_long", seconds=round(seconds), most=MOST_BULLETIN_SECONDS)
