"""The message to administrators that a trial did not get through, and which part of the way it did not reach."""

from collections.abc import Iterable

from tickets.directory.standing import Person
from tickets.outbox.posting import Outgoing
from tickets.schema import CanaryRun
from tickets.states import CanaryStage, OutboundChannel

FAILED_TEMPLATE = "canary_failed"


def alarms(run: CanaryRun, missing: CanaryStage, to: Iterable[Person]) -> list[Outgoing]:
    """On the screen and by mail: what does not come by text may still come by these."""
    params = {"missing": missing.value, "opened_at": run.opened_at.isoformat()}
    return [
        Outgoing(
            channel=channel,
            address=person.email if channel is OutboundChannel.EMAIL else "",
            template=FAILED_TEMPLATE,
            params=params,
            locale=person.locale,
            dedup_key=f"canary:{run.id}:{person.staff_id}:{channel}",
            staff_id=person.staff_id,
            is_urgent=True,
        )
        for person in to
        for channel in (OutboundChannel.SCREEN, OutboundChannel.EMAIL)
    ]
