"""What must not grow with what there is: pages of the database read by timers, and by the pages of many tickets."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial

from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.bench.measure import Figure, MeasuredNothing
from app.bench.pages_read import Read, pages_read
from app.clock import utc_now
from app.clockwork.node import make_node
from app.clockwork.schedule import SCHEDULE
from app.live.changes import changes_since, first_marks
from app.processes.signs_of_life import database_now
from app.settings import Settings
from app.storage.database import make_engine, transaction
from app.web.factory import create_app
from app.web.frame.application import HotlineApp
from tickets.directory import one_time_links
from tickets.schema import RoleAssignment, Staff, Unit
from tickets.states import Role, UnitKind

MOST_PAGES = 200
MOST_GROWTH = 1.5
# It asks over the network; what it asks the database depends on the answer.
_NOT_OF_THE_DATABASE = "ask the phone provider"
# Whose page, its address, and words that are on it only when it has something to show.
_TICKET = 'href="/console/tickets/'
_PAGES: tuple[tuple[str, Role | None, UnitKind, str, str], ...] = (
    ("supervisor's shift", Role.SUPERVISOR, UnitKind.OFFICE, "/supervisor", _TICKET),
    ("supervisor's escalations", Role.SUPERVISOR, UnitKind.OFFICE, "/supervisor/escalations", _TICKET),
    ("leader's list", Role.LEADER, UnitKind.CITY, "/leadership", _TICKET),
    ("escalation ledger", Role.LEADER, UnitKind.CITY, "/leadership/ledger", _TICKET),
    ("administrator's overview", Role.ADMINISTRATOR, UnitKind.CITY, "/administration", "/administration/"),
    ("public performance", None, UnitKind.CITY, "/performance", "<table"),
)


def run(large: Settings, small: Settings) -> list[Figure]:
    """Raises MeasuredNothing when a page could not be shown; a tenth of the tickets is expected in `small`."""
    return [*_timers(large), *_pages(large, small)]


def _timers(settings: Settings) -> Iterator[Figure]:
    engine = make_engine(settings.database_url)
    node = make_node(settings, engine)
    jobs = [job for job in SCHEDULE if job.name != _NOT_OF_THE_DATABASE]
    try:
        for _ in range(3):
            # What there is to do is done first, so that nothing new is left.
            for job in jobs:
                job.act(node)
        for job in jobs:
            yield _timer(f"timer: {job.name}", pages_read(engine, partial(job.act, node)))
        yield _timer("timer: live updates", pages_read(engine, _look(engine)))
    finally:
        node.leadership.give_up()
        engine.dispose()


def _look(engine: Engine) -> Callable[[], None]:
    with Session(engine) as session:
        marks = first_marks(session, now=database_now(session))

    def look() -> None:
        with Session(engine) as session:
            changes_since(session, marks, now=database_now(session))

    return look


def _timer(name: str, read: Read) -> Figure:
    value = f"{read.pages} pages, {read.statements} statements"
    return Figure(name, value, f"≤ {MOST_PAGES} pages", read.pages <= MOST_PAGES)


def _pages(large: Settings, small: Settings) -> Iterator[Figure]:
    many, few = create_app(large), create_app(small)
    for name, role, kind, address, mark in _PAGES:
        read_many, read_few = (_page_read(app, role, kind, address, mark) for app in (many, few))
        growth = read_many.pages / max(1, read_few.pages)
        value = f"{read_many.pages:,} pages, {read_many.statements} statements"
        yield Figure(name, value, note=f"most: {read_many.heaviest[0]:,} in {read_many.heaviest[1][:90]}")
        yield Figure(
            "  beside a tenth of the tickets", f"{growth:.2f} ×", f"≤ {MOST_GROWTH} ×", growth <= MOST_GROWTH,
            f"{read_few.pages:,} pages",
        )  # fmt: skip


def _page_read(app: HotlineApp, role: Role | None, kind: UnitKind, address: str, mark: str) -> Read:
    client = app.test_client()
    if role is not None:
        _sign_in(app, client, role, kind)

    def show() -> None:
        answer = client.get(address)
        if answer.status_code != 200 or mark not in answer.get_data(as_text=True):
            raise MeasuredNothing(f"{address} answered {answer.status_code}, with or without {mark!r}")

    show()
    return pages_read(app.sessions.kw["bind"], show)


def _sign_in(app: HotlineApp, client: FlaskClient, role: Role, kind: UnitKind) -> None:
    with transaction(app.sessions) as session:
        person = session.scalars(
            select(Staff.id)
            .join(RoleAssignment, RoleAssignment.staff_id == Staff.id)
            .join(Unit, Unit.id == RoleAssignment.unit_id)
            .where(RoleAssignment.role == role, Unit.kind == kind, Staff.disabled_at.is_(None))
            .order_by(Staff.id)
            .limit(1)
        ).one_or_none()
        if person is None:
            raise MeasuredNothing(f"nobody is {role} of a unit of kind {kind}")
        token = one_time_links.make(
            session, staff_id=person, purpose="demo", lifetime=timedelta(hours=1), now=utc_now()
        )
    client.get(f"/sign-in/link/{token}")
