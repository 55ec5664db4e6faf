"""The step of the guide at which somebody dials the city's number: what to hear, and the call that arrived."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import g
from flask_babel import gettext as _
from sqlalchemy import select

from app.wording.heard_passages import passages
from app.wording.spoken_time import moment_phrase
from tickets.people.phones import mask, readable_phone
from tickets.schema import Call, Line
from tickets.states import LOCALES

# So much of the first words is enough to know the line by.
_SENTENCES_QUOTED = 3


@dataclass(frozen=True, slots=True)
class ArrivedCall:
    """The last call that came in: when, from whom, on which of our numbers, and whether somebody took it up."""

    arrived_at: datetime
    phone: str | None
    line: str | None
    answered_at: datetime | None


def last_call() -> ArrivedCall | None:
    row = g.session.execute(
        select(Call.arrived_at, Call.phone, Line.phone, Call.answered_at)
        .outerjoin(Line, Line.id == Call.line_id)
        .where(Call.direction == "inbound")
        .order_by(Call.id.desc())
        .limit(1)
    ).one_or_none()
    return ArrivedCall(*row) if row is not None else None


def heard_words(call: ArrivedCall) -> str:
    moment, caller = moment_phrase(call.arrived_at, g.now), readable_phone(mask(call.phone)) or _("a hidden number")
    words = _("We heard your call at %(moment)s, from %(caller)s.", moment=moment, caller=caller)
    if call.line is not None:
        words += " " + _("It came in on %(line)s.", line=readable_phone(call.line))
    answered = _("An agent took it up.") if call.answered_at is not None else _("No agent took it up; that comes next.")
    return f"{words} {answered}"


def what_to_hear(phone: str) -> Sequence[str]:
    """What to do, what tells that it works, and what tells that it does not."""
    first = next(iter(passages(LOCALES[0])))
    quoted = " ".join(one.words for one in first.said[:_SENTENCES_QUOTED])
    return (
        _("Dial %(phone)s from any telephone, your own too.", phone=readable_phone(phone)),
        _("You must hear: “%(words)s”", words=quoted),
        _("Silence, a busy tone or another voice: the number does not lead here yet. The account’s page tells why."),
        _("Leave this page open: it says by itself when your call has arrived."),
    )
