"""The first answer a sender gets by itself: the reference, by SMS and e-mail, and nothing the sender wrote."""

from datetime import datetime
from typing import Any

from tickets.intake.cleaning import Matter, Opened
from tickets.matter import read_matter
from tickets.outbox.posting import Outgoing
from tickets.people.phones import parse_phone
from tickets.routing.incidents import incident_about
from tickets.routing.receiving import NOT_LIVE
from tickets.routing.rules import Rules
from tickets.states import Channel, OutboundChannel, Priority


def sms_number(matter: Matter) -> str | None:
    """Where a text about this matter can go.

    A number of another country gets one only if it spoke to us itself: typed into a form by anybody, texts to dear
    numbers abroad would be at the city's cost.
    """
    phone = parse_phone(matter.phone) if matter.phone else None
    if phone is None or not phone.may_get_sms or (phone.is_abroad and matter.channel is Channel.WEB):
        return None
    return phone.number


def receipt_key(ticket_id: int, channel: OutboundChannel) -> str:
    """Which of our messages tells the sender the reference."""
    return f"ticket-opened:{ticket_id}:{channel.value}"


def incident_told(
    rules: Rules, *, unit_id: int | None, category_id: int | None, priority: Priority, counts: bool, now: datetime
) -> dict[str, Any]:
    """The known incident a message speaks of, in both languages; {} without one. `counts`: an answer of 1 counts.

    Who is in danger is not told to wait for an end with others.
    """
    if priority is Priority.EMERGENCY:
        return {}
    found = incident_about(rules.incidents, unit_id=unit_id, category_id=category_id, now=now)
    return {"incident": {**found.in_both, "id": found.id, "counts": counts}} if found else {}


def acknowledgement(
    matter: Matter, opened: Opened, rules: Rules, *, is_restricted: bool, reaches_lead: bool = False
) -> list[Outgoing]:
    """What tells the sender the reference. Nothing they wrote is in it, or it would carry anybody's text anywhere.

    The PIN goes only to a number that spoke to us itself: one typed into a form may be somebody else's. It is made when
    the message leaves; the row says only that there shall be one. `reaches_lead`: whoever leads the unit is told of it.
    """
    params: dict[str, Any] = {"reference": opened.reference}
    # In doubt numbers are sent anyway: nobody can be asked before the text is read.
    if opened.priority is Priority.EMERGENCY or opened.row["is_doubted"]:
        read = read_matter(f"{matter.subject}\n{matter.body}", rules.routing.words)
        params |= {"is_emergency": True, "danger": list(read.danger.kinds)}
    if opened.row["is_praise"]:
        params |= {"is_praise": True, "reaches_lead": reaches_lead}
    # Whom a restricted matter is about does not stand in a message that others may read.
    if not is_restricted:
        unit = rules.routing.units[opened.unit_id]
        params |= {"unit": unit.name, "unit_en": unit.name_en}
        params |= _works_for(opened)
        if opened.due_at is not None:
            params["due_at"] = opened.due_at.isoformat()
        params |= _incident(matter, opened, rules)
    messages = []
    number = sms_number(matter)
    if number is not None:
        own = {"has_pin": True} if matter.channel in (Channel.SMS, Channel.VOICE) else {}
        messages.append((OutboundChannel.SMS, number, {**params, **own}))
    if matter.email:
        messages.append((OutboundChannel.EMAIL, matter.email.strip().lower(), params))
    return [
        Outgoing(
            channel,
            address,
            "ticket_opened",
            told,
            matter.locale,
            dedup_key=receipt_key(opened.ticket_id, channel),
            ticket_id=opened.ticket_id,
            citizen_id=opened.citizen_id,
        )
        for channel, address, told in messages
    ]


def _works_for(opened: Opened) -> dict[str, Any]:
    """The unit whose matter it is, where another answers because that one is not live."""
    named = next((reason.params for reason in opened.reasons if reason.code == NOT_LIVE), None)
    return {"works_for": {"vi": named["unit"], "en": named["unit_en"]}} if named is not None else {}


def _incident(matter: Matter, opened: Opened, rules: Rules) -> dict[str, Any]:
    """Nothing while it is asked where the matter is: the answer to that question would be taken for this one."""
    if any(reason.code == "undecided" for reason in opened.reasons):
        return {}
    return incident_told(
        rules, unit_id=opened.row["place_unit_id"] or opened.unit_id, category_id=opened.row["category_id"],
        priority=opened.priority, counts=matter.channel is Channel.SMS, now=opened.opened_at,
    )  # fmt: skip
