"""A text that tells of nothing: kept, answered with at most one helpful text a day, and never a ticket by itself."""

import re
from datetime import datetime

from sqlalchemy.orm import Session

from telephony.desk import Desk
from telephony.dialled import chat_service, dialled, is_withheld, line_number
from telephony.sms.answering import text_back
from telephony.sms.echo import is_echo
from telephony.sms.texted import Taken, Texted
from tickets.city import day_of
from tickets.intake.cleaning import Matter
from tickets.intake.noise import ECHO, MACHINE, REPLY_CODE, NoiseRead, keep_noise, noise_in
from tickets.matter import MatterReading
from tickets.matter.noise import BROKEN_STATUS, EMPTY, GREETING, MASHED
from tickets.people import citizens
from tickets.people.phones import PhoneKind, parse_phone
from tickets.states import Channel

# What helps whoever sent it; an advertisement and a machine's notice are not answered.
_HELPS = {
    BROKEN_STATUS: "status_broken", EMPTY: "sms_help", GREETING: "sms_help", MASHED: "sms_help",
    REPLY_CODE: "code_of_nobody",
}  # fmt: skip
# Fewer digits are no subscriber's number: a short code of a carrier, a bank, a shop.
_SHORT = re.compile(r"\+?\d{1,7}")


def take_machine(
    session: Session, body: str, sms: Texted, desk: Desk, *, is_simulated: bool, now: datetime
) -> Taken | None:
    """None for a person. Short codes and senders' names hear no answer and open nothing, whatever they say.

    Nor do our own words that come back, of whoever sends them.
    """
    if not sms.has_pictures and is_echo(session, body, sms, now=now):
        return _keep(session, body, sms, desk, NoiseRead(ECHO), is_simulated=is_simulated, now=now)
    if not is_machine(sms):
        return None
    read = desk.read(body)
    words = ", ".join(read.danger.because) if read.may_be_danger else ""
    return _keep(session, body, sms, desk, NoiseRead(MACHINE, words), is_simulated=is_simulated, now=now)


def take_noise(
    session: Session, body: str, sms: Texted, desk: Desk, *, is_simulated: bool, now: datetime
) -> Taken | None:
    """None for whatever somebody could work on; a picture always shows something."""
    if sms.has_pictures or (noise := noise_in(desk.read(body))) is None:
        return None
    taken = _keep(session, body, sms, desk, noise, is_simulated=is_simulated, now=now)
    if noise.kind in _HELPS:
        _help(session, sms, _HELPS[noise.kind], desk.read(body), now=now)
    return taken


def take_reply_of_nobody(
    session: Session, body: str, sms: Texted, desk: Desk, *, is_simulated: bool, now: datetime
) -> Taken:
    """A leader's reply and nothing else, from a number that was sent no code: its writer must not believe it done."""
    kept = take_machine(session, body, sms, desk, is_simulated=is_simulated, now=now)
    if kept is not None:
        return kept
    taken = _keep(session, body, sms, desk, NoiseRead(REPLY_CODE, body), is_simulated=is_simulated, now=now)
    _help(session, sms, _HELPS[REPLY_CODE], desk.read(body), now=now)
    return taken


def is_machine(sms: Texted) -> bool:
    """A short code or a name in place of a number; whoever hides theirs, or writes by a chat, is a person."""
    if is_withheld(sms.phone_raw) or chat_service(sms.phone_raw):
        return False
    phone = parse_phone(sms.phone) if sms.phone else None
    if phone is not None:
        return phone.kind is PhoneKind.SHORT_CODE
    said = dialled(sms.phone_raw)
    return bool(_SHORT.fullmatch(said)) or any(c.isalpha() for c in said)


def _keep(
    session: Session, body: str, sms: Texted, desk: Desk, noise: NoiseRead, *, is_simulated: bool, now: datetime
) -> Taken:
    line = desk.line(line_number(sms.to_phone))
    known = citizens.find(session, phone=sms.phone) if sms.phone else None
    matter = Matter(
        channel=Channel.SMS,
        arrived_at=now,
        body=body,
        phone=sms.phone,
        phone_raw=sms.phone_raw,
        locale=known.locale if known else ("en" if desk.read(body).is_english else "vi"),
        line_id=line.id if line else None,
        citizen_id=known.id if known else None,
        contact_source_key=f"{sms.account}:{sms.message_sid}",
        is_simulated=is_simulated,
    )
    return Taken(keep_noise(session, matter, noise, rules=desk.rules, now=now), None)


def _help(session: Session, sms: Texted, template: str, read: MatterReading, *, now: datetime) -> None:
    """Once a day to one number, however much it sends."""
    locale = "en" if read.is_english else "vi"
    text_back(session, sms, template, {}, locale=locale, key=f"noise-answer:{sms.phone}:{day_of(now)}", now=now)
