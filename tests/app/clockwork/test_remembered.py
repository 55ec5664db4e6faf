"""A round remembers what it has read: it finds what a look at everything would find, and asks only for what is new."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.bench.pages_read import statements_sent
from app.clockwork.learning_rounds import learn_from_corrections
from app.clockwork.node import make_node
from app.clockwork.problem_rounds import look_for_problems
from app.processes.signs_of_life import database_now
from app.settings import Settings
from app.storage.bounded_connection import within_less
from app.storage.database import transaction
from escalation.queries.open_levels import OpenLevels
from escalation.queries.succession import hand_over
from tests.app.clockwork.test_batches import somebody
from tests.conftest import Committed
from tests.escalation.raising import HOUR, MONDAY, raised
from tests.escalation.scene import on_shift, person, step, told, ward
from tests.factories import open_ticket, staff, unit
from tickets.directory.holders import Appointment, appoint
from tickets.people.actor import staff_actor
from tickets.problems.waves import Wave, WaveCell
from tickets.queries.reported import ReportedLately, reported_lately
from tickets.schema import (
    ArisingProblem,
    AuditEntry,
    AuditSealMark,
    Category,
    Post,
    PostHolding,
    ProblemTicket,
    ReadingCorrection,
    Ticket,
)
from tickets.states import ReadField, Role
from tickets.work.assignment import change_category, correct_place
from tickets.work.problems import Evidence, propose
from tickets.work.readings import say_accuses

MINUTE = timedelta(minutes=1)


def settle(session: Session, *, now) -> None:
    """As the sealers leave it once everything until now is linked and no transaction of then runs any more."""
    newest = session.scalar(select(func.coalesce(func.max(AuditEntry.id), 0)))
    mark = {"entry_id": newest, "settling_id": newest, "settling_xid": 0, "whole_at": now}
    session.merge(AuditSealMark(id=1, **mark))
    session.flush()


def sent_by(session: Session, work: Callable[[], object]) -> list[str]:
    with statements_sent(session.connection()) as sent:
        work()
    return [statement for statement, _params in sent]


def test_what_was_changed_since_is_found_as_by_a_look_at_everything_and_nothing_else_is_read(session, now):
    agent = staff_actor(staff(session, role=Role.AGENT, at="TTDH").id)
    ids = [
        open_ticket(session, phone=f"09012340{number:02d}", now=now - timedelta(hours=number)).ticket_id
        for number in range(6)
    ]
    oldest = open_ticket(session, phone="0901234099", now=now - timedelta(days=30, hours=23, minutes=30)).ticket_id
    leaves_the_window = open_ticket(session, phone="0901234098", now=now - timedelta(hours=71, minutes=30)).ticket_id
    reported, later = ReportedLately(), now + HOUR
    settle(session, now=now)
    assert {oldest, leaves_the_window, *ids} <= {one.ticket_id for one in reported.look(session, now=now)}

    change_category(session, ids[0], category_code="street_light", actor=agent, now=now)
    say_accuses(session, ids[1], actor=agent, now=now)
    correct_place(session, ids[2], unit_id=unit(session, "26824").id, actor=agent, now=now)
    new = open_ticket(session, phone="0901234097", now=now + MINUTE).ticket_id
    found = list(reported.look(session, now=later))

    assert found == list(reported_lately(session, now=later))
    seen = {one.ticket_id: one for one in found}
    assert new in seen and ids[1] not in seen and oldest not in seen and not seen[leaves_the_window].said
    settle(session, now=later)
    reported.look(session, now=later)
    quiet = sent_by(session, lambda: reported.look(session, now=later + MINUTE))
    assert len(quiet) == 3 and not any("ticket.body" in one for one in quiet)


def test_a_kind_that_became_one_about_people_takes_its_tickets_out_of_sight(session, now):
    ticket_id = open_ticket(session, now=now).ticket_id
    category_id = session.get_one(Ticket, ticket_id).category_id
    reported = ReportedLately()
    settle(session, now=now)
    assert [one.ticket_id for one in reported.look(session, now=now)].count(ticket_id) == 1

    session.execute(update(Category).where(Category.id == category_id).values(conduct="unit"))

    assert list(reported.look(session, now=now)) == list(reported_lately(session, now=now))
    assert ticket_id not in {one.ticket_id for one in reported.look(session, now=now)}


def a_wave(session: Session, key: str, *, now) -> Wave:
    ids = tuple(open_ticket(session, phone=f"09012{key:0>5}"[:10], now=now).ticket_id for _ in range(2))
    return Wave("wave", WaveCell(), now, ids, 2, 0.1, key, (unit(session).id,))


def test_many_waves_are_kept_in_as_many_statements_as_one_and_known_ones_in_two(session, now):
    waves = [a_wave(session, str(number), now=now) for number in range(7)]
    evidence = Evidence()

    one = sent_by(session, lambda: propose(session, waves[:1], now=now, evidence=evidence))
    more = sent_by(session, lambda: propose(session, waves, now=now + HOUR, evidence=evidence))
    quiet = sent_by(session, lambda: propose(session, waves, now=now + 2 * HOUR, evidence=evidence))
    by_another_process = propose(session, waves, now=now + 8 * HOUR, evidence=Evidence())
    again = propose(session, waves, now=now + 9 * HOUR, evidence=evidence)

    assert len(one) == len(more) and len(quiet) == 2, (one, more, quiet)
    assert (by_another_process, again) == (0, 0)
    kept = session.execute(select(ProblemTicket.problem_id, func.count()).group_by(ProblemTicket.problem_id))
    assert [number for _problem, number in kept] == [2] * 7
    session.expire_all()
    assert set(session.scalars(select(ArisingProblem.seen_at))) == {now + 8 * HOUR}


def test_a_ticket_that_somebody_holds_keeps_no_other_and_stands_there_after_the_next_look(committed: Committed) -> None:
    evidence = Evidence()
    with transaction(committed.factory) as session:
        now = database_now(session)
        waves = [a_wave(session, str(number), now=now) for number in range(2)]
    held = waves[0].ticket_ids[0]

    def kept_by(look: int) -> set[int]:
        with transaction(committed.factory) as session:
            within_less(session.connection(), statement_ms=10_000, lock_ms=500)
            propose(session, waves, now=now + look * HOUR, evidence=evidence)
        with committed.factory() as session:
            return set(session.scalars(select(ProblemTicket.ticket_id)))

    with somebody(committed, f"select 1 from ticket where id = {held} for no key update"):
        meanwhile = kept_by(1)
    all_of_them = {ticket_id for wave in waves for ticket_id in wave.ticket_ids}

    assert meanwhile == all_of_them - {held}
    assert kept_by(2) == all_of_them


def test_an_hourly_look_that_finds_nothing_new_writes_and_reads_no_ticket(
    committed: Committed, settings: Settings
) -> None:
    node = make_node(settings, committed.engine)
    with transaction(committed.factory) as session:
        at = database_now(session) - HOUR
        for number in range(9):
            open_ticket(session, phone=f"0901277{number:03d}", now=at)
    look_for_problems(node)
    with transaction(committed.factory) as session:
        settle(session, now=at)
    look_for_problems(node)

    with statements_sent(committed.engine) as sent:
        look_for_problems(node)

    words = [statement for statement, _params in sent]
    assert len(words) <= 8 and not any("ticket.body" in one or "insert into" in one.lower() for one in words), words
    with transaction(committed.factory) as session:
        assert session.scalar(select(func.count()).select_from(ArisingProblem)) == 1
        assert session.scalar(select(func.count()).select_from(ProblemTicket)) == 9


def test_a_quiet_round_reads_no_open_level_and_whoever_comes_to_the_post_is_told_in_the_next(session):
    matter, people, at = raised(session)
    levels = OpenLevels()
    settle(session, now=at)
    assert hand_over(session, now=at + MINUTE, levels=levels) == 0

    quiet = sent_by(session, lambda: hand_over(session, now=at + 2 * MINUTE, levels=levels))

    assert quiet and not any("standing_report" in one for one in quiet)
    post = session.scalars(select(Post).where(Post.code == "ward_chair", Post.unit_id == ward(session).id)).one()
    leaving = session.scalars(
        select(PostHolding.id).where(PostHolding.post_id == post.id, PostHolding.staff_id == people[2].id)
    ).one()
    successor, comes = person(session, now=MONDAY), at + HOUR
    wanted = Appointment(successor.id, "holder", comes, role=Role.LEADER, in_place_of=leaving)
    appoint(
        session, post.id, wanted, actor=staff_actor(staff(session, role=Role.ADMINISTRATOR).id), now=at + 3 * MINUTE
    )

    assert hand_over(session, now=at + 4 * MINUTE, levels=levels) == 0, "not yet"
    settle(session, now=at + 5 * MINUTE)
    assert hand_over(session, now=at + 5 * MINUTE, levels=levels) == 0
    assert hand_over(session, now=comes + MINUTE, levels=levels) == 1, "nobody wrote anything when the hour had come"
    assert told(session, matter, 2) == [people[2].id, successor.id]


def test_a_turn_that_begins_and_a_ticket_that_was_held_are_come_back_to(session):
    matter, people, at = raised(session)
    levels = OpenLevels()
    on_duty = on_shift(session, "ward_chair", ward(session), now=at + 2 * HOUR)
    settle(session, now=at)

    handed = [hand_over(session, now=at + minutes * MINUTE, levels=levels) for minutes in (1, 2, 59, 60, 61)]

    assert handed == [0, 0, 0, 1, 0]
    assert told(session, matter, 2) == [people[2].id, on_duty.id]
    settle(session, now=at + HOUR)
    hand_over(session, now=at + HOUR + MINUTE, levels=levels)
    levels.come_back_to({matter.id})
    assert list(levels.next(session, now=at + HOUR + 2 * MINUTE)) == [step(session, matter, 2).id]


def test_a_night_without_another_correction_reads_no_text(committed: Committed, settings: Settings) -> None:
    node = make_node(settings, committed.engine)

    def corrected(ticket_id: int) -> None:
        with transaction(committed.factory) as session:
            session.add(
                ReadingCorrection(
                    ticket_id=ticket_id, field=ReadField.CATEGORY, guessed="rubbish", correct="street_light",
                    told_by="", words="", rules_version="1", staff_id=agent, at=database_now(session),
                )
            )  # fmt: skip

    def reads_texts() -> bool:
        with statements_sent(committed.engine) as sent:
            learn_from_corrections(node)
        return any("ticket.body" in statement for statement, _params in sent)

    with transaction(committed.factory) as session:
        agent = staff(session).id
        ids = [open_ticket(session, phone=f"09012780{n:02d}", now=database_now(session)).ticket_id for n in range(3)]
    corrected(ids[0])
    first = [reads_texts(), reads_texts()]
    corrected(ids[1])
    after_another = [reads_texts(), reads_texts()]
    with transaction(committed.factory) as session:
        session.execute(update(Ticket).where(Ticket.id == ids[0]).values(is_restricted=True))

    assert (first, after_another) == ([True, False], [True, False])
    assert [reads_texts(), reads_texts()] == [True, False], "what was restricted since teaches nothing any more"
