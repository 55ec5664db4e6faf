"""What happened to a ticket, said to the people who work on it: one line an entry, its words and what belongs to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from app.web.pieces.names import in_locale
from app.wording.codes import (
    appeal_outcome_word,
    channel_word,
    clock_word,
    disposition_word,
    level_word,
    priority_word,
    status_word,
    step_result_word,
    timeline_word,
)
from app.wording.contact_codes import outbound_channel_word, overtaken_word, recording_kind_word
from app.wording.locale import chosen_locale
from app.wording.looks import timeline_sign
from app.wording.posted_words import FAILURES
from app.wording.reasons import reason_text
from app.wording.spoken_numbers import percent_phrase
from app.wording.spoken_time import duration_phrase, moment_phrase
from app.wording.trail_details import CALLBACK_OUTCOMES, PROTOCOL_KINDS
from telephony.floor.calling_back import ATTEMPT
from telephony.sms.pictures import NOT_TAKEN
from tickets.intake.splitting import SPLIT_FROM
from tickets.outbox.overtaken import WITHDRAWN
from tickets.people.references import grouped
from tickets.states import ActorKind, Channel, RecordingKind, StepResult, TimelineKind
from tickets.work.appeals import APPEALED, DECIDED
from tickets.work.assignment import BY_GOING_LIVE, BY_PLACE, BY_READING, BY_UNIT_ENDED
from tickets.work.conversation import EXPECTED
from tickets.work.disputes import ARBITRATED
from tickets.work.duplicate_links import LINKED
from tickets.work.protocol import PROTOCOL_OPENED

_PROMISES = (TimelineKind.ESCALATED, TimelineKind.BREACHED, TimelineKind.WARNED, TimelineKind.ACKNOWLEDGED)
MOVES = (TimelineKind.TRANSFERRED, TimelineKind.RETURNED)
# What follows from a citizen's words is the system's work, whoever set it off.
_OURS = (
    TimelineKind.ROUTED,
    TimelineKind.STATUS,
    TimelineKind.RESTRICTED,
    TimelineKind.WOKEN,
    TimelineKind.DUE_CHANGED,
)
_CITIZENS = (TimelineKind.MESSAGE_IN, TimelineKind.NOT_SOLVED)
_SHAPES: Mapping[TimelineKind, str] = {
    TimelineKind.MESSAGE_IN: "citizen",
    TimelineKind.NOT_SOLVED: "citizen",
    TimelineKind.MESSAGE_OUT: "reply",
    TimelineKind.NOTE: "internal",
    TimelineKind.CALL: "call",
    TimelineKind.ESCALATED: "escalation",
    TimelineKind.BREACHED: "escalation",
    TimelineKind.ACKNOWLEDGED: "escalation",
}


@dataclass(frozen=True)
class StreamEntry:
    """An entry as the stream draws it; `shape` is a kind of the timeline component, `points` a list below it."""

    id: int
    at: datetime
    who: str
    words: str
    body: str
    sign: str
    shape: str
    outbound_state: str | None = None
    segments: int | None = None
    recording_id: int | None = None
    points: list[str] = field(default_factory=list)
    files: tuple[Mapping[str, str], ...] = ()


def stream_entry(entry: Mapping[str, Any], *, citizen: str, opening: str, now: datetime) -> StreamEntry:
    """`citizen` is what the citizen is called here, `opening` the words the ticket was opened with."""
    kind: TimelineKind = entry["kind"]
    is_opening = kind is TimelineKind.OPENED
    body = opening if is_opening else (entry["message_body"] or entry["body"])
    return StreamEntry(
        id=entry["id"],
        at=entry["at"],
        who=_who(entry, citizen),
        words=_words(kind, entry, now),
        body=body,
        sign=timeline_sign(kind),
        shape="citizen" if is_opening and body else _SHAPES.get(kind, "event"),
        outbound_state=entry["outbound_state"],
        segments=entry["segments"],
        recording_id=entry["params"].get("recording_id"),
        points=_points(kind, entry["params"]),
        files=tuple(entry["attachments"]),
    )


def _who(entry: Mapping[str, Any], citizen: str) -> str:
    if entry["staff_name"]:
        return str(entry["staff_name"])
    says = entry["actor_kind"] is ActorKind.CITIZEN and entry["kind"] not in _OURS
    return citizen if says or entry["kind"] in _CITIZENS else ""


def _words(kind: TimelineKind, entry: Mapping[str, Any], now: datetime) -> str:
    if kind in _PROMISES:
        return _promise_words(kind, entry["params"], now)
    if kind in MOVES:
        return _moved_words(kind, entry["params"])
    if kind is TimelineKind.MESSAGE_OUT:
        return _sent_words(entry)
    say = _SAID.get(kind)
    return say(entry, now) if say else str(timeline_word(kind))


def _sent_words(entry: Mapping[str, Any]) -> str:
    if entry["outbound_channel"]:
        return str(outbound_channel_word(entry["outbound_channel"]))
    return channel_word(entry["channel"]) if entry["channel"] is Channel.VOICE else _("on the tracking page")


def _call_words(params: Mapping[str, Any]) -> str:
    what, seconds = params.get("what"), params.get("seconds")
    if what == "callback_asked":
        return _("asked to be called back")
    if what == ATTEMPT:
        return _("called back: %(outcome)s", outcome=_attempt_words(str(params.get("outcome", ""))))
    if what == PROTOCOL_OPENED:
        return _("opened a protocol card: %(card)s", card=PROTOCOL_KINDS.get(str(params.get("code")), ""))
    if what == "failsafe":
        return _("the caller heard our outage announcement")
    length = duration_phrase(seconds) if isinstance(seconds, int) else ""
    if what in {kind.value for kind in RecordingKind}:
        return f"{recording_kind_word(str(what))} ({length})" if length else recording_kind_word(str(what))
    return _("spoke with the citizen for %(length)s", length=length) if length else str(timeline_word("call"))


def _attempt_words(outcome: str) -> str:
    """Why nobody was reached by a call of ours, or that the citizen needs nothing any more."""
    words = CALLBACK_OUTCOMES.get(outcome) or FAILURES.get(outcome)
    return str(words) if words is not None else outcome


def _note_words(params: Mapping[str, Any]) -> str:
    """A note of somebody, or ours: why it went elsewhere, or that a message was overtaken by events."""
    if params.get("reason") == BY_PLACE:
        return _("The place was corrected.")
    if params.get("reason") == BY_GOING_LIVE:
        return _("The body works with the system now: its tickets are its own.")
    if params.get("reason") == BY_UNIT_ENDED:
        return _("The body has ended: what it left open goes to whoever took over from it, or to the city's desk.")
    if params.get("reason") == BY_READING:
        return _("Somebody has read it: it accuses officials.")
    if WITHDRAWN not in params:
        return str(timeline_word(TimelineKind.NOTE))
    channel = outbound_channel_word(str(params.get("channel", "")))
    return _("%(channel)s not sent: %(reason)s", channel=channel, reason=overtaken_word(str(params[WITHDRAWN])))


def _moved_words(kind: TimelineKind, params: Mapping[str, Any]) -> str:
    unit = in_locale(str(params.get("unit", "")), params.get("unit_en"))
    sentence = (
        _("returned it to %(unit)s", unit=unit)
        if kind is TimelineKind.RETURNED
        else _("transferred it to %(unit)s", unit=unit)
    )
    return sentence + (" · " + _("passed around too often: an arbiter decides") if params.get("is_disputed") else "")


def _linked_words(params: Mapping[str, Any]) -> str:
    """What joined two tickets or parted them; no reference where the other is kept from this unit."""
    other = grouped(str(params.get("other", "")))
    is_linked = params.get("what") == LINKED
    if params.get("field") == "duplicate":
        return (
            _("%(other)s was linked to it as a duplicate") if is_linked else _("%(other)s is no duplicate any more")
        ) % {"other": other}
    return (_("made a duplicate of %(other)s") if is_linked else _("is no duplicate of %(other)s any more")) % {
        "other": other
    }


def _split_words(params: Mapping[str, Any]) -> str:
    other = grouped(str(params.get("other", "")))
    if params.get("what") == SPLIT_FROM:
        return _("the second matter of %(other)s", other=other)
    return (
        _("its second matter became %(other)s", other=other) if other else _("its second matter became another ticket")
    )


def _changed_words(params: Mapping[str, Any], now: datetime) -> str:
    if params.get("field") in ("master", "duplicate", "split"):
        return _split_words(params) if params["field"] == "split" else _linked_words(params)
    what = params.get("what")
    if what == APPEALED:
        return _("appealed against the result")
    if what == DECIDED:
        return _("decided on the appeal: %(outcome)s", outcome=appeal_outcome_word(str(params.get("outcome", ""))))
    if what == ARBITRATED:
        unit = in_locale(str(params.get("unit", "")), params.get("unit_en"))
        rule = " · " + _("and so for every matter of its kind") if params.get("is_rule") else ""
        return _("decided that %(unit)s is responsible", unit=unit) + rule
    if what == EXPECTED:
        return _("told the citizen to expect an answer by %(moment)s", moment=_moment(params.get("expected_at"), now))
    fields = {
        "priority": _("priority"),
        "category": _("category"),
        "place": _("place"),
        "dossier": _("dossier"),
        "external_reference": _("number in another system"),
    }
    name = str(params.get("field", ""))
    say = priority_word if name == "priority" else str
    before, after = str(params.get("from", "")), str(params.get("to", ""))
    return _(
        "%(field)s: %(before)s → %(after)s",
        field=fields.get(name, name),
        before=say(before) if before else "–",
        after=say(after) if after else "–",
    )


def _picture_words(params: Mapping[str, Any]) -> str:
    if params.get("what") != NOT_TAKEN:
        return ""
    return ngettext(
        "%(num)d picture of a text could not be taken; the sender was told",
        "%(num)d pictures of a text could not be taken; the sender was told",
        int(params.get("count", 1)),
    )


def _promise_words(kind: TimelineKind, params: Mapping[str, Any], now: datetime) -> str:
    promise = clock_word(params.get("clock", ""))
    if kind is TimelineKind.WARNED:
        return _("%(promise)s: %(share)s of the time is used", promise=promise, share=_share(params))
    if kind is TimelineKind.BREACHED:
        return _("%(promise)s: the deadline has passed", promise=promise)
    if kind is TimelineKind.ESCALATED:
        result = str(params.get("result", ""))
        told = "" if result == StepResult.NOTIFIED.value else f" · {step_result_word(result)}"
        return f"{level_word(int(params.get('level', 0)))} ({promise}){told}"
    words = str(timeline_word(kind))
    if params.get("passed_to"):
        words += " · " + _("passed up to level %(level)s", level=params["passed_to"])
    if params.get("new_due_at"):
        words += " · " + _("new date %(moment)s", moment=_moment(params["new_due_at"], now))
    return words


def _share(params: Mapping[str, Any]) -> str:
    used = params.get("share")
    return percent_phrase(used / 100) if isinstance(used, int | float) else ""


def _points(kind: TimelineKind, params: Mapping[str, Any]) -> list[str]:
    if kind is not TimelineKind.ROUTED:
        return []
    return [reason_text(r["code"], r["params"], chosen_locale()) for r in params.get("reasons", [])]


def _both_statuses(params: Mapping[str, Any]) -> dict[str, str]:
    return {
        "before": status_word(str(params.get("from", ""))),
        "after": status_word(str(params.get("to", ""))),
    }


def _moved_status_words(params: Mapping[str, Any]) -> str:
    words = _("%(before)s → %(after)s", **_both_statuses(params))
    if params.get("joined"):
        words += " · " + _("the call belongs to %(reference)s", reference=grouped(str(params["joined"])))
    return words


def _resolved_words(params: Mapping[str, Any]) -> str:
    return f"{timeline_word('resolved')}: {disposition_word(params.get('disposition', ''))}"


def _new_due(params: Mapping[str, Any], now: datetime) -> dict[str, str]:
    return {"promise": clock_word(params.get("clock", "")), "moment": _moment(params.get("due_at"), now)}


def _moment(said: object, now: datetime) -> str:
    try:
        return moment_phrase(datetime.fromisoformat(str(said)), now)
    except ValueError:
        return ""


# Kinds whose sentence needs their parameters; every other kind is said by its name alone.
_SAID: Mapping[TimelineKind, Callable[[Mapping[str, Any], datetime], str]] = {
    TimelineKind.OPENED: lambda e, now: f"{timeline_word('opened')} ({channel_word(e['params'].get('channel', ''))})",
    TimelineKind.NOTE: lambda e, now: _note_words(e["params"]),
    TimelineKind.MESSAGE_IN: lambda e, now: str(channel_word(e["channel"] or "")),
    TimelineKind.CALL: lambda e, now: _call_words(e["params"]),
    TimelineKind.STATUS: lambda e, now: _moved_status_words(e["params"]),
    TimelineKind.HELD: lambda e, now: _("waiting until %(moment)s", moment=_moment(e["params"].get("until"), now)),
    TimelineKind.RESOLVED: lambda e, now: _resolved_words(e["params"]),
    TimelineKind.CHANGED: lambda e, now: _picture_words(e["params"]) or _changed_words(e["params"], now),
    TimelineKind.DUE_CHANGED: lambda e, now: _("%(promise)s is now due at %(moment)s", **_new_due(e["params"], now)),
    TimelineKind.RATED: lambda e, now: _("rated the answer %(stars)s of 5", stars=e["params"].get("rating", "")),
}
