"""After self-service a caller reaches a person, the menu, or the same question once more."""

from telephony.ivr import CallFacts, Conversation, Heard, OpenTicket, step
from telephony.plan.prompts import Prompt
from telephony.plan.verbs import Say
from tickets.states import CallState

CALLER = CallFacts(caller="+84901234567")
TOLD = Conversation(CallState.PLACE).ask("afterwards")


def words_after(keys: str) -> list[Prompt]:
    plan = step(TOLD, Heard(keys=keys), CALLER).plan
    said = [spoken for verb in plan for spoken in getattr(verb, "spoken", ()) or (verb,)]
    return [one.prompt for one in said if isinstance(one, Say)]


def test_after_an_answer_one_leads_to_a_person_and_opens_a_ticket():
    wants_more = step(TOLD, Heard(keys="1"), CALLER)

    assert OpenTicket() in wants_more.effects
    assert wants_more.conversation.state is CallState.PLACE
    assert words_after("1") == [Prompt.PLACE_SAY]


def test_after_an_answer_zero_is_a_person_at_once():
    person = step(TOLD, Heard(keys="0"), CALLER)

    assert person.conversation.state is CallState.QUEUED
    assert OpenTicket() in person.effects


def test_after_an_answer_seven_leads_back_to_the_menu_and_opens_nothing():
    back = step(TOLD, Heard(keys="7"), CALLER)

    assert back.conversation.state is CallState.MENU
    assert OpenTicket() not in back.effects


def test_after_an_answer_another_key_is_asked_the_same_again():
    assert words_after("5") == [Prompt.AFTERWARDS]
