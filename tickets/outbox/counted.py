"""How many messages stand in a way that somebody watches, counted up to a limit: in an outage thousands wait, and who
watches asks every few seconds."""

from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.orm import Session

from tickets.states import OutboundChannel, OutboundState

# More than that is all that a watching eye needs to know: how long they have waited is told beside it.
MOST_OF_EACH = 500


def waiting_by_channel(session: Session) -> dict[OutboundChannel, int]:
    """What has not left yet."""
    found = _counted(
        session,
        {
            f"{channel} {state}": f"state = '{state}' and channel = '{channel}'"
            for channel in OutboundChannel
            for state in (OutboundState.WAITING, OutboundState.CLAIMED)
        },
    )
    return {
        channel: min(sum(number for name, number in found.items() if name.startswith(f"{channel} ")), MOST_OF_EACH)
        for channel in OutboundChannel
    }


def dead_by_state(session: Session) -> dict[str, int]:
    """What waits for a person's decision."""
    return _counted(session, {state: f"state = '{state}'" for state in (OutboundState.FAILED, OutboundState.UNCERTAIN)})


def held_by_code(session: Session, codes: Mapping[str, str]) -> dict[str, int]:
    """What a budget holds, by names of their codes."""
    return _counted(session, {name: f"state = 'waiting' and error_code = '{code}'" for name, code in codes.items()})


def _counted(session: Session, conditions: Mapping[str, str]) -> dict[str, int]:
    """Each the beginning of a stretch of an index; written out, as in partial indexes."""
    counts = ", ".join(
        f"(select count(*) from (select from outbound_message where {one} limit {MOST_OF_EACH}) some_of_them)"  # noqa: S608
        for one in conditions.values()
    )
    return dict(zip(conditions, session.execute(text(f"select {counts}")).one(), strict=True))
