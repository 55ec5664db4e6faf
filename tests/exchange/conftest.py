"""A city's own exchange with sound: telephones, Kamailio, rtpengine, a provider's switch, and our web process."""

import itertools
import tempfile
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import OperationalError

from app.clock import utc_now
from app.delivery.deliver import Delivery, deliver_due
from app.engines import Engines, start_engines
from app.phone.answers import Phones
from app.reference import Reference
from app.wording.messages import message_app
from telephony.floor import offers, presence
from telephony.sweep import sweep
from tests.conftest import where_engines_lie
from tests.exchange.exchange import MISSING, exchange, free_udp_port
from tests.exchange.switch import Account, Switch
from tests.exchange.telephone import Telephone
from tests.factories import staff
from tests.faults.breakable import Place, place_on
from tests.faults.conftest import _make_template
from tests.faults.nodes import wait_until
from tests.telephony.floor.ringing import open_offer_of
from tests.telephony.provider.account_rows import add
from tickets.errors import NotAllowed
from tickets.schema import Call, Line, Offer, Presence
from tickets.states import CallState, OutboundChannel, PresenceState, Role

ACCOUNT, TOKEN, SID = "trunk", "the-trunks-token", "11111111-2222-3333-4444-555555555555"
SPEAKS_WITH, AGENT_SPEAKS_WITH = 700, 1100
_numbers = itertools.count(7_000_001)


@dataclass
class City:
    """The hotline on the line; `agent` takes calls on a telephone."""

    place: Place
    switch: Switch
    proxy: tuple[str, int]
    line: str
    telephones: list[Telephone] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def is_warm(self) -> bool:
        """Whether somebody who called now would hear the menu."""
        call = {"CallSid": str(uuid.uuid4()), "From": "anonymous", "To": self.line, "CallStatus": "ringing"}
        return "/menu?" in self.switch.post(f"{self.place.base_url}/webhooks/{ACCOUNT}/voice", call)

    def telephone(self, number: str = "", *, hertz: int = SPEAKS_WITH, **more: object) -> Telephone:
        one = Telephone(number or f"+8490{next(_numbers):07d}", self.proxy, hertz=hertz, **more)
        self.telephones.append(one)
        return one

    def agent(self, *, at_number: bool = False, hertz: int = AGENT_SPEAKS_WITH) -> tuple[int, Telephone]:
        """An agent whose console is open, and whose telephone stands on the desk: one of the exchange, or a number."""
        number = f"+8428{next(_numbers):07d}" if at_number else f"desk_{next(_numbers)}"
        rings_at = number if at_number else f"sip:{number}@{self.proxy[0]}:{self.proxy[1]}"
        telephone = self.telephone(number, hertz=hertz, picks_up=True).register()
        with self.place.factory() as session:
            person = staff(session, role=Role.AGENT, at="79")
            presence.go_available(session, person.id, phone=rings_at, now=utc_now())
            session.commit()
            staff_id = person.id
        threading.Thread(target=self._beat, args=(staff_id,), daemon=True).start()
        return staff_id, telephone

    def takes_the_offer(self, staff_id: int) -> bool:
        """The agent presses the button as soon as it rings."""
        return wait_until(lambda: self._accepted(staff_id), seconds=60)

    @contextmanager
    def sends(self) -> Iterator[None]:
        """What the scheduler and a worker do about telephones, every half second."""
        office = Delivery(
            self.place.settings, self.place.factory, message_app(self.place.settings), "worker:test",
            lambda _session: utc_now(), ThreadPoolExecutor(2),
        )  # fmt: skip
        phones, over = Phones(self.place.settings, Reference.from_settings(self.place.settings)), threading.Event()

        def work() -> None:
            while not over.wait(0.5):
                with self.place.factory() as session:
                    sweep(session, lambda account: phones.desk(session, account, now=utc_now()), now=utc_now())
                    session.commit()
                deliver_due(office, (OutboundChannel.VOICE,))

        worker = threading.Thread(target=work, daemon=True)
        worker.start()
        try:
            yield
        finally:
            over.set()
            worker.join(20)

    def is_free_again(self, staff_id: int) -> bool:
        """The agent ends what is left to write about the last call, once it is over."""
        try:
            with self.place.factory() as session:
                phone = presence.phone_of(session, staff_id)
                presence.go_available(session, staff_id, phone=phone, now=utc_now())
                session.commit()
        except (NotAllowed, OperationalError):
            return False
        return True

    def _accepted(self, staff_id: int) -> bool:
        with self.place.factory() as session:
            offer = open_offer_of(session, staff_id)
            if offer is None:
                return False
            offers.accept(session, offer.id, staff_id=staff_id, now=utc_now())
            session.commit()
            return True

    def _beat(self, staff_id: int) -> None:
        while not self.over.wait(5):
            try:
                with self.place.factory() as session:
                    session.execute(
                        update(Presence).where(Presence.staff_id == staff_id).values(heartbeat_at=utc_now())
                    )
                    session.commit()
            except Exception:
                # The database is away for a while in some stories.
                continue


@pytest.fixture(scope="session")
def exchange_engines() -> Iterator[Engines]:
    if MISSING:
        pytest.skip(f"not installed: {', '.join(MISSING)} (Debian: kamailio, rtpengine-daemon)")
    with tempfile.TemporaryDirectory(prefix="hotline-faults-", dir=where_engines_lie()) as folder:
        engines = start_engines(Path(folder))
        try:
            _make_template(engines)
            yield engines
        finally:
            engines.stop()


@dataclass(frozen=True)
class Standing:
    """What stories of one file share: it takes longer to begin than any of them lasts."""

    place: Place
    switch: Switch
    proxy: tuple[str, int]
    line: str


@pytest.fixture(scope="module")
def standing(exchange_engines: Engines) -> Iterator[Standing]:
    port = free_udp_port()
    switch = Switch(("127.0.0.1", port))
    with (
        tempfile.TemporaryDirectory(prefix="hotline-node-", ignore_cleanup_errors=True) as folder,
        place_on(exchange_engines, Path(folder)) as place,
        exchange(Path(folder), port=port, trunk=switch.agent.port) as line,
    ):
        with place.factory() as session:
            add(session, place.settings, ACCOUNT, token=TOKEN, account_sid=SID, api_base_url=switch.url)
            number = session.scalars(select(Line.phone).order_by(Line.id)).first() or "+842838000000"
            session.commit()
        switch.account = Account(ACCOUNT, SID, TOKEN, place.base_url)
        place.start_web()
        try:
            yield Standing(place, switch, line.place, number)
        finally:
            switch.close()


@pytest.fixture
def city(standing: Standing) -> Iterator[City]:
    """Nobody of an earlier story is on the line or at work; every telephone has a number of its own."""
    city = City(standing.place, standing.switch, standing.proxy, standing.line)
    # A process that has just begun reads places and rules first.
    assert wait_until(city.is_warm, seconds=60), standing.place.log()
    try:
        yield city
    finally:
        city.over.set()
        for one in city.telephones:
            one.close()
        standing.switch.all_hung_up()
        with standing.place.factory() as session:
            session.execute(delete(Offer))
            session.execute(update(Presence).values(state=PresenceState.OFFLINE, call_id=None, wrap_up_until=None))
            session.execute(
                update(Call).where(Call.ended_at.is_(None)).values(state=CallState.ENDED, ended_at=utc_now())
            )
            session.commit()
