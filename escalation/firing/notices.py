"""The messages for what has fired: one per person and channel, each with a key that lets it leave only once."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from escalation.firing.telling import Fired
from tickets.city import day_of
from tickets.directory.standing import Person
from tickets.outbox.posting import Outgoing
from tickets.states import OutboundChannel, StepResult

LEVEL_TEMPLATE = "escalation_level"
WARNING_TEMPLATE = "warning"
NOBODY_TEMPLATE = "nobody_reachable"


def outgoing(fired: Iterable[Fired], codes: dict[tuple[int, int], str]) -> list[Outgoing]:
    """Messages for the notified steps; `codes` gives the reply code per step and person."""
    messages = []
    for one in fired:
        if one.result is not StepResult.NOTIFIED or not one.channels:
            continue
        for told in one.told:
            code = codes.get((one.step.id, told.person.staff_id), "")
            messages += [_message(one, told.person, channel, code) for channel in _channels(one, told.person)]
    return messages


def alerts(fired: Iterable[Fired], administrators: Sequence[Person], *, now: datetime) -> list[Outgoing]:
    """To the administrators, once per unit, level and day: nobody could be told of this level there (R19)."""
    today = day_of(now).isoformat()
    messages = []
    for one in fired:
        if not one.alerts_administrators:
            continue
        unreached = bool(one.detail.get("unreached"))
        params = _params(one) | {"fell_through_to": one.detail.get("fell_through_to"), "unreached": unreached}
        # They mend who stands where, and are not named on the ticket.
        params["reference"] = "" if one.ticket.is_restricted else one.ticket.reference
        for person in administrators:
            for channel in (OutboundChannel.SCREEN, OutboundChannel.EMAIL):
                said = "unreached" if unreached else "nobody"
                key = f"{said}:{one.ticket.unit_id}:{one.step.rank}:{today}:{person.staff_id}:{channel}"
                messages.append(_to(person, channel, template=NOBODY_TEMPLATE, params=params, dedup_key=key, fired=one))
    # One insert refuses the same key twice in itself, so repeated alerts of one batch are dropped here.
    return list({message.dedup_key: message for message in messages}.values())


def _channels(one: Fired, person: Person) -> list[OutboundChannel]:
    """Of a level, what was chosen for its person; a warning's, as far as a person has them, mail in want of these."""
    wanted = [OutboundChannel(channel) for channel in one.channels]
    if one.step.is_level:
        return wanted
    has_phone = person.phone is not None
    usable = [c for c in wanted if has_phone or c not in (OutboundChannel.SMS, OutboundChannel.VOICE)]
    if len(usable) < len(wanted) and person.email and OutboundChannel.EMAIL not in usable:
        usable.append(OutboundChannel.EMAIL)
    return usable


def _message(one: Fired, person: Person, channel: OutboundChannel, code: str) -> Outgoing:
    template = LEVEL_TEMPLATE if one.step.is_level else WARNING_TEMPLATE
    params = _params(one) | (_ways_to_answer(one, person, channel, code) if one.step.is_level else {})
    again = f":{one.calls_before + 1}" if one.calls_before else ""
    key = f"step:{one.step.id}:{person.staff_id}:{channel}{again}"
    return _to(person, channel, template=template, params=params, dedup_key=key, fired=one)


def _ways_to_answer(one: Fired, person: Person, channel: OutboundChannel, code: str) -> dict[str, Any]:
    """What is possible for this reader: a code counts from a phone that is theirs, a level goes up to one above."""
    texted_to = one.way.address if channel is OutboundChannel.SMS and one.way is not None else None
    return {"code": code, "by_sms": person.may_answer_from(texted_to), "next_level": one.next_level}


def _to(
    person: Person, channel: OutboundChannel, *, template: str, params: dict[str, Any], dedup_key: str, fired: Fired
) -> Outgoing:
    addresses = {OutboundChannel.EMAIL: person.email, OutboundChannel.SCREEN: ""}
    if (
        fired.way is not None
        and fired.way.kind is channel
        and person.staff_id in {w.person.staff_id for w in fired.told}
    ):
        addresses[channel] = fired.way.address
    return Outgoing(
        channel=channel,
        address=addresses.get(channel, person.phone or ""),
        template=template,
        params=params,
        locale=person.locale,
        dedup_key=dedup_key,
        ticket_id=fired.ticket.id,
        staff_id=person.staff_id,
        is_urgent=fired.ticket.is_emergency,
        # A notice on a screen wakes nobody: it is there at once.
        not_before=None if channel is OutboundChannel.SCREEN else fired.send_at,
    )


def _params(one: Fired) -> dict[str, Any]:
    """What a message may say: never the citizen's words, and of a restricted ticket not even the kind of matter."""
    ticket, step = one.ticket, one.step
    return {
        "step_id": step.id,
        "reference": ticket.reference,
        "level": step.rank,
        "clock": step.clock.value,
        "priority": ticket.priority.value,
        "due_at": step.planned_for_due_at.isoformat(),
        "unit": {"vi": ticket.unit_name, "en": ticket.unit_name_en},
        "category": {"vi": "", "en": ""} if ticket.is_restricted else {"vi": ticket.category, "en": ticket.category_en},
    }
