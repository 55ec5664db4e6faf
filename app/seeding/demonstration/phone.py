"""Calls of the demonstration: through the same steps a provider's webhooks take, with an agent who answers."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.seeding.demonstration.cast import InventedCitizen
from app.seeding.demonstration.stage import Stage
from app.seeding.demonstration.words import ScriptedMatter
from telephony.call.end import finish_talk, note_call_status
from telephony.call.turn import take_turn
from telephony.calls import find_call
from telephony.floor.offers import accept, open_offer_for
from telephony.floor.presence import end_wrap_up, go_available, go_offline, heartbeat
from telephony.provider.webhook_inbox import Webhook
from tickets.intake.cleaning import Opened
from tickets.intake.opening import opened_before
from tickets.intake.rerouting import NewlyTold, reroute_at_intake
from tickets.people.actor import staff_actor
from tickets.schema import Call, Ticket
from tickets.states import CallState
from tickets.work.assignment import change_category


class _Caller:
    """One call as the carrier sees it: each step is a form that our own steps answer."""

    def __init__(self, stage: Stage, session: Session, person: InventedCitizen, number: int, now: datetime) -> None:
        self.stage, self.session, self.now = stage, session, now
        line = next(line for line in stage.desk.rules.routing.lines.values() if line.is_city)
        self.form = {
            "call_sid": f"CAde{number:030x}",
            "account_sid": stage.desk.account.account_sid,
            "from": person.phone,
            "to": line.phone,
            "direction": "inbound",
            "call_status": "in-progress",
        }
        self._turn = 0

    def step(self, kind: str, *, after: float, **said: str) -> None:
        self.now += timedelta(seconds=after)
        query = {"turn": str(self._turn)} if self._turn else {}
        webhook = Webhook(self.stage.desk.account.name, kind, {**self.form, **said}, query)
        self._turn = take_turn(self.session, webhook, self.stage.desk, now=self.now).number

    def status(self, status: str, *, after: float, **more: str) -> None:
        self.now += timedelta(seconds=after)
        note_call_status(
            self.session,
            {**self.form, "call_status": status, **more},
            account=self.stage.desk.account.name,
            desk=self.stage.desk,
            now=self.now,
        )

    def call(self) -> Call:
        found = find_call(self.session, account=self.stage.desk.account.name, call_sid=self.form["call_sid"])
        assert found is not None  # noqa: S101  (its first step wrote it)
        return found


def call(
    stage: Stage, session: Session, said: ScriptedMatter, person: InventedCitizen, number: int, *, now: datetime
) -> Opened | None:
    """Somebody rings and says what the matter is; an agent answers, or the caller hangs up while waiting."""
    caller = _Caller(stage, session, person, number, now)
    caller.step("voice", after=0)
    caller.step("menu", after=stage.rng.randint(4, 14), keys="2" if said.emergency else "1")
    _say_place(stage, caller, said)
    row = caller.call()
    if row.state is CallState.QUEUED and not stage.chance(0.08):
        _answer(stage, session, caller, row)
    else:
        caller.status("completed", after=stage.rng.randint(20, 140))
    session.flush()
    if row.ticket_id is None:
        return None
    _write_down(stage, session, row, said, now=caller.now)
    return opened_before(session, row.ticket_id, keys=stage.desk.keys)


def _say_place(stage: Stage, caller: _Caller, said: ScriptedMatter) -> None:
    """Until the caller is in line: what was said may leave several places, then nothing more is keyed."""
    spoken = said.body
    for _ in range(4):
        state = caller.call().state
        if state is not CallState.PLACE:
            return
        caller.step("place", after=stage.rng.randint(6, 16), **({"speech": spoken} if spoken else {}))
        spoken = ""


def _answer(stage: Stage, session: Session, caller: _Caller, row: Call) -> None:
    agent = stage.cast.agent_for(row.unit_id or stage.cast.operations_id, stage.rng)
    go_available(session, agent, now=caller.now)
    wait = stage.rng.choice((3, 5, 6, 8, 9, 12, 15, 25, 40))
    caller.now += timedelta(seconds=wait)
    heartbeat(session, agent, now=caller.now)
    caller.step("queue", after=1)
    offer = open_offer_for(session, row.id)
    if offer is None:
        caller.status("completed", after=30)
    else:
        accept(session, offer.id, staff_id=offer.staff_id, now=caller.now + timedelta(seconds=3))
        caller.step("queue", after=5)
        leg = f"CAdf{row.id:030x}"
        caller.status("in-progress", after=2, call_sid=leg, parent_call_sid=caller.form["call_sid"])
        talked = stage.rng.randint(45, 380)
        finish_talk(session, row.id, staff_id=offer.staff_id, now=caller.now + timedelta(seconds=talked))
        caller.step("dial", after=talked, dial_status="completed", dial_seconds=str(talked))
        caller.status("completed", after=0, call_sid=leg, parent_call_sid=caller.form["call_sid"])
        caller.status("completed", after=1)
        end_wrap_up(session, offer.staff_id, now=caller.now + timedelta(seconds=stage.rng.randint(15, 80)))
    go_offline(session, agent, now=caller.now + timedelta(seconds=120))


def _write_down(stage: Stage, session: Session, row: Call, said: ScriptedMatter, *, now: datetime) -> None:
    """The agent writes down what was only said to a person, and what the words alone did not tell."""
    if row.ticket_id is None or row.agent_id is None:
        return
    ticket = session.get_one(Ticket, row.ticket_id, populate_existing=True)
    if not ticket.body:
        reroute_at_intake(
            session,
            ticket.id,
            NewlyTold(said.body, line_id=row.line_id),
            actor=staff_actor(row.agent_id),
            places=stage.desk.places,
            rules=stage.desk.rules,
            now=now,
        )
    if not said.category or said.category.startswith("conduct"):
        return
    if ticket.category_id is None and not ticket.is_restricted:
        change_category(session, ticket.id, category_code=said.category, actor=staff_actor(row.agent_id), now=now)
