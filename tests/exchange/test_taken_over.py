"""A supervisor takes a talk over by a telephone of the city's exchange: the caller hears them, and they the caller."""

from sqlalchemy import select

from app.clock import utc_now
from app.phone.accounts import provider_accounts
from telephony.call.taking_over import take_over
from telephony.floor import presence
from telephony.provider.account import Capability
from tests.exchange.conftest import ACCOUNT, AGENT_SPEAKS_WITH, SPEAKS_WITH, City
from tests.faults.nodes import wait_until
from tickets.schema import Call

SUPERVISOR_SPEAKS_WITH = 1500


def test_who_takes_over_and_the_caller_hear_each_other_when_the_agent_puts_the_telephone_down(city: City) -> None:
    """Nobody can listen here: the trunk connects two people only. Taking over needs no more than that."""
    agent_id, desk = city.agent()
    caller = city.telephone().dial(city.line)
    caller.press("0")
    assert city.takes_the_offer(agent_id) and caller.hears(AGENT_SPEAKS_WITH)
    boss_id, boss = city.agent(hertz=SUPERVISOR_SPEAKS_WITH)
    assert not provider_accounts(city.place.settings)[ACCOUNT].can(Capability.CONFERENCE)

    with city.place.factory() as session:
        call_id = session.scalars(select(Call.id).where(Call.phone == caller.number)).one()
        rung = presence.phone_of(session, boss_id)
        take_over(session, call_id, by_id=boss_id, by="Hà", phone=rung, now=utc_now())
        session.commit()
    desk.hang_up()

    assert caller.hears(SUPERVISOR_SPEAKS_WITH, seconds=10), "put through, with nothing to press"
    assert boss.hears(SPEAKS_WITH, seconds=5)
    assert wait_until(lambda: not desk.is_on_the_line, seconds=10)
