"""Waiting for a person, and what follows the talk: the hold loop, the offer, the connection, the dropped leg."""

from __future__ import annotations

from dataclasses import replace

from telephony.ivr.conversation import Conversation
from telephony.ivr.danger import EMERGENCY_KEY, danger_in_line
from telephony.ivr.effects import JoinQueue, OfferUnanswered, TellDutyOfficer
from telephony.ivr.facts import CallFacts, QueueFacts
from telephony.ivr.heard import Heard
from telephony.ivr.message import start_callback, start_voicemail
from telephony.ivr.outcome import TurnOutcome, goodbye, one_key, reference_words
from telephony.plan.menu import MenuChoice
from telephony.plan.prompts import Prompt
from telephony.plan.verbs import Chime, Dial, Music, Plan, Redirect, Room, Say, Spoken, Target
from tickets.states import CallState

# Once a minute a caller is told how they stand; between, the line is heard to be alive. With the sound, which lasts
# nearly so long, a turn of the hold loop takes 20 s.
WORDS_EVERY_SECONDS = 60
AFTER_MUSIC_SECONDS = 1
LONGEST_WAIT_SAID = 15
# While an agent's screen rings the caller must be fetched quickly once it is accepted.
OFFER_LOOP_SECONDS = 4
# Nobody fetches them there, and what an agent has pressed waits for their next turn: a second's sound, another to hear
# a key in, and no words. A round of music would keep the two apart for twenty.
AFTER_CHIME_SECONDS = 1
# So many may be answered before a caller's next turn; of so many the place is counted anew at every turn.
NEAR_THE_FRONT, SOON_NEAR_THE_FRONT = 3, 10
MOST_OFFERS = 5
LONG_WAIT_SECONDS = 600
TALK_LIMIT_SECONDS = 7200
# Tells the turn that follows that its caller may as well come back a little later: see `app/phone/resting.py`.
CALM = "calm"
NOTHING_RINGS = {CALM: 1}
# With the words before it less than ten seconds pass until it rings again.
CUT_OFF_SECONDS = 3
# Passed on by an agent to another, and not told of it yet.
PASSED_ON = "passed_on"
# In a room with others.
IN_ROOM = "in_room"
# A supervisor has taken them over, to whom they are bridged when the agent's telephone goes down.
TAKEN_OVER = "taken_over"


def on_queue(conversation: Conversation, heard: Heard, facts: CallFacts) -> TurnOutcome:
    if facts.queue.target:
        return _connect(conversation, facts, facts.queue.target)
    if (chosen := _chosen(conversation, heard, facts)) is not None:
        return chosen
    if conversation.asking == "nobody":
        # The announcement said: wait for the tone.
        return start_voicemail(conversation)
    if not facts.queue.staffed and not facts.queue.offer_is_open:
        return _nobody(conversation, facts)
    return _hold(conversation, facts)


def _chosen(conversation: Conversation, heard: Heard, facts: CallFacts) -> TurnOutcome | None:
    """What a key means to whoever waits, wherever it was named."""
    if heard.keys == "8":
        return start_voicemail(conversation)
    if heard.keys == "9":
        return start_callback(conversation, facts)
    is_new = heard.keys == EMERGENCY_KEY and conversation.choice != MenuChoice.EMERGENCY
    return danger_in_line(conversation) if is_new else None


