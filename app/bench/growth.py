"""What must not grow with what there is: pages of the database read by timers, and by the pages of many tickets."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.bench.measure import Figure, MeasuredNothing
from app.bench.pages_read import Read, pages_read
from app.bench.stage import settle
from app.clock import utc_now
from app.clockwork.node import Node, make_node
from app.clockwork.schedule import SCHEDULE, seal_audit_trail
from app.live.changes import changes_since, first_marks
from app.processes.signs_of_life import database_now
from app.settings import Settings
from app.storage.database import make_engine, transaction
from app.web.factory import create_app
from app.web.frame.application import HotlineApp
from app.web.monitoring.readiness_metrics import KeptReadiness
from app.web.monitoring.row_metrics import RowMetrics
from tickets.audit import unsealed
from tickets.directory import one_time_links
from tickets.schema import RoleAssignment, Staff, Unit
from tickets.states import Role, UnitKind

MOST_PAGES = 200
MOST_GROWTH = 1.5
_LOOKS = 10
# It asks over the network; what it asks the database depends on the answer.
_NOT_OF_THE_DATABASE = "ask the phone provider"
# It is to read everything.
_NIGHTLY = frozenset({"prove kept figures"})
_JOBS = [job for job in SCHEDULE if job.name != _NOT_OF_THE_DATABASE]
_TICKET = 'href="/console/tickets/'


@dataclass(frozen=True, slots=True)
class Shown:
    """A page, whose it is, and words that are on it so often when it has something to show; None: anybody's."""

    name: str
    address: str
    role: Role | None
    kind: UnitKind = UnitKind.CITY
    mark: str = _TICKET
    least: int = 1


_OFFICE = UnitKind.OFFICE
PAGES: tuple[Shown, ...] = (
    # What is about to be late may be nothing at night; the queues are always there.
    Shown("supervisor's shift", "/supervisor", Role.SUPERVISOR, _OFFICE, mark="<tr", least=3),
    Shown("supervisor's shift, overdue", "/supervisor?show=overdue", Role.SUPERVISOR, _OFFICE, least=20),
    Shown("supervisor's shift, untaken", "/supervisor?show=untaken", Role.SUPERVISOR, _OFFICE, least=20),
    Shown("supervisor's escalations", "/supervisor/escalations", Role.SUPERVISOR, _OFFICE, least=20),
    Shown("what fired lately", "/supervisor/escalations?tab=fired", Role.SUPERVISOR, _OFFICE),
    Shown("what ever fired", "/supervisor/escalations?tab=history", Role.SUPERVISOR, _OFFICE, least=20),
    Shown("supervisor's shift as it moves", "/supervisor/now", Role.SUPERVISOR, _OFFICE, mark="<tr", least=3),
    Shown("City Office's shift", "/supervisor", Role.CITY_OFFICE, _OFFICE, mark="<tr", least=3),
    Shown("a ward's shift", "/supervisor", Role.SUPERVISOR, UnitKind.WARD, mark="<tr"),
    Shown("a ward's shift, overdue", "/supervisor?show=overdue", Role.SUPERVISOR, UnitKind.WARD),
    Shown("what fired lately at a ward", "/supervisor/escalations?tab=fired", Role.SUPERVISOR, UnitKind.WARD),
    Shown("how words are read", "/supervisor/reading", Role.SUPERVISOR, _OFFICE, mark="<tr"),
    Shown("a ward's escalations", "/supervisor/escalations", Role.SUPERVISOR, UnitKind.WARD),
    Shown("problems", "/supervisor/problems", Role.SUPERVISOR, _OFFICE, mark="/supervisor/problems/"),
    Shown("leader's list", "/leadership", Role.LEADER),
    Shown("escalation ledger", "/leadership/ledger", Role.LEADER, least=20),
    Shown("what I was told of", "/leadership/ledger?mine=1", Role.LEADER),
    Shown("administrator's overview", "/administration", Role.ADMINISTRATOR, mark="/administration/"),
    Shown("provider accounts", "/administration/accounts", Role.ADMINISTRATOR, mark="<tr"),
    Shown("people", "/administration/people", Role.ADMINISTRATOR, mark="/administration/people/", least=20),
    Shown("what was learned of words", "/administration/words/learned", Role.SUPERVISOR, _OFFICE, mark="<h1"),
    Shown("a ward's leader's list", "/leadership", Role.LEADER, UnitKind.WARD, mark="<h1"),
    Shown("a ward's leader's ledger", "/leadership/ledger", Role.LEADER, UnitKind.WARD, mark="<tr"),
    Shown("a ward's leader's tickets", "/console?view=all", Role.LEADER, UnitKind.WARD, least=20),
    Shown("audit trail", "/administration/audit", Role.AUDITOR, mark="<tr", least=20),
    Shown("agent's queues", "/console", Role.AGENT, UnitKind.WARD),
    Shown("City Office's queues", "/console", Role.CITY_OFFICE, _OFFICE),
    Shown("all tickets", "/console?view=all", Role.AGENT, _OFFICE, least=20),
    Shown("answered tickets", "/console?view=answered", Role.AGENT, _OFFICE, least=20),
    Shown("search for two words", "/console/search?q=den+duong", Role.AGENT, _OFFICE, least=20),
    Shown("public performance", "/performance", None, mark="<tr", least=3),
)


