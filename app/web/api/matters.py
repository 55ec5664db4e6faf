"""What a text is about, read without keeping it: for programs that ask before they send, and to try the rules by."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.web.api.blueprint import blueprint
from app.web.api.describing import takes_body
from app.web.api.directory import resolved
from app.web.api.directory_bodies import Resolved
from app.web.api.reading import TypedWords, read_body
from app.web.frame.access import bearer
from app.web.frame.current import places, rules, today
from tickets.directory.places import resolve_whole
from tickets.matter import Indication, MatterReading, read_matter
from tickets.routing.decision import category_codes
from tickets.states import Channel

# As much as is read of any text.
LONGEST_READ = 20_000
LONGEST_PLACE_ASKED = 2_000


class TextToRead(BaseModel):
    """`text` as somebody wrote or said it; `place` what stands in a field of its own; `channel` the door it came by."""

    model_config = ConfigDict(extra="ignore")

    text: TypedWords = Field(max_length=LONGEST_READ)
    place: TypedWords | None = Field(default=None, max_length=LONGEST_PLACE_ASKED)
    channel: Channel | None = None


class ReasonOfReading(BaseModel):
    label: str
    kinds: list[str]
    words: list[str]


class MatterRead(BaseModel):
    """`reasons` name the words of the text for every label that is not its usual answer."""

    danger: Literal["yes", "doubtful", "no"]
    about_official: bool
    noise: bool
    not_solved: bool
    praise: bool
    categories: list[str]
    language: str
    places: Resolved
    reasons: list[ReasonOfReading]
    read_characters: int


@blueprint.post("/matters/read")
@takes_body(TextToRead)
@blueprint.output(MatterRead)
@blueprint.doc(summary="What a text is about, without keeping it")
@bearer("tickets:write")
def read_text() -> dict[str, Any]:
    body = read_body(TextToRead)
    routing = rules().routing
    read = read_matter(body.text, routing.words)
    codes = category_codes(body.text, read, routing)
    return {
        "danger": read.danger.certainty.value,
        "about_official": read.may_accuse,
        "noise": read.is_noise,
        "not_solved": read.contradicts,
        "praise": read.is_praise,
        "categories": [] if read.is_noise else codes,
        "language": read.written_in.value,
        "places": resolved(resolve_whole(places(), f"{body.text}\n{body.place or ''}".strip(), on=today())),
        "reasons": _reasons(read),
        "read_characters": min(len(body.text), LONGEST_READ),
    }


def _reasons(read: MatterReading) -> list[dict[str, Any]]:
    told: list[tuple[str, Indication, bool]] = [
        ("danger", read.danger, read.may_be_danger),
        ("about_official", read.about_officials, read.may_accuse),
        ("not_solved", read.not_solved, read.contradicts),
        ("noise", read.noise, read.is_noise),
        ("praise", read.praise, read.is_praise),
    ]
    reasons = [_reason(label, why.kinds, why.because) for label, why, holds in told if holds]
    if not read.is_noise:
        reasons += [_reason(one.code, ("category",), one.because) for one in read.categories]
    return reasons


def _reason(label: str, kinds: tuple[str, ...], words: tuple[str, ...]) -> dict[str, Any]:
    return {"label": label, "kinds": list(kinds), "words": list(words)}