def _hold(conversation: Conversation, facts: CallFacts) -> TurnOutcome:
    """One turn of the hold loop. The position that is announced never rises, whatever the queue does."""
    queue = facts.queue
    position = min(queue.position, conversation.last_position or queue.position)
    if queue.offer_is_open and not facts.is_fetched:
        return _until_they_come_by(conversation, position)
    stands: tuple[Spoken, ...] = ()
    if conversation.asking == PASSED_ON:
        # How they stand is no news to somebody who talked a moment ago.
        conversation = replace(conversation, said_at=queue.waited_seconds)
        stands = (Say(Prompt.PASSING_ON),)
    if words_are_due(conversation.said_at, queue.waited_seconds):
        conversation, stands = replace(conversation, said_at=queue.waited_seconds), _position_words(position, queue)
    if queue.offer_is_open:
        # Somebody's telephone rings: whatever else there is to say would only keep the two apart.
        ringing = replace(conversation, state=CallState.OFFERED, asking="", last_position=position)
        return TurnOutcome(ringing, (one_key("queue", *stands, seconds=OFFER_LOOP_SECONDS),))
    once, waiting = _once(conversation, facts)
    # What a waiting caller wants to know comes first.
    words: tuple[Spoken, ...] = (*stands, *once)
    is_long = queue.offers >= MOST_OFFERS or queue.waited_seconds >= LONG_WAIT_SECONDS
    if is_long and "long" not in waiting.told:
        waiting, words = waiting.tell("long"), (*words, Say(Prompt.QUEUE_LONG_WAIT), Say(Prompt.QUEUE_CHOICES))
    waiting = replace(waiting, state=CallState.QUEUED, asking="", last_position=position)
    is_near = not facts.is_fetched and position <= NEAR_THE_FRONT
    return TurnOutcome(waiting, _waiting(*words, Chime()) if is_near else _waiting(*words, Music()))


def _until_they_come_by(conversation: Conversation, position: int) -> TurnOutcome:
    """Somebody's telephone rings, and once it is answered nobody can fetch this caller."""
    words = (Say(Prompt.PASSING_ON),) if conversation.asking == PASSED_ON else ()
    ringing = replace(conversation, state=CallState.OFFERED, asking="", last_position=position)
    return TurnOutcome(ringing, (one_key("queue", *words, Chime(), seconds=AFTER_CHIME_SECONDS),))


def _waiting(*sounds: Spoken) -> Plan:
    # As long for a chime as for music.
    return (replace(one_key("queue", *sounds, seconds=AFTER_MUSIC_SECONDS), params=NOTHING_RINGS),)


# What a waiting caller hears at most turns.
SOUNDS_ALONE = (_waiting(Music()), _waiting(Chime()))


def may_come_to_the_front(position: int) -> bool:
    """Whether this place, as it was counted last, may be near the front by now."""
    return NEAR_THE_FRONT < position <= SOON_NEAR_THE_FRONT


def words_are_due(said_at: int | None, waited_seconds: int) -> bool:
    """Whether a waiting caller is told again how they stand."""
    return said_at is None or waited_seconds - said_at >= WORDS_EVERY_SECONDS


def _once(conversation: Conversation, facts: CallFacts) -> tuple[tuple[Spoken, ...], Conversation]:
    """What is said at the first turn on which nothing rings: the reference, and the way out."""
    words = reference_words(conversation, facts)
    conversation = conversation.tell("reference") if words else conversation
    if "choices" not in conversation.told:
        words, conversation = (*words, Say(Prompt.QUEUE_CHOICES)), conversation.tell("choices")
    return words, conversation


def _position_words(position: int, queue: QueueFacts) -> tuple[Say, ...]:
    """The place, and how long it takes from there where that can be known."""
    place = Say(Prompt.QUEUE_NEXT) if position <= 1 else Say(Prompt.QUEUE_POSITION, {"position": position})
    if queue.wait_minutes is None:
        return (place,)
    if queue.wait_minutes > LONGEST_WAIT_SAID:
        return place, Say(Prompt.QUEUE_WAIT_LONG, {"minutes": LONGEST_WAIT_SAID})
    return place, Say(Prompt.QUEUE_WAIT, {"minutes": queue.wait_minutes})


