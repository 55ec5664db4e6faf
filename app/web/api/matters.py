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
from tickets.intake.noise import NoiseRead, noise_in
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
    noise = noise_in(read)
    return {
        "danger": read.danger.certainty.value,
        "about_official": read.may_accuse,
        "noise": noise is not None,
        "not_solved": noise is None and read.says_not_solved,
        "praise": read.is_praise,
        "categories": [] if noise is not None else category_codes(body.text, read, routing),
        "language": read.written_in.value,
        "places": resolved(resolve_whole(places(), f"{body.text}\n{body.place or ''}".strip(), on=today())),
        "reasons": _reasons(read, noise),
        "read_characters": min(len(body.text), LONGEST_READ),
    }


def _reasons(read: MatterReading, noise: NoiseRead | None) -> list[dict[str, Any]]:
    if noise is not None:
        # Mere thanks are no kind that rules name: every word is one of politeness.
        return [_reason("noise", read.noise.kinds or (noise.kind,), read.noise.because)]
    told: list[tuple[str, Indication, bool]] = [
        ("danger", read.danger, read.may_be_danger),
        ("about_official", read.about_officials, read.may_accuse),
        ("not_solved", read.not_solved, read.says_not_solved),
        ("praise", read.praise, read.is_praise),
    ]
    reasons = [_reason(label, why.kinds, why.because) for label, why, holds in told if holds]
    return reasons + [_reason(one.code, ("category",), one.because) for one in read.categories]


def _reason(label: str, kinds: tuple[str, ...], words: tuple[str, ...]) -> dict[str, Any]:
    return {"label": label, "kinds": list(kinds), "words": list(words)}
