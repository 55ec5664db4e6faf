"""A leader's text message: `GN` acknowledges or instructs, `TC` passes up; answered, so that they know."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from escalation.acknowledging.code_guard import count_codes, locked_until
from escalation.acknowledging.reply_codes import NamedLevel, levels_named, people_with
from escalation.acknowledging.reply_deeds import UNKNOWN, Reply, ReplyAnswer, done_for
from escalation.acknowledging.waiting import WaitingLevel, waiting_for
from tickets.outbox import posting
from tickets.schema import Staff

LOCKED, SEVERAL, WHICH, NOTHING_WAITS = "acknowledge_locked", "codes_answered", "acknowledge_which", "nothing_waits"
_CAME_TO_NOTHING = frozenset({WHICH, NOTHING_WAITS})
_LISTED = 6


def take_reply(session: Session, reply: Reply, *, phone: str, message_sid: str, now: datetime) -> bool:
    """Act on a text message and answer it; False when nobody who was ever told of a level has this phone.

    False also for ordinary words with a number that is no code of this person's; it counts as a wrong one all the
    same. `message_sid` names the message that is answered, so that its repetition is not answered twice.
    """
    people = {one.id: one for one in people_with(session, phone)}
    if not people:
        return False
    named = levels_named(session, reply.codes, staff_ids=people, now=now) if reply.codes else {}
    staff = people[next((level.staff_id for level in named.values()), next(iter(people)))]
    until = _until(session, reply, named, staff, phone=phone, now=now)
    if reply.may_be_words and not named:
        return False
    if until is not None:
        # Said once: whoever goes on guessing in this person's name does not make their phone ring.
        key = f"code-locked:{phone}:{until.isoformat()}"
        _say(session, (LOCKED, {"until": until.isoformat()}), staff, phone=phone, dedup_key=key, now=now)
        return True
    if reply.codes:
        answer = _by_codes(session, reply, named, now=now)
    else:
        answer = _alone(session, reply, people, now=now)
        if answer[0] in _CAME_TO_NOTHING:
            # Under a false number it would make this person's phone ring without end.
            count_codes(session, staff, phone=phone, wrong=1, now=now)
    _say(session, answer, staff, phone=phone, dedup_key=f"code:{message_sid}", now=now)
    return True


def _until(
    session: Session, reply: Reply, named: Mapping[str, NamedLevel], staff: Staff, *, phone: str, now: datetime
) -> datetime | None:
    if not reply.codes:
        return locked_until(session, phone=phone, now=now)
    wrong = sum(code not in named for code in reply.codes)
    return count_codes(session, staff, phone=phone, wrong=wrong, now=now)


def _say(session: Session, answer: ReplyAnswer, staff: Staff, *, phone: str, dedup_key: str, now: datetime) -> None:
    template, params = answer
    posting.post_sms(
        session,
        to=phone,
        template=template,
        params=params,
        locale=staff.locale,
        dedup_key=dedup_key,
        staff_id=staff.id,
        # They hold the phone in their hand: an answer in the morning would be none.
        is_urgent=True,
        now=now,
    )


def _by_codes(session: Session, reply: Reply, named: Mapping[str, NamedLevel], *, now: datetime) -> ReplyAnswer:
    """The answer to one code in full, to several by what they came to."""
    answers = [
        done_for(session, reply, level, code=code, now=now)
        if (level := named.get(code)) is not None
        else (UNKNOWN, {"code": code})
        for code in reply.codes
    ]
    if len(answers) == 1:
        return answers[0]
    items = [
        {"code": code, "outcome": template, "reference": params.get("reference", "")}
        for code, (template, params) in zip(reply.codes, answers, strict=True)
    ]
    return SEVERAL, {"items": items}


def _alone(session: Session, reply: Reply, people: Mapping[int, Staff], *, now: datetime) -> ReplyAnswer:
    """Without a code nothing but the acknowledgement of what alone waits: the sender's number may be a false one (R20).

    Whoever wants more, or has several waiting, is told the codes, and nothing is done.
    """
    waiting = [one for staff_id in people for one in waiting_for(session, staff_id, now=now)]
    if not waiting:
        return NOTHING_WAITS, {}
    if len(waiting) > 1 or reply.passes_up or reply.words:
        asked = {"passes_up": reply.passes_up, "instructs": bool(reply.words)}
        return WHICH, {"count": len(waiting), **asked, "items": _listed(waiting)}
    one = waiting[0]
    return done_for(session, reply, NamedLevel(one.step_id, one.staff_id), code=one.code, now=now)


def _listed(waiting: Sequence[WaitingLevel]) -> list[dict[str, Any]]:
    """Of a ticket that is named twice, also what is late about it: its codes say nothing of that."""
    seen = Counter(one.reference for one in waiting)
    return [
        {
            "code": one.code,
            "reference": one.reference,
            "level": one.level,
            "clock": one.clock if seen[one.reference] > 1 else "",
        }
        for one in waiting[:_LISTED]
    ]