def run(large: Settings, small: Settings) -> list[Figure]:
    """Raises MeasuredNothing when a page could not be shown; a tenth of the tickets is expected in `small`."""
    for settings in (large, small):
        with _worked_off(settings):
            pass
        settle(settings)
    return [*_timers(large), *_pages(large, small)]


@contextmanager
def _worked_off(settings: Settings) -> Iterator[tuple[Engine, Node]]:
    """A scheduler that has done what there was to do, so that nothing new is left."""
    engine = make_engine(settings.database_url)
    node = make_node(settings, engine)
    try:
        for _ in range(3):
            for job in _JOBS:
                job.act(node)
        _seal_what_they_wrote(engine, node)
        # Once more, now that the trail is settled: what they remember is counted from there.
        for job in _JOBS:
            if job.name not in _NIGHTLY:
                job.act(node)
        _seal_what_they_wrote(engine, node)
        yield engine, node
    finally:
        node.leadership.give_up()
        engine.dispose()


def _seal_what_they_wrote(engine: Engine, node: Node) -> None:
    """Entries are sealed once they are some seconds old: rounds that are quicker than that leave some behind."""
    while True:
        with Session(engine) as session:
            if not unsealed.count(session):
                return
        time.sleep(1)
        seal_audit_trail(node)


def _timers(settings: Settings) -> Iterator[Figure]:
    with _worked_off(settings) as (engine, node):
        for job in _JOBS:
            if job.name not in _NIGHTLY:
                yield _timer(f"timer: {job.name}", _read_when_quiet(engine, partial(job.act, node)))
        yield _timer("timer: live updates", pages_read(engine, _look(engine)))
        yield _timer("timer: a scrape of /metrics", pages_read(engine, _scrape(engine, settings)))


def _read_when_quiet(engine: Engine, act: Callable[[], object]) -> Read:
    """Again where something fell due at that moment: what it wrote is not written twice."""
    for _again in range(_LOOKS):
        try:
            return pages_read(engine, act)
        except IntegrityError:
            continue
    raise MeasuredNothing(f"something new fell due at each of {_LOOKS} looks")


def _look(engine: Engine) -> Callable[[], None]:
    with Session(engine) as session:
        marks = first_marks(session, now=database_now(session))

    def look() -> None:
        with Session(engine) as session:
            changes_since(session, marks, now=database_now(session))

    return look


def _scrape(engine: Engine, settings: Settings) -> Callable[[], None]:
    readiness = KeptReadiness()

    def scrape() -> None:
        with Session(engine) as session:
            list(RowMetrics(session, settings, readiness, now=database_now(session)).collect())

    # Who is ready is looked at once in five minutes.
    scrape()
    return scrape


def _timer(name: str, read: Read) -> Figure:
    value = f"{read.pages} pages, {read.statements} statements"
    return Figure(name, value, f"≤ {MOST_PAGES} pages", read.pages <= MOST_PAGES)


def _pages(large: Settings, small: Settings) -> Iterator[Figure]:
    many, few = create_app(large), create_app(small)
    for page in PAGES:
        read_many, read_few = page_read(many, page, now=utc_now()), page_read(few, page, now=utc_now())
        growth = read_many.pages / max(1, read_few.pages)
        value = f"{read_many.pages:,} pages, {read_many.statements} statements"
        yield Figure(page.name, value, note=f"most: {read_many.heaviest[0]:,} in {read_many.heaviest[1][:90]}")
        yield Figure(
            "  beside a tenth of the tickets", f"{growth:.2f} ×", f"≤ {MOST_GROWTH} ×", growth <= MOST_GROWTH,
            f"{read_few.pages:,} pages",
        )  # fmt: skip


def page_read(app: HotlineApp, page: Shown, *, now: datetime) -> Read:
    """What showing this page reads; raises MeasuredNothing when it has nothing to show."""
    client = app.test_client()
    if page.role is not None:
        _sign_in(app, client, page, now=now)

    def show() -> None:
        answer = client.get(page.address)
        seen = answer.get_data(as_text=True).count(page.mark)
        if answer.status_code != 200 or seen < page.least:
            raise MeasuredNothing(f"{page.address} answered {answer.status_code} with {seen} × {page.mark!r}")

    show()
    return pages_read(app.sessions.kw["bind"], show)


def _sign_in(app: HotlineApp, client: FlaskClient, page: Shown, *, now: datetime) -> None:
    with transaction(app.sessions) as session:
        person = session.scalars(
            select(Staff.id)
            .join(RoleAssignment, RoleAssignment.staff_id == Staff.id)
            .join(Unit, Unit.id == RoleAssignment.unit_id)
            .where(RoleAssignment.role == page.role, Unit.kind == page.kind, Staff.disabled_at.is_(None))
            .order_by(Staff.id)
            .limit(1)
        ).one_or_none()
        if person is None:
            raise MeasuredNothing(f"nobody is {page.role} of a unit of kind {page.kind}")
        token = one_time_links.make(session, staff_id=person, purpose="demo", lifetime=timedelta(hours=1), now=now)
    client.get(f"/sign-in/link/{token}")
