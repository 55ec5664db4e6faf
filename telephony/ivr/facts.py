"""What must be known for one step of the conversation, gathered before it from the database and the event."""

from __future__ import annotations

from dataclasses import dataclass, field

from telephony.plan.verbs import Say, Target
from tickets.states import PlaceOutcome


@dataclass(frozen=True, slots=True)
class NamedUnit:
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """What the resolver made of the words or keys of this step."""

    outcome: PlaceOutcome
    units: tuple[NamedUnit, ...] = ()


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """Where a waiting call stands. `target` is set once an agent has accepted the offer."""

    position: int = 1
    staffed: bool = True
    offer_is_open: bool = False
    target: Target | None = None
    offers: int = 0
    waited_seconds: int = 0
    # How long it takes from here; None while that is not known, or nothing is said of it now.
    wait_minutes: int | None = None


@dataclass(frozen=True, slots=True)
class SpokenState:
    """The words for the state of a request; empty when nothing may be said."""

    words: tuple[Say, ...] = ()


@dataclass(frozen=True, slots=True)
class IncidentFacts:
    """A running incident that this caller may call about; `unit_ids` empty: wherever they are.

    `is_full`: as many wait because of it as shall wait at the same time.
    """

    id: int
    reference: str
    bulletin_vi: str
    bulletin_en: str
    unit_ids: frozenset[int] = frozenset()
    is_disaster: bool = False
    is_full: bool = False


@dataclass(frozen=True, slots=True)
class GuidanceFacts:
    """What is answered to everybody who asks what this caller has just said; `unit_ids` empty: wherever they are."""

    id: int
    spoken_vi: str
    spoken_en: str
    unit_ids: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class CallFacts:
    """`caller` is the number in E.164, None when hidden. `line_unit` is set on a unit's own line."""

    caller: str | None = None
    do_not_call: bool = False
    can_hear_speech: bool = True
    # The provider fetches a waiting caller when we ask it to; where it does not, they come by themselves.
    is_fetched: bool = True
    line_unit: NamedUnit | None = None
    last_unit: NamedUnit | None = None
    places: PlaceFacts | None = None
    # The words of this step tell of somebody in danger, or may; and of which kinds, the strongest first.
    says_danger: bool = False
    may_be_danger: bool = False
    danger_kinds: tuple[str, ...] = ()
    queue: QueueFacts = field(default_factory=QueueFacts)
    followed: SpokenState = field(default_factory=SpokenState)
    # The reference of the call's ticket, once it has one.
    reference: str = ""
    agent_finished: bool = False
    is_on_hold: bool = False
    # The room in which caller and agent talk with others; empty where they are bridged.
    room: str = ""
    # Nothing was heard of the console of whoever put the caller on hold.
    agent_is_gone: bool = False
    line_phone: str = ""
    # Names that a recogniser should expect where a place is asked for.
    place_names: tuple[str, ...] = ()
    # The number to be called back stands on the list already; and from which of ours it is called.
    waits_for_callback: bool = False
    # The number that was keyed in is of somebody who asked us not to call.
    keyed_is_blocked: bool = False
    callback_line: str = ""
    # This number has called within a quarter of an hour, about a matter that is still open.
    called_lately: bool = False
    # Incidents of that matter of which they had heard nothing then.
    news_since: tuple[int, ...] = ()
    # What many call about now, the closest first; of another kind of matter than the caller's, none.
    incidents: tuple[IncidentFacts, ...] = ()
    # What answers the matter that was told in this step, the closest first.
    guidance: tuple[GuidanceFacts, ...] = ()
