"""The codes of everything a phone may be told, each with the parameters its words need."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Prompt(StrEnum):
    GREETING = "greeting"
    LINE_GREETING = "line_greeting"
    RECORDING_NOTICE = "recording_notice"
    MENU_REPORT = "menu_report"
    MENU_EMERGENCY = "menu_emergency"
    MENU_FOLLOW = "menu_follow"
    MENU_WHERE = "menu_where"
    MENU_VOICEMAIL = "menu_voicemail"
    MENU_CALLBACK = "menu_callback"
    MENU_PERSON = "menu_person"
    MENU_REPEAT = "menu_repeat"
    MENU_LANGUAGE = "menu_language"
    MENU_SILENCE = "menu_silence"
    CALLED_LATELY = "called_lately"
    WRONG_KEY = "wrong_key"
    SILENCE = "silence"
    TO_A_PERSON = "to_a_person"
    EMERGENCY_NUMBERS = "emergency_numbers"
    EMERGENCY_AGAIN = "emergency_again"
    DIAL_POLICE = "dial_police"
    DIAL_FIRE = "dial_fire"
    DIAL_AMBULANCE = "dial_ambulance"
    DIAL_SEARCH = "dial_search"
    DIAL_CHILD = "dial_child"
    DANGER_STAY = "danger_stay"
    DANGER_DOUBT = "danger_doubt"

    PLACE_LAST_UNIT = "place_last_unit"
    PLACE_SAY = "place_say"
    PLACE_SAY_AGAIN = "place_say_again"
    PLACE_SPELL = "place_spell"
    PLACE_NOT_FOUND = "place_not_found"
    PLACE_TOO_MANY = "place_too_many"
    PLACE_CHOOSE = "place_choose"
    PLACE_OPTION = "place_option"
    PLACE_NONE_OF_THESE = "place_none_of_these"
    PLACE_CONFIRM = "place_confirm"
    PLACE_UNDERSTOOD = "place_understood"
    PLACE_AGENT_WILL_ASK = "place_agent_will_ask"
    STATEMENT = "statement"

    REFERENCE_TWICE = "reference_twice"
    QUEUE_POSITION = "queue_position"
    QUEUE_NEXT = "queue_next"
    QUEUE_WAIT = "queue_wait"
    QUEUE_WAIT_LONG = "queue_wait_long"
    QUEUE_CHOICES = "queue_choices"
    QUEUE_CONNECTING = "queue_connecting"
    QUEUE_LONG_WAIT = "queue_long_wait"
    NOBODY_ON_DUTY = "nobody_on_duty"
    NOBODY_CHOICES = "nobody_choices"
    INCIDENT_BULLETIN = "incident_bulletin"
    INCIDENT_CHOICES = "incident_choices"
    GUIDANCE_ANSWER = "guidance_answer"
    GUIDANCE_CHOICES = "guidance_choices"
    INCIDENT_COUNTED = "incident_counted"
    INCIDENT_COUNTED_CALL = "incident_counted_call"
    INCIDENT_COUNTED_ONLY = "incident_counted_only"
    INCIDENT_HEARD = "incident_heard"
    DISASTER_CHOICES = "disaster_choices"
    MANY_CALLERS = "many_callers"
    CUT_OFF = "cut_off"
    PASSING_ON = "passing_on"
    HOLD = "hold"

    VOICEMAIL = "voicemail"
    VOICEMAIL_EMPTY = "voicemail_empty"
    VOICEMAIL_THANKS = "voicemail_thanks"

    CALLBACK_CONFIRM = "callback_confirm"
    CALLBACK_KEY_NUMBER = "callback_key_number"
    CALLBACK_BAD_NUMBER = "callback_bad_number"
    CALLBACK_THANKS = "callback_thanks"
    CALLBACK_BLOCKED = "callback_blocked"
    CALLBACK_KEPT = "callback_kept"
    CALLBACK_LINE = "callback_line"
    CALLBACK_GREETING = "callback_greeting"
    CALLBACK_GREETING_MISSED = "callback_greeting_missed"
    CALLBACK_LATER = "callback_later"
    CALLBACK_BROKEN = "callback_broken"
    CALLBACK_NOT_NEEDED = "callback_not_needed"

    FOLLOW_REFERENCE = "follow_reference"
    FOLLOW_PIN = "follow_pin"
    FOLLOW_UNKNOWN = "follow_unknown"
    FOLLOW_STATE = "follow_state"
    FOLLOW_UNIT = "follow_unit"
    FOLLOW_DUE = "follow_due"
    FOLLOW_OVERDUE = "follow_overdue"
    FOLLOW_LEVEL_1 = "follow_level_1"
    FOLLOW_LEVEL_2 = "follow_level_2"
    FOLLOW_LEVEL_3 = "follow_level_3"
    FOLLOW_LEVEL_4 = "follow_level_4"
    FOLLOW_LEVEL_5 = "follow_level_5"
    AFTERWARDS = "afterwards"

    STATE_NEW = "state_new"
    STATE_OPEN = "state_open"
    STATE_PENDING_CITIZEN = "state_pending_citizen"
    STATE_PENDING_THIRD_PARTY = "state_pending_third_party"
    STATE_RESOLVED = "state_resolved"
    STATE_CLOSED = "state_closed"
    STATE_WITHDRAWN = "state_withdrawn"
    STATE_SPAM = "state_spam"

    WHERE = "where"
    WHERE_ANSWER = "where_answer"
    WHERE_SEVERAL = "where_several"

    WHISPER = "whisper"
    NOTICE_ACKNOWLEDGED = "notice_acknowledged"
    NOTICE_PASSED_UP = "notice_passed_up"
    NOTICE_INSTRUCTED = "notice_instructed"
    NOTICE_NOTHING_ABOVE = "notice_nothing_above"
    NOTICE_OUTDATED = "notice_outdated"
    NOTICE_HEARD = "notice_heard"
    LINE_TEST_HEARD = "line_test_heard"
    NIGHT_WRONG = "night_wrong"

    GOODBYE = "goodbye"
    PLEASE_HOLD = "please_hold"
    FAILURE = "failure"
    FAILURE_THANKS = "failure_thanks"


# Prompts not named here take no parameters. A test holds every language's text to this table.
PARAMETERS: Mapping[Prompt, frozenset[str]] = {
    Prompt.LINE_GREETING: frozenset({"unit"}),
    Prompt.PLACE_LAST_UNIT: frozenset({"unit"}),
    Prompt.PLACE_OPTION: frozenset({"key", "unit"}),
    Prompt.PLACE_CONFIRM: frozenset({"unit"}),
    Prompt.PLACE_UNDERSTOOD: frozenset({"unit"}),
    Prompt.REFERENCE_TWICE: frozenset({"reference"}),
    Prompt.QUEUE_POSITION: frozenset({"position"}),
    Prompt.QUEUE_WAIT: frozenset({"minutes"}),
    Prompt.QUEUE_WAIT_LONG: frozenset({"minutes"}),
    Prompt.INCIDENT_BULLETIN: frozenset({"bulletin"}),
    Prompt.GUIDANCE_ANSWER: frozenset({"answer"}),
    Prompt.INCIDENT_COUNTED_ONLY: frozenset({"reference"}),
    Prompt.CALLBACK_CONFIRM: frozenset({"phone"}),
    Prompt.CALLBACK_THANKS: frozenset({"phone"}),
    Prompt.CALLBACK_KEPT: frozenset({"phone"}),
    Prompt.CALLBACK_LINE: frozenset({"line"}),
    Prompt.CALLBACK_GREETING: frozenset({"reference"}),
    Prompt.FOLLOW_STATE: frozenset({"reference"}),
    Prompt.FOLLOW_UNIT: frozenset({"unit"}),
    Prompt.FOLLOW_DUE: frozenset({"due"}),
    Prompt.FOLLOW_OVERDUE: frozenset({"due"}),
    Prompt.WHERE_ANSWER: frozenset({"unit"}),
    Prompt.WHERE_SEVERAL: frozenset({"units"}),
}


def parameters(prompt: Prompt) -> frozenset[str]:
    return PARAMETERS.get(prompt, frozenset())
