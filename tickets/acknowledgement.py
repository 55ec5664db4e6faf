"""The first answer a sender gets by itself: the reference, by SMS and e-mail, and nothing the sender wrote."""

from datetime import datetime

from sqlalchemy.orm import Session

from tickets import outbox
from tickets.directory.rules import Rules
from tickets.matter import Matter, Opened
from tickets.phones import parse_phone
from tickets.states import Channel, OutboundChannel


def acknowledge(
    session: Session, matter: Matter, opened: Opened, rules: Rules, *, is_restricted: bool, now: datetime
) -> None:
    """Tell the sender the reference. Nothing the sender wrote is in it, or we would carry anybody's text to any phone.

    The PIN goes only to a number that spoke to us itself: one typed into a form may be somebody else's. It is made when
    the message leaves; the row says only that there shall be one.
    """
    params: dict[str, object] = {"reference": opened.reference}
    # Whom a restricted matter is about does not stand in a message that others may read.
    if not is_restricted:
        unit = rules.routing.units[opened.unit_id]
        params |= {"unit": unit.name, "unit_en": unit.name_en}
    messages = []
    phone = parse_phone(matter.phone) if matter.phone else None
    if phone is not None and phone.may_get_sms:
        own = {"has_pin": True} if matter.channel in (Channel.SMS, Channel.VOICE) else {}
        messages.append((OutboundChannel.SMS, phone.number, {**params, **own}))
    if matter.email:
        messages.append((OutboundChannel.EMAIL, matter.email.strip().lower(), params))
    outbox.post_all(
        session,
        [
            outbox.Outgoing(
                channel,
                address,
                "ticket_opened",
                told,
                matter.locale,
                dedup_key=f"ticket-opened:{opened.ticket_id}:{channel.value}",
                ticket_id=opened.ticket_id,
                citizen_id=opened.citizen_id,
            )
            for channel, address, told in messages
        ],
        now=now,
    )
