"""What happened to a ticket, said to its citizen: one sentence an entry, in words that name no person."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from app.wording.codes import appeal_outcome_word, channel_word, disposition_word, level_word
from app.wording.looks import timeline_sign
from app.wording.spoken_time import duration_phrase, moment_phrase
from telephony.floor.callbacks import NOT_NEEDED
from telephony.floor.calling_back import ATTEMPT
from tickets.promises.crediting import DOWNTIME
from tickets.queries.follow import FollowedTicket, ToldEntry
from tickets.states import ClockKind, TicketStatus, TimelineKind
from tickets.work.appeals import APPEALED, DECIDED
from tickets.work.conversation import EXPECTED
from tickets.work.duplicate_links import LINKED, UNLINKED


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry as the follow page draws it; `shape` is a kind of the timeline component."""

    at: datetime
    who: str
    words: str
    body: str
    sign: str
    shape: str
    files: tuple[Mapping[str, str], ...]


def shown_entries(ticket: FollowedTicket, *, now: datetime) -> list[ShownEntry]:
    """Everything the citizen may know of, oldest first."""
    shown = (_shown(entry, ticket, now) for entry in ticket.entries)
    return [entry for entry in shown if entry.words]


def _shown(entry: ToldEntry, ticket: FollowedTicket, now: datetime) -> ShownEntry:
    who, shape = "", "event"
    if entry.kind in (TimelineKind.MESSAGE_IN, TimelineKind.NOT_SOLVED):
        who, shape = _("You"), "citizen"
    elif entry.kind is TimelineKind.MESSAGE_OUT:
        who, shape = ticket.unit, "reply"
    elif entry.kind is TimelineKind.ESCALATED:
        shape = "escalation"
    return ShownEntry(
        at=entry.at,
        who=who,
        words=_words(entry, now),
        body=entry.body,
        sign=timeline_sign(entry.kind),
        shape=shape,
        files=entry.files,
    )


def _words(entry: ToldEntry, now: datetime) -> str:
    """The sentence of an entry; empty for what has no meaning to the citizen."""
    sentence = _SENTENCES.get(entry.kind)
    return sentence(entry, now) if sentence else _plain_words(entry.kind)


def _plain_words(kind: TimelineKind) -> str:
    words = {
        TimelineKind.MESSAGE_IN: _("wrote"),
        TimelineKind.MESSAGE_OUT: _("answered"),
        TimelineKind.NOT_SOLVED: _("said that it is not solved"),
        TimelineKind.REOPENED: _("The request was reopened."),
        TimelineKind.CONTACT: _("You contacted us again about it."),
        TimelineKind.ATTACHED: _("Another request about the same matter was linked to it."),
        TimelineKind.ACKNOWLEDGED: _("Its leader has taken note and given an instruction."),
    }
    return words.get(kind, "")


def _opened_words(entry: ToldEntry, now: datetime) -> str:
    return _("You sent the request (%(channel)s).", channel=channel_word(str(entry.params.get("channel", "web"))))


def _routed_words(entry: ToldEntry, now: datetime) -> str:
    return _("It was sent to %(unit)s.", unit=entry.unit) if entry.unit else ""


def _passed_words(entry: ToldEntry, now: datetime) -> str:
    return _("It was passed on to %(unit)s.", unit=entry.unit) if entry.unit else ""


def _resolved_words(entry: ToldEntry, now: datetime) -> str:
    return _("It was answered: %(result)s.", result=disposition_word(str(entry.params.get("disposition", ""))))


def _level_words(entry: ToldEntry, now: datetime) -> str:
    return level_word(int(entry.params.get("level", 0)))


def _rated_words(entry: ToldEntry, now: datetime) -> str:
    return _("You rated the answer %(rating)s of 5.", rating=entry.params.get("rating", ""))


