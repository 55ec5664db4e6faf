"""Somebody asks to be called back, and what a telephone, a carrier and an agent make of it, minute by minute."""

from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import select, update

from app.phone.answers import Phones
from app.phone.callback_calls import greeting
from telephony.floor import offers
from telephony.sweep import sweep
from tests.telephony.floor.ringing import open_offer_of
from tests.telephony.phone import Phone
from tickets.schema import Call, CallbackRequest, OutboundMessage, Presence

CITIZEN = "+84901234567"


class City:
    """The hotline at the test's own time; `later` moves it."""

    def __init__(self, app, session, settings, line, now):
        self.app, self.session, self.settings, self.line, self.now = app, session, settings, line, now
        # Agents whose consoles have gone silent; all others beat.
        self.silent = set()

    def later(self, **time):
        self.now += timedelta(**time)
        return self.now

    @contextmanager
    def at_the_door(self):
        with self.app.bound_to(self.session, self.now):
            yield self.app.test_client()

    def phone(self, number=CITIZEN, **more):
        return TimedPhone(self, number, **more)

    def asks(self, number=CITIZEN):
        """Key 9 in the menu, the number confirmed."""
        return self.phone(number).ring().press("9").press("1").hang_up()

    def sweep(self):
        """What the scheduler does every few seconds."""
        beating = update(Presence).where(Presence.staff_id.not_in(self.silent)).values(heartbeat_at=self.now)
        self.session.execute(beating.execution_options(synchronize_session=False))
        phones = Phones(self.app.settings, self.app.reference)
        sweep(self.session, lambda account: phones.desk(self.session, account, now=self.now), now=self.now)
        self.session.flush()
        self.session.expire_all()

    def request(self, number=CITIZEN):
        rows = self.session.scalars(
            select(CallbackRequest)
            .where(CallbackRequest.phone == number)
            .order_by(CallbackRequest.id)
            .execution_options(populate_existing=True)
        ).all()
        return rows[0]

    def presence(self, agent):
        return self.session.get(Presence, agent.id, populate_existing=True)

    def dialled(self, number=CITIZEN):
        """The calls in the outbox, the newest last."""
        return self.session.scalars(
            select(OutboundMessage)
            .where(OutboundMessage.template == "callback_call", OutboundMessage.address == number)
            .order_by(OutboundMessage.id)
        ).all()

    def texts(self, number=CITIZEN):
        return self.session.scalars(
            select(OutboundMessage).where(
                OutboundMessage.template == "callback_not_reached", OutboundMessage.address == number
            )
        ).all()

    def rings(self, number=CITIZEN):
        """The carrier has taken our call: the telephone that rings."""
        return CalledTelephone(self, self.dialled(number)[-1])

    def accept(self, agent):
        return offers.accept(self.session, open_offer_of(self.session, agent.id).id, staff_id=agent.id, now=self.now)

    def call_of(self, phone):
        return self.session.scalars(
            select(Call).where(Call.call_sid == phone.sid).execution_options(populate_existing=True)
        ).one()


class TimedPhone(Phone):
    """A telephone whose every request comes at the city's time."""

    def __init__(self, city, number, **more):
        super().__init__(None, city.settings, to=city.line, number=number, **more)
        self.city = city

    def post(self, path, fields=None, **more):
        with self.city.at_the_door() as self.client:
            return super().post(path, fields, **more)


class CalledTelephone(TimedPhone):
    """Whom we call: `row` is the call in the outbox, which the carrier has taken."""

    def __init__(self, city, row):
        super().__init__(city, row.address)
        self.number, self.to, self.row = city.line, row.address, row
        # Its words are kept before a carrier is told of it.
        row.text = row.text or greeting(row.params.get("reference", ""), row.locale)

    def post(self, path, fields=None, **more):
        return super().post(path, {"Direction": "outbound-api", **(fields or {})}, **more)

    def status(self, CallStatus, **more):
        return self.post(f"called-back-status?m={self.row.id}", CallStatus=CallStatus, **more)

    def answers_with(self, keys, *, more=""):
        self.status("in-progress", AnsweredBy="human")
        self.post(f"called-back?m={self.row.id}{more}", Digits=keys)
        return self.follow() if self.document.find("Redirect") is not None else self

    def hangs_up(self, seconds="9"):
        return self.status("completed", AnsweredBy="human", CallDuration=seconds)
