"""What a caller hears in one go at each place of a call, taken from the conversation itself: the menu, the queue, …"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from app.wording.spoken_length import spoken_seconds
from app.wording.spoken_words import speak
from telephony.ivr import (
    CallFacts,
    Conversation,
    GuidanceFacts,
    Heard,
    IncidentFacts,
    NamedUnit,
    QueueFacts,
    SpokenState,
    TurnOutcome,
    begin,
    step,
)
from telephony.ivr.message import CALLED_BACK_COUNTRY
from telephony.plan.prompts import Prompt
from telephony.plan.verbs import Plan, Say, Spoken, Verb
from tickets.states import CallState

_CALLER = CallFacts(caller=f"+{CALLED_BACK_COUNTRY}901234567", reference="2600421733")
# A name as long as they come.
_UNIT_NAMES = {"vi": "Phường Tân Sơn Nhất", "en": "Tan Son Nhat Ward"}
_LONG_BULLETIN = {
    "vi": "Nhiều tuyến đường trong khu vực đang ngập sâu sau mưa lớn. Lực lượng chức năng đang bơm nước và điều tiết "
    "giao thông. Xin tránh các đường bị ngập.",
    "en": "Many streets of this area are flooded after the heavy rain. Crews are pumping and directing the traffic. "
    "Please avoid flooded streets.",
}
_SILENCE = Heard()


@dataclass(frozen=True, slots=True)
class Sentence:
    """What is said in one go, in which language, and of what it is made."""

    locale: str
    words: str
    say: Say


@dataclass(frozen=True, slots=True)
class Passage:
    """Sentences in the order in which they are said."""

    name: str
    title: str
    said: tuple[Sentence, ...]

    @property
    def seconds(self) -> float:
        """Reckoned; see `spoken_length`."""
        return sum(spoken_seconds(one.words, one.locale) for one in self.said)


def passages(locale: str) -> Iterator[Passage]:
    """Those that every caller may meet, by walking the conversation as a caller would."""
    unit = NamedUnit(1, _UNIT_NAMES[locale])
    first = begin(Conversation(CallState.GREETING, locale=locale), _CALLER)
    menu = first.conversation
    yield _passage("menu", "greeting and menu", first, locale)
    ward = begin(Conversation(CallState.GREETING, locale=locale), replace(_CALLER, line_unit=unit))
    yield _passage("ward-menu", "greeting and menu of a ward's line", ward, locale)
    again = begin(Conversation(CallState.GREETING, locale=locale), replace(_CALLER, called_lately=True))
    yield _passage("again", "somebody calls again within a quarter of an hour", again, locale)
    yield _passage("silence", "nothing was pressed", step(menu, _SILENCE, _CALLER), locale)
    yield _passage("wrong-key", "a wrong key", step(menu, Heard(keys="5"), _CALLER), locale)
    yield _passage("slowly", "key 7", step(menu, Heard(keys="7"), _CALLER), locale)
    yield _passage("report", "key 1, the place by voice", step(menu, Heard(keys="1"), _CALLER), locale)
    spelled = replace(_CALLER, can_hear_speech=False)
    yield _passage("report-spelled", "key 1, the place by keypad", step(menu, Heard(keys="1"), spelled), locale)
    known = replace(_CALLER, last_unit=unit)
    yield _passage("report-known", "key 1, the place of the last time", step(menu, Heard(keys="1"), known), locale)
    yield _passage("emergency", "key 2", step(menu, Heard(keys="2"), _CALLER), locale)
    said, asked = Heard(speech="…"), step(menu, Heard(keys="1"), _CALLER).conversation
    drowning = replace(_CALLER, says_danger=True, danger_kinds=("drowning",))
    yield _passage("danger", "somebody in danger, told in words", step(asked, said, drowning), locale)
    doubt = replace(_CALLER, may_be_danger=True, last_unit=unit)
    yield _passage("doubt", "words that may mean danger", step(asked.tell("again"), said, doubt), locale)
    yield _passage("request", "key 3", step(menu, Heard(keys="3"), _CALLER), locale)
    yield _passage("where", "key 4", step(menu, Heard(keys="4"), _CALLER), locale)
    yield _passage("message", "key 8", step(menu, Heard(keys="8"), _CALLER), locale)
    yield _passage("callback", "key 9", step(menu, Heard(keys="9"), _CALLER), locale)
    yield _passage("person", "key 0", step(menu, Heard(keys="0"), _CALLER), locale)
    yield from _waiting(locale)
    yield from _incident(locale)
    followed = replace(_CALLER, followed=SpokenState((Say(Prompt.STATE_OPEN),)))
    asked = replace(menu, state=CallState.STATUS, asking="pin", reference="2600421733")
    yield _passage("state", "the state of a request", step(asked, Heard(keys="123456"), followed), locale)


def _waiting(locale: str) -> Iterator[Passage]:
    waiting = Conversation(CallState.QUEUED, locale=locale)
    third = replace(_CALLER, queue=QueueFacts(position=3, wait_minutes=4))
    first = step(waiting, _SILENCE, third)
    yield _passage("queue", "the queue, first turn", first, locale)
    later = replace(third, queue=replace(third.queue, waited_seconds=61))
    yield _passage("queue-later", "the queue, every minute", step(first.conversation, _SILENCE, later), locale)
    nobody = replace(_CALLER, queue=QueueFacts(staffed=False))
    yield _passage("nobody", "nobody is on duty", step(waiting, _SILENCE, nobody), locale)
    talking = Conversation(CallState.TALKING, locale=locale)
    cut_off = Heard(dial_status="completed", dial_bridged=True)
    yield _passage("cut-off", "the line broke", step(talking, cut_off, _CALLER), locale)


def _incident(locale: str) -> Iterator[Passage]:
    """With a bulletin as long as one may be."""
    known = IncidentFacts(1, "2600421733", _LONG_BULLETIN["vi"], _LONG_BULLETIN["en"])
    start = Conversation(CallState.GREETING, locale=locale)
    disaster = replace(_CALLER, incidents=(replace(known, is_disaster=True),))
    greeted = begin(start, disaster)
    yield _passage("disaster", "greeting in a disaster", greeted, locale)
    yield _passage("counted", "counted", step(greeted.conversation, Heard(keys="1"), disaster), locale)
    caller = replace(_CALLER, incidents=(known,))
    yield _passage(
        "incident", "a known incident", step(begin(start, caller).conversation, Heard(keys="0"), caller), locale
    )
    asks = replace(_CALLER, guidance=(GuidanceFacts(1, _LONG_BULLETIN["vi"], _LONG_BULLETIN["en"]),))
    yield _passage("guidance", "guidance", step(begin(start, asks).conversation, Heard(keys="0"), asks), locale)
    full = replace(disaster, incidents=(replace(disaster.incidents[0], is_full=True),))
    yield _passage("full", "too many wait", step(begin(start, full).conversation, Heard(keys="0"), full), locale)


def _passage(name: str, title: str, outcome: TurnOutcome, locale: str) -> Passage:
    said = tuple(
        Sentence(one.locale or locale, speak(one.prompt, one.params, one.locale or locale), one)
        for one in _spoken(outcome.plan)
        if isinstance(one, Say)
    )
    return Passage(name, title, said)


def _spoken(plan: Plan) -> Iterator[Spoken | Verb]:
    for verb in plan:
        yield from getattr(verb, "spoken", ()) or (verb,)