def _status_words(entry: ToldEntry, now: datetime) -> str:
    if entry.params.get("joined"):
        return _("Your call belongs to another request, which goes on.")
    words = {
        TicketStatus.OPEN.value: _("The unit has taken it up."),
        TicketStatus.CLOSED.value: _("It was closed."),
        TicketStatus.WITHDRAWN.value: _("You withdrew it."),
        TicketStatus.SPAM.value: _("It was found not to be a matter for the city."),
    }
    return words.get(str(entry.params.get("to", "")), "")


def _held_words(entry: ToldEntry, now: datetime) -> str:
    until = _moment(entry, "until", now)
    if entry.params.get("for") == TicketStatus.PENDING_THIRD_PARTY.value:
        return _("It waits for another body until %(until)s.", until=until)
    return _("It waits for your answer until %(until)s.", until=until)


def _call_words(entry: ToldEntry, now: datetime) -> str:
    if entry.params.get("what") == "callback_asked":
        return _("You asked to be called back.")
    if entry.params.get("what") == ATTEMPT:
        if entry.params.get("outcome") == NOT_NEEDED:
            return _("We called you back; you need nothing any more.")
        return _("We called you back and did not reach you.")
    seconds = entry.params.get("seconds")
    if isinstance(seconds, int) and seconds >= 60:
        return _("We spoke on the phone (%(length)s).", length=duration_phrase(seconds))
    return _("We spoke on the phone.")


def _date_words(entry: ToldEntry, now: datetime) -> str:
    """Why a date that was told moved, and to when."""
    if entry.params.get("cause") != DOWNTIME:
        return _("The date was changed.")
    moment = _moment(entry, "due_at", now)
    words = {
        ClockKind.FIRST.value: _(
            "Our service was interrupted. That time is given back to the deadline: first answer now by %(moment)s.",
            moment=moment,
        ),
        ClockKind.APPEAL.value: _(
            "Our service was interrupted. That time is given back to the deadline: decision on the appeal now by "
            "%(moment)s.",
            moment=moment,
        ),
        ClockKind.RESOLVE.value: _(
            "Our service was interrupted. That time is given back to the deadline: settled now by %(moment)s.",
            moment=moment,
        ),
    }
    return words.get(str(entry.params.get("clock", "")), "")


def _moment(entry: ToldEntry, detail: str, now: datetime) -> str:
    try:
        return moment_phrase(datetime.fromisoformat(str(entry.params.get(detail, ""))), now)
    except ValueError:
        return ""


def _changed_words(entry: ToldEntry, now: datetime) -> str:
    """Of all that is changed, the citizen is told what joins their request to another or parts them."""
    words = {
        LINKED: _(
            "Others reported the same. Your request is handled together with theirs; you will get the answer here."
        ),
        UNLINKED: _("Your request is handled by itself again."),
        APPEALED: _("You appealed; %(unit)s decides.", unit=entry.unit),
        DECIDED: _(
            "Your appeal was decided: %(outcome)s.", outcome=appeal_outcome_word(str(entry.params.get("outcome", "")))
        ),
        EXPECTED: _("The rest is to be expected by %(moment)s.", moment=_moment(entry, "expected_at", now)),
    }
    return words.get(entry.what, "")


_SENTENCES: Mapping[TimelineKind, Callable[[ToldEntry, datetime], str]] = {
    TimelineKind.OPENED: _opened_words,
    TimelineKind.ROUTED: _routed_words,
    TimelineKind.TRANSFERRED: _passed_words,
    TimelineKind.RETURNED: _passed_words,
    TimelineKind.STATUS: _status_words,
    TimelineKind.HELD: _held_words,
    TimelineKind.RESOLVED: _resolved_words,
    TimelineKind.CALL: _call_words,
    TimelineKind.ESCALATED: _level_words,
    TimelineKind.RATED: _rated_words,
    TimelineKind.CHANGED: _changed_words,
    TimelineKind.DUE_CHANGED: _date_words,
}
