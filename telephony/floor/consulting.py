"""Speaking with a colleague first, while the caller is on hold: who is asked, whether they have answered, and its end.

It is kept with the call, which whoever asks has locked. Nobody is left behind by it: whatever ends it frees the
colleague, and the caller goes back to whoever put them on hold, or to the colleague.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from tickets.schema import Call

_KEPT = "consult"


@dataclass(frozen=True, slots=True)
class Consult:
    """`is_answered`: the colleague has taken it. `leg`: the provider's call between the two, once there is one."""

    by_id: int
    with_id: int
    with_name: str
    is_answered: bool = False
    leg: str = ""
    # The line between the two could not be made: they have to speak in another way.
    has_no_line: bool = False


def consult_of(detail: Mapping[str, Any]) -> Consult | None:
    kept = detail.get(_KEPT)
    return Consult(**kept) if isinstance(kept, dict) else None


def keep(call: Call, consult: Consult | None) -> None:
    rest = {name: kept for name, kept in call.detail.items() if name != _KEPT}
    call.detail = rest if consult is None else {**rest, _KEPT: asdict(consult)}


def answered(call: Call) -> None:
    consult = consult_of(call.detail)
    if consult is not None:
        keep(call, replace(consult, is_answered=True))


def note_line(call: Call, *, with_id: int, leg: str) -> bool:
    """The call between the two; empty when the provider made none. False when it is not wanted any more."""
    consult = consult_of(call.detail)
    if consult is None or consult.with_id != with_id:
        return False
    keep(call, replace(consult, leg=leg, has_no_line=not leg))
    return True