def _nobody(conversation: Conversation, facts: CallFacts) -> TurnOutcome:
    """No music for an empty room: a message or a callback at once, and the duty officer is told.

    The reference is said at the end of either; who thought that help was coming hears once more who comes at once.
    """
    urgent = (Say(Prompt.EMERGENCY_AGAIN),) if conversation.choice == MenuChoice.EMERGENCY else ()
    words = (Say(Prompt.NOBODY_ON_DUTY), *urgent, Say(Prompt.NOBODY_CHOICES))
    waiting = conversation.tell("nobody").ask("nobody")
    return TurnOutcome(waiting, (one_key("queue", *words, seconds=4),), (TellDutyOfficer(),))


def _connect(conversation: Conversation, facts: CallFacts, target: Target) -> TurnOutcome:
    dial = Dial("dial", target, time_limit_seconds=TALK_LIMIT_SECONDS, record=True, caller_id=facts.line_phone or None)
    # Whoever is not fetched has waited a moment for it already.
    words = (Say(Prompt.QUEUE_CONNECTING),) if facts.is_fetched else ()
    return TurnOutcome(conversation.at(CallState.TALKING), (*words, dial))


def on_dial(conversation: Conversation, heard: Heard, facts: CallFacts) -> TurnOutcome:
    """The dial has ended. Whether the agent meant it to end is known from the agent's screen, not from the wire."""
    if conversation.asking == "cut_off":
        return _after_cut_off(conversation)
    if facts.is_on_hold or not heard.dial_status:
        return _on_hold(conversation, facts)
    if (further := _goes_on_elsewhere(conversation, facts)) is not None:
        return further
    if not heard.was_connected:
        return TurnOutcome(conversation.at(CallState.QUEUED), (Redirect("queue"),), (OfferUnanswered(),))
    if facts.agent_finished:
        # Who was answered at once has not heard the number yet.
        return goodbye(conversation, *reference_words(conversation, facts))
    return TurnOutcome(conversation.ask("cut_off"), (one_key("dial", Say(Prompt.CUT_OFF), seconds=CUT_OFF_SECONDS),))


def _goes_on_elsewhere(conversation: Conversation, facts: CallFacts) -> TurnOutcome | None:
    """Not the end of the talk: a supervisor took it over, or the agent was led into the room and the caller follows."""
    if conversation.asking == TAKEN_OVER and facts.queue.target:
        return _connect(conversation, facts, facts.queue.target)
    return _enter_room(conversation, facts) if facts.room and conversation.asking != IN_ROOM else None


def _on_hold(conversation: Conversation, facts: CallFacts) -> TurnOutcome:
    """Waits for the agent to come back: the line is bridged anew, which every provider can do."""
    if facts.agent_finished:
        return goodbye(conversation)
    if facts.is_on_hold and facts.agent_is_gone:
        # Music for ever would be worse than a colleague who has to ask again.
        return _back_in_line(conversation, PASSED_ON)
    if not facts.is_on_hold and facts.room:
        return _enter_room(conversation, facts)
    if not facts.is_on_hold and facts.queue.target:
        return _connect(conversation, facts, facts.queue.target)
    words = () if conversation.asking == "hold" else (Say(Prompt.HOLD),)
    sound = Music() if facts.is_fetched else Chime()
    return TurnOutcome(conversation.ask("hold"), (one_key("hold", *words, sound, seconds=AFTER_MUSIC_SECONDS),))


def _enter_room(conversation: Conversation, facts: CallFacts) -> TurnOutcome:
    room, of = Room(facts.room, ends=True), {"of": facts.room}
    dial = Dial("dial", room, of, time_limit_seconds=TALK_LIMIT_SECONDS, record=True)
    return TurnOutcome(conversation.ask(IN_ROOM), (dial,))


def _after_cut_off(conversation: Conversation) -> TurnOutcome:
    """Whoever had said all there was to say has hung up by now; nobody must press a key to be heard to the end."""
    return _back_in_line(conversation, "")


def _back_in_line(conversation: Conversation, asking: str) -> TurnOutcome:
    again = replace(conversation.at(CallState.QUEUED, asking), last_position=None)
    return TurnOutcome(again, (Redirect("queue"),), (JoinQueue(in_front=True),))
