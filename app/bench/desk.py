"""The agent's pages on the server: the list, one ticket, the search, each beside the same with a thousand tickets."""

from collections.abc import Callable
from datetime import timedelta

from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.bench.measure import Figure, Times, counted, in_turn
from app.clock import utc_now
from app.settings import Settings
from app.storage.database import transaction
from app.web.factory import create_app
from app.web.frame.application import HotlineApp
from tickets.directory import one_time_links
from tickets.schema import Message, RoleAssignment, Staff, Ticket, Unit
from tickets.states import Role, UnitKind

_ROUNDS = 60
# All unfinished tickets of the city, what is due first on top: the page is full with few tickets as with many.
_EVERY_TICKET = "/console?view=all"


def run(large: Settings, small: Settings) -> list[Figure]:
    """The three pages against both databases in turn."""
    many, few = _browser(large), _browser(small)
    return [
        *_compare("console list, 50 rows", many, few, lambda _desk: _EVERY_TICKET, p50=30, p95=80),
        *_compare("one ticket with 20 messages", many, few, lambda desk: desk.long_ticket, p50=30, p95=80),
        *_compare("search for two words", many, few, lambda _desk: "/console/search?q=rac+thai", p50=60, p95=60),
    ]


class _Desk:
    """A signed-in browser on an application of its own."""

    def __init__(self, app: HotlineApp, client: FlaskClient, long_ticket: str) -> None:
        self.app, self.client, self.long_ticket = app, client, long_ticket

    def get(self, address: str) -> None:
        answer = self.client.get(address)
        if answer.status_code != 200:
            raise RuntimeError(f"{address} answered {answer.status_code}")


def _browser(settings: Settings) -> _Desk:
    app = create_app(settings)
    with transaction(app.sessions) as session:
        token = one_time_links.make(
            session,
            staff_id=_busiest_agent(session),
            purpose="demo",
            lifetime=timedelta(hours=1),
            now=utc_now(),
        )
        long_ticket = _long_ticket(session)
    client = app.test_client()
    client.get(f"/sign-in/link/{token}")
    return _Desk(app, client, f"/console/tickets/{long_ticket}")


def _busiest_agent(session: Session) -> int:
    """An agent of the city's desk, who sees every ticket: the hardest list there is."""
    return session.scalars(
        select(Staff.id)
        .join(RoleAssignment, RoleAssignment.staff_id == Staff.id)
        .join(Unit, Unit.id == RoleAssignment.unit_id)
        .where(RoleAssignment.role == Role.AGENT, Unit.kind == UnitKind.OFFICE, Staff.disabled_at.is_(None))
        .order_by(Staff.id)
        .limit(1)
    ).one()


def _long_ticket(session: Session) -> str:
    """The reference of an open ticket, filled up to twenty messages."""
    ticket = session.scalars(
        select(Ticket).where(Ticket.is_restricted.is_(False), Ticket.is_canary.is_(False)).order_by(Ticket.id).limit(1)
    ).one()
    held = session.scalar(select(func.count()).select_from(Message).where(Message.ticket_id == ticket.id)) or 0
    for number in range(held, 20):
        session.add(
            Message(
                ticket_id=ticket.id,
                direction="in" if number % 2 else "out",
                channel=ticket.channel,
                body=f"Trao đổi thứ {number + 1}: đề nghị đơn vị kiểm tra và trả lời sớm.",
                at=ticket.opened_at + timedelta(minutes=number),
            )
        )
    return ticket.reference


def _compare(
    name: str, many: _Desk, few: _Desk, address: Callable[[_Desk], str], *, p50: float, p95: float
) -> list[Figure]:
    large, small = in_turn([lambda: many.get(address(many)), lambda: few.get(address(few))], rounds=_ROUNDS)
    with counted(many.app.sessions.kw["bind"]) as statements:
        many.get(address(many))
    ratio = large.p50 / small.p50
    return [
        Figure(name, _told(large), f"p50 < {p50:.0f} ms, p95 < {p95:.0f} ms", large.p50 < p50 and large.p95 < p95),
        Figure("  beside 1,000 tickets", f"{ratio:.2f} ×", "≤ 1.3 ×", ratio <= 1.3, _told(small)),
        Figure("  statements", str(len(statements)), note="signing in and scope included"),
    ]


def _told(times: Times) -> str:
    return f"p50 {times.p50:.1f} ms, p95 {times.p95:.1f} ms"
