"""The agent's pages on the server: the list, one ticket, the search, each beside the same with a thousand tickets."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from html import unescape

from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.bench.measure import Figure, MeasuredNothing, Times, counted, in_turn
from app.clock import utc_now
from app.settings import Settings
from app.storage.database import transaction
from app.web.factory import create_app
from app.web.frame.application import HotlineApp
from tickets import timeline
from tickets.directory import one_time_links
from tickets.people.actor import citizen_actor
from tickets.queries.search import MOST_FOUND
from tickets.schema import Message, RoleAssignment, Staff, Ticket, Unit
from tickets.states import Role, TimelineKind, UnitKind

_MESSAGES = 20
_MESSAGE = "Trao đổi thứ"
# How htmx says that something is fetched as soon as it is there, or in view.
_AT_ONCE = re.compile(r'hx-trigger="[^"]*\b(load|revealed|intersect)\b')
_ROW = 'href="/console/tickets/'


class _Desk:
    """A signed-in browser on an application of its own; `long_ticket` holds `own` messages of ours among its twenty."""

    def __init__(self, app: HotlineApp, client: FlaskClient, long_ticket: str, own: int) -> None:
        self.app, self.client, self.long_ticket, self.own = app, client, long_ticket, own

    def get(self, address: str, *, mark: str, times: int) -> None:
        """Raises MeasuredNothing unless the page was shown with `mark` in it so many times."""
        answer = self.client.get(address)
        if answer.status_code != 200:
            raise MeasuredNothing(f"{address} answered {answer.status_code}")
        shown = answer.get_data(as_text=True).count(mark)
        if shown < max(1, times):
            raise MeasuredNothing(f"{address} shows {shown} of {times} × {mark!r}: its time says nothing")


@dataclass(frozen=True, slots=True)
class _Page:
    """What is asked for, what the answer must hold so that its time counts, and the limits in milliseconds."""

    name: str
    address: Callable[[_Desk], str]
    mark: str
    times: Callable[[_Desk], int]
    p50: float
    p95: float

    def read(self, desk: _Desk) -> None:
        desk.get(self.address(desk), mark=self.mark, times=self.times(desk))


# Pages as full with few tickets as with many. The list: all unfinished tickets of the city, what is due first on top.
# The search: words that many citizens of the demonstration say, the last one unfinished as while typing.
_PAGES = (
    _Page("console list, 50 rows", lambda _desk: "/console?view=all", _ROW, lambda _desk: 50, p50=30, p95=80),
    _Page(
        "one ticket with 20 messages", lambda desk: desk.long_ticket, _MESSAGE, lambda desk: desk.own, p50=30, p95=80
    ),
    _Page(
        "search for two words", lambda _desk: "/console/search?q=den+duong", _ROW, lambda _desk: MOST_FOUND,
        p50=60, p95=60,
    ),
)  # fmt: skip


def run(large: Settings, small: Settings, *, rounds: int = 60) -> list[Figure]:
    """The three pages against both databases in turn, and one ticket with all that is fetched beside it.

    Raises MeasuredNothing when one of them is not full.
    """
    many, few = _browser(large), _browser(small)
    figures = [figure for page in _PAGES for figure in _compare(page, many, few, rounds=rounds)]
    return figures + _whole_ticket(many, rounds=rounds)


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
        long_ticket, own = _long_ticket(session)
    client = app.test_client()
    client.get(f"/sign-in/link/{token}")
    return _Desk(app, client, f"/console/tickets/{long_ticket}", own)


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


def _long_ticket(session: Session) -> tuple[str, int]:
    """The reference of a ticket, filled up to twenty messages, and how many of them are ours."""
    ticket = session.scalars(
        select(Ticket).where(Ticket.is_restricted.is_(False), Ticket.is_canary.is_(False)).order_by(Ticket.id).limit(1)
    ).one()
    held = session.scalar(select(func.count()).select_from(Message).where(Message.ticket_id == ticket.id)) or 0
    for number in range(held, _MESSAGES):
        _write(session, ticket, number)
    ours = select(func.count()).where(Message.ticket_id == ticket.id, Message.body.startswith(_MESSAGE))
    return ticket.reference, session.scalar(ours) or 0


def _write(session: Session, ticket: Ticket, number: int) -> None:
    """The rows of a message and nothing of what else it would do: nobody is told, no clock starts or stops."""
    is_in = number % 2 == 1
    at = ticket.opened_at + timedelta(minutes=number)
    message = Message(
        ticket_id=ticket.id,
        direction="in" if is_in else "out",
        channel=ticket.channel,
        body=f"{_MESSAGE} {number + 1}: đề nghị đơn vị kiểm tra và trả lời sớm.",
        at=at,
    )
    session.add(message)
    session.flush()
    kind = TimelineKind.MESSAGE_IN if is_in else TimelineKind.MESSAGE_OUT
    timeline.add(session, ticket.id, kind, actor=citizen_actor(), is_public=True, message_id=message.id, now=at)


def _compare(page: _Page, many: _Desk, few: _Desk, *, rounds: int) -> list[Figure]:
    large, small = in_turn([lambda: page.read(many), lambda: page.read(few)], rounds=rounds)
    with counted(many.app.sessions.kw["bind"]) as statements:
        page.read(many)
    ratio, limit = large.p50 / small.p50, f"p50 < {page.p50:.0f} ms, p95 < {page.p95:.0f} ms"
    return [
        Figure(page.name, _told(large), limit, large.p50 < page.p50 and large.p95 < page.p95),
        Figure("  beside 1,000 tickets", f"{ratio:.2f} ×", "≤ 1.3 ×", ratio <= 1.3, _told(small)),
        Figure("  statements", str(len(statements)), note="signing in and scope included"),
    ]


def _whole_ticket(desk: _Desk, *, rounds: int) -> list[Figure]:
    """All requests that showing the ticket makes, beside its HTML alone, in turn; files of a warm cache are none."""
    fragments = fetched_with(desk.client.get(desk.long_ticket).get_data(as_text=True))

    def together() -> None:
        desk.client.get(desk.long_ticket)
        for method, address in fragments:
            desk.client.open(address, method=method)

    alone, whole = in_turn([lambda: desk.client.get(desk.long_ticket), together], rounds=rounds)
    with counted(desk.app.sessions.kw["bind"]) as statements:
        together()
    ratio, requests = whole.p50 / alone.p50, 1 + len(fragments)
    told = f"{requests} request{'s' * (requests > 1)}, {len(statements)} statements"
    return [Figure("  all its requests beside its HTML", f"{ratio:.2f} ×", "≤ 1.2 ×", ratio <= 1.2, told)]


def fetched_with(page: str) -> list[tuple[str, str]]:
    """(method, address) of the fragments that a page fetches as soon as it is shown."""
    tags = [tag for tag in re.findall(r"<[a-z][^>]*hx-trigger=[^>]*>", page) if _AT_ONCE.search(tag)]
    asked = [asking for tag in tags if (asking := re.search(r'hx-(get|post)="([^"]+)"', tag))]
    return [(found[1].upper(), unescape(found[2])) for found in asked]


def _told(times: Times) -> str:
    return f"p50 {times.p50:.1f} ms, p95 {times.p95:.1f} ms"
