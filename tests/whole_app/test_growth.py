"""What people ask for reads no more when there is ten times as much: pages of the database, as `bench` counts them."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.bench.growth import MOST_GROWTH
from app.bench.pages_read import pages_read
from app.settings import Settings
from app.storage.database import make_engine, transaction
from app.web.monitoring.readiness_metrics import KeptReadiness
from app.web.monitoring.row_metrics import RowMetrics
from escalation.queries.board import counts
from escalation.queries.desk import waiting_up_to
from escalation.queries.follow_up import ended_since
from tests.conftest import Committed
from tests.factories import hold_post, open_ticket, staff
from tickets.outbox import text_parts
from tickets.outbox.text_parts import parts_sent
from tickets.outbox.troubles import oldest_unsent
from tickets.people.roles import Viewer, load_viewer
from tickets.promises import day_totals, waiting_counts
from tickets.promises.published import publish, published
from tickets.queries.list_stretches import ListView
from tickets.queries.lists import work_list
from tickets.queries.newest import newest_ids
from tickets.queries.newest_levels import newest_level_ids
from tickets.queries.problems import seen_problems
from tickets.queries.reading_figures import learned_figures
from tickets.queries.search import search
from tickets.queries.supervision import Risk, at_risk, units_now
from tickets.schema import (
    ArisingProblem,
    Base,
    Clock,
    PlannedStep,
    Ticket,
    TicketSearch,
    Unit,
)
from tickets.states import ProblemState, Role, StepKind, TicketStatus

FEW, MANY = 2_500, 25_000
NOW = datetime.now(UTC)
LOOKED_BACK, MOST_LOOKED_BACK = "what became of answers", 2_500
# Each index is read as a whole, 5,000 restricted tickets named to them too: a page holds dozens of those.
SHIFT, MOST_OF_SHIFT = "numbers of the city's shift", 400
BOARD, MOST_OF_BOARD = "numbers of the board", 300
# Hundreds of lines are told from their index, without their tickets, clocks and levels: those are five pages each.
MENU, MOST_OF_MENU = "menu of whoever is off turn", 250
# A problem of tens of thousands of reports is counted in an index of their people.
PROBLEMS, MOST_OF_PROBLEMS = "problems", 300
# Ids as a restored or copied database has them: far apart.
OF_COPY = "100000 + n * 1000"
RESTRICTED = "n % 5 = 0"


def copied(table: type[Base], key: str, **different: str) -> str:
    """Rows like the one with this key, for each number `n`; `different`: what a column says instead."""
    columns = [column.name for column in table.__table__.columns]
    values = ", ".join(different.get(name, f"o.{name}") for name in columns)
    return (
        f"insert into {table.__tablename__} ({', '.join(columns)}) overriding system value "
        f"select {values} from {table.__tablename__} o, generate_series(cast(:first as bigint), :last) n where {key}"
    )


# Of every second level the Chair is told, and of the rest somebody else; all are answered, and none has ended.
ROWS = (
    copied(
        Ticket, "o.id = :ticket", id=OF_COPY, reference="'copy ' || n", is_restricted=RESTRICTED,
        # What nobody may see has waited longest.
        next_due_at=f"now() - interval '1 day' * case when {RESTRICTED} then 9 else 2 end + n * interval '1 s'",
    ),
    copied(TicketSearch, "o.ticket_id = :ticket", ticket_id=OF_COPY),
    copied(
        Clock, "o.ticket_id = :ticket and o.kind = 'resolve'", id=OF_COPY, ticket_id=OF_COPY,
        status="case when n % 2 = 0 then 'met' else 'running' end",
        stopped_unit_id="(select unit_id from ticket where id = :ticket)",
        stopped_at="case when n % 2 = 0 then now() - interval '1 day' * (2 + n % 20) end",
    ),
    copied(
        PlannedStep, "o.id = :step", id=OF_COPY, ticket_id=OF_COPY, clock_id=OF_COPY, fired_at="now()",
        result="'notified'",
    ),
    """insert into step_recipient (step_id, staff_id, post_id, capacity, told_at, reply_code)
       select 100000 + n * 1000, :somebody, case when n % 2 = 0 then null else cast(:post as bigint) end, 'holder',
              now() - interval '1 minute' * n, '' from generate_series(cast(:first as bigint), :last) n""",
    """insert into acknowledgement (step_id, ticket_id, staff_id, at, via, holds_until)
       select 100000 + n * 1000, 100000 + n * 1000, :somebody, now() - interval '1 second' * n, 'page', now()
       from generate_series(cast(:first as bigint), :last) n where n % 2 = 1""",
    """insert into outbound_message
       (dedup_key, channel, address, template, params, locale, state, created_at, not_before)
       select 'copy ' || n, 'email', 'a@b.example', 'warning', '{}', 'vi', 'waiting', now(), now()
       from generate_series(cast(:first as bigint), :last) n""",
    """insert into outbound_message
       (dedup_key, channel, address, template, params, locale, state, created_at, not_before, sent_at,
        provider_account, segments)
       select 'text ' || n, 'sms', '', 'warning', '{}', 'vi', 'sent', at, at, at, 'first', 2
       from (select n, now() - interval '1 day' * (n % 30) - interval '1 hour' as at
             from generate_series(cast(:first as bigint), :last) n) one""",
    """insert into problem_ticket (problem_id, ticket_id, added_at)
       select :problem, 100000 + n * 1000, now() from generate_series(cast(:first as bigint), :last) n""",
    """insert into ticket_access (ticket_id, staff_id, reason, created_at)
       select 100000 + n * 1000, who, 'routing', now()
       from generate_series(cast(:first as bigint), :last) n, unnest(array[cast(:named as bigint), :head]) who
       where n % 5 = 0""",
    # Told on a turn that is over: none of it is theirs to answer now.
    """insert into standing_report (clock_id, staff_id, ticket_id, step_id, level, due_at, is_answered,
                                    unit_id, category_id, chain_version_id, capacity, stands)
       select 100000 + n * 1000, :supervisor, 100000 + n * 1000, 100000 + n * 1000, 1, now(), false,
              t.unit_id, t.category_id, v.chain_version_id, 'shift', true
       from ticket t, planned_step s join chain_step v on v.id = s.chain_step_id,
            generate_series(cast(:first as bigint), :last) n
       where t.id = :ticket and s.id = :step""",
    f"""insert into standing_level (clock_id, ticket_id, step_id, level, due_at, clock_kind, breach_cause, is_answered,
                                   unit_id, is_restricted, stands)
       select 100000 + n * 1000, 100000 + n * 1000, 100000 + n * 1000, 1 + n % 3, now(), 'resolve', '', n % 2 = 1,
              t.unit_id, {RESTRICTED}, true
       from ticket t, generate_series(cast(:first as bigint), :last) n where t.id = :ticket""",
)  # fmt: skip
# Due in days, at another unit, whose promises run; of none was anybody warned.
OF_AHEAD = "200000000 + n * 1000"
AHEAD = "now() + interval '3 days' + n * interval '1 s'"
ROWS_AHEAD = (
    copied(Ticket, "o.id = :ahead", id=OF_AHEAD, reference="'ahead ' || n", next_due_at=AHEAD),
    copied(
        Clock, "o.ticket_id = :ahead and o.kind = 'resolve'", id=OF_AHEAD, ticket_id=OF_AHEAD, due_at=AHEAD,
        status="'running'",
    ),
    # Levels of theirs that nobody answered.
    copied(
        PlannedStep, "o.id = :step", id=OF_AHEAD, ticket_id=OF_AHEAD, clock_id=OF_AHEAD, fired_at="now()",
        result="'notified'", unit_id="(select unit_id from ticket where id = :ahead)",
    ),
)  # fmt: skip
PEOPLE = ("supervisor", "chair", "named", "elsewhere", "head", "ahead_of")


@pytest.fixture
def originals(committed: Committed) -> dict[str, int]:
    with transaction(committed.factory) as session:
        chair, somebody = staff(session, role=Role.LEADER, at="79"), staff(session, role=Role.LEADER, at="79")
        holding = hold_post(session, chair, "city_chair", at="79")
        ticket_id = open_ticket(session, subject="Đèn đường hỏng", now=NOW - timedelta(days=30)).ticket_id
        at_unit = session.get_one(Ticket, ticket_id).unit_id
        step = select(PlannedStep.id).where(PlannedStep.ticket_id == ticket_id, PlannedStep.kind == StepKind.LEVEL)
        problem = ArisingProblem(
            key="alike:copies", kind="alike", state=ProblemState.PROPOSED, unit_ids=[], usual=0.5, since=NOW,
            found_at=NOW, seen_at=NOW,
        )  # fmt: skip
        session.add(problem)
        session.flush()
        return {
            "problem": problem.id,
            "ticket": ticket_id,
            "step": session.scalars(step.join(Clock).where(Clock.kind == "resolve").limit(1)).one(),
            "chair": chair.id,
            "somebody": somebody.id,
            "post": holding.post_id,
            "supervisor": staff(session, role=Role.SUPERVISOR, at="TTDH").id,
            "named": staff(session, role=Role.SUPERVISOR, at="TTDH").id,
            "elsewhere": staff(session, role=Role.AGENT, at="26743").id,
            "ahead": open_ticket(session, subject="Ổ gà", unit_code="26506", now=NOW).ticket_id,
            "ahead_of": staff(session, role=Role.SUPERVISOR, at="26506").id,
            "head": staff(session, role=Role.LEADER, at=session.get_one(Unit, at_unit).code or "").id,
        }


def fill(committed: Committed, originals: dict[str, int], *, first: int, last: int) -> None:
    """And what the night does: the days are counted and published."""
    with transaction(committed.factory) as session:
        for statement in (*ROWS, *ROWS_AHEAD):
            session.execute(text(statement), originals | {"first": first, "last": last})
        day_totals.forget_all(session)
        while day_totals.count_next_day(session, now=NOW):
            pass
        publish(session, now=NOW)
        waiting_counts.gather(session, now=NOW)
        text_parts.forget_all(session)
        while text_parts.count_so_far(session, now=NOW) or text_parts.count_next_day(session, now=NOW):
            pass
    owner = make_engine(committed.superuser_url, pool_size=1, statement_timeout_ms=0)
    with owner.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # Written a few at a time and gathered every minute it holds no room for tens of thousands.
        connection.exec_driver_sql("vacuum full waiting_change")
        connection.exec_driver_sql("vacuum analyze")
    owner.dispose()


def questions(
    who: Sequence[Viewer], prometheus: Callable[[Session], object], told: Callable[[Session], object]
) -> dict[str, Callable[[Session], object]]:
    """By name; each answers with something, or there would be nothing to read."""
    supervisor, chair, named, elsewhere, head, ahead_of = who
    two_weeks_ago = NOW - timedelta(days=14)
    return {
        "tickets of which Prometheus is told": prometheus,
        "messages of which Prometheus is told": told,
        # Thousands were named to whoever leads the unit at which they are.
        "all tickets of a leader": lambda s: work_list(s, head, view=ListView.ALL, now=NOW).items,
        # What is due in days, and nobody was warned of, is not.
        "about to be late at a ward": lambda s: (
            at_risk(s, ahead_of, ahead_of.unit_ids(Role.SUPERVISOR), risk=Risk.SOON, now=NOW) == []
        ),
        "all tickets": lambda s: work_list(s, supervisor, view=ListView.ALL, now=NOW).items,
        "overdue, of the city": lambda s: at_risk(s, supervisor, None, risk=Risk.OVERDUE, now=NOW),
        "untaken, of the city": lambda s: at_risk(s, supervisor, None, risk=Risk.UNTAKEN, now=NOW),
        SHIFT: lambda s: sum(one.waiting for one in units_now(s, named, None, now=NOW)) > FEW,
        BOARD: lambda s: sum(one.chains for one in counts(s, named).levels) >= FEW,
        "newest of a ward without any": lambda s: s.scalars(newest_ids(elsewhere, limit=51)).all() == [],
        "newest of the city": lambda s: s.scalars(newest_ids(supervisor, limit=51)).all(),
        "newest levels of a ward without any": lambda s: s.scalars(newest_level_ids(elsewhere, limit=51)).all() == [],
        "newest levels of the city": lambda s: s.scalars(newest_level_ids(supervisor, limit=51)).all(),
        # Where there is no such one, all others would be looked through.
        "answered levels of a ward without any": lambda s: (
            s.scalars(newest_level_ids(ahead_of, PlannedStep.is_answered.is_(True), limit=51)).all() == []
        ),
        "withdrawn tickets of a ward without any": lambda s: (
            s.scalars(newest_ids(ahead_of, Ticket.status == TicketStatus.WITHDRAWN, limit=51)).all() == []
        ),
        "withdrawn tickets of a city without any": lambda s: (
            s.scalars(newest_ids(supervisor, Ticket.status == TicketStatus.WITHDRAWN, limit=51)).all() == []
        ),
        "search": lambda s: search(s, supervisor, "den duong").items,
        MENU: lambda s: waiting_up_to(s, supervisor, most=100, now=NOW) == 0,
        PROBLEMS: lambda s: seen_problems(s, supervisor, limit=60)[0].tickets >= FEW * 4 // 5,
        "texts of thirty days": lambda s: parts_sent(s, days=30, now=NOW)["first"] >= FEW,
        # Of each ticket words told something, and of none what was learned.
        "what was learned": lambda s: learned_figures(s, supervisor, since=NOW - timedelta(days=60), until=NOW) == [],
        "since when messages wait": oldest_unsent,
        "published promises": lambda s: published(s, now=NOW)[1],
        # Nothing has ended: the longest look there is.
        LOOKED_BACK: lambda s: ended_since(s, chair, since=two_weeks_ago, now=NOW) == [],
    }


def test_ten_times_as_much_reads_at_most_half_as_much_again(
    committed: Committed, settings: Settings, originals: dict[str, int]
) -> None:
    readiness = KeptReadiness()

    def prometheus(session: Session) -> object:
        return list(RowMetrics(session, settings, readiness, now=NOW)._tickets())

    def told(session: Session) -> object:
        return [one.samples for one in RowMetrics(session, settings, readiness, now=NOW)._messages()]

    def read() -> dict[str, int]:
        with transaction(committed.factory) as session:
            who = [one for one in (load_viewer(session, originals[one], now=NOW) for one in PEOPLE) if one is not None]

        def ask(question: Callable[[Session], object]) -> None:
            with transaction(committed.factory) as session:
                assert question(session)

        ask(prometheus)  # Looks at who is ready once in five minutes.
        asked = questions(who, prometheus, told)
        return {name: pages_read(committed.engine, partial(ask, one)).pages for name, one in asked.items()}

    fill(committed, originals, first=1, last=FEW)
    few = read()
    fill(committed, originals, first=FEW + 1, last=MANY)
    many = read()

    # Small tables are read as a whole, which is cheaper still than what is bounded.
    limits = {name: MOST_GROWTH * pages for name, pages in few.items()} | {
        LOOKED_BACK: MOST_LOOKED_BACK,
        SHIFT: MOST_OF_SHIFT,
        MENU: MOST_OF_MENU,
        BOARD: MOST_OF_BOARD,
        PROBLEMS: MOST_OF_PROBLEMS,
    }
    assert {name: (few[name], many[name]) for name in few if many[name] > limits[name]} == {}
