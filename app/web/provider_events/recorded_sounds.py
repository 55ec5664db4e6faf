"""The recordings that callers hear, for the provider to fetch.

They are public as the menu itself is, and kept for ever by whoever has one: another sound has another name.
"""

import re

from flask import Blueprint, Response, abort, g

from app.phone.known_recordings import known_recordings
from app.web.frame.access import asks_nobody
from app.web.frame.current import settings
from telephony import recorded_prompts

blueprint = Blueprint("sounds", __name__)

_NAME = re.compile(r"[a-z_]+(?:\.[0-9]+)?\.([0-9a-f]{64})\.wav")


@blueprint.get("/sounds/<locale>/<sound>")
@asks_nobody
def recorded_sound(locale: str, sound: str) -> Response:
    """From this node's own disk; what another node has fetched first is asked of the database."""
    digest = _NAME.fullmatch(sound)
    if digest is None or len(locale) > 8:
        abort(404)
    kept = known_recordings(settings()).sound(digest[1]) or _elsewhere(digest[1])
    if kept is None:
        abort(404)
    answer = Response(kept, mimetype="audio/wav")
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return answer


def _elsewhere(digest: str) -> bytes | None:
    return recorded_prompts.sounds(g.session, [digest]).get(digest)
