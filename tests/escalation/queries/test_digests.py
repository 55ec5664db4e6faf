"""The 07:00 list of level 5: a few lines that leave nothing out, once a day, only what still waits for an answer."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update

from escalation.acknowledging.acknowledge import acknowledge
from escalation.acknowledging.instruction_tasks import answer_instruction, break_overdue
from escalation.firing.sweep import tick
from escalation.queries import digests
from escalation.queries.digests import post_daily_lists
from tests.escalation.scene import full_house, level_at, messages, person, step, ticket, unit_by_code, ward
from tickets.outbox import posting
from tickets.people.actor import SYSTEM
from tickets.schema import Category, Clock, DoneDay, Instruction, PostHolding, StepRecipient, Unit
from tickets.states import OutboundChannel, Priority

MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def seven_after(at: datetime) -> datetime:
    """07:00 in the city is midnight UTC."""
    return at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def climbed(session, count=1):
    unit = ward(session)
    people = full_house(session, unit, now=MONDAY)
    matters = [
        ticket(session, unit, arrived_at=MONDAY + timedelta(minutes=n), priority=Priority.URGENT) for n in range(count)
    ]
    at = max(level_at(session, matter, 5) for matter in matters)
    tick(session, now=at)
    return people, matters, at


def test_what_reached_the_chair_is_in_the_next_list_and_not_in_one_before_seven(session):
    people, [matter], at = climbed(session)
    seven = seven_after(at)

    before = post_daily_lists(session, now=seven - timedelta(minutes=1))
    after = post_daily_lists(session, now=seven)

    assert (before, after) == (0, 1)
    mail = messages(session, template="daily_list", channel=OutboundChannel.EMAIL)
    assert [m.staff_id for m in mail] == [people[5].id]
    assert [line["reference"] for line in mail[0].params["items"]] == [matter.reference]
    assert (mail[0].params["inherited"], mail[0].params["items"][0]["told_at"]) == (0, at.isoformat())


def test_who_has_left_the_post_gets_no_list_and_the_successor_gets_theirs_and_may_answer(session):
    people, [matter], at = climbed(session)
    seven = seven_after(at)
    for held in session.scalars(select(PostHolding).where(PostHolding.staff_id == people[5].id)):
        post, held.valid_to = held.post_id, at + timedelta(minutes=1)
    heir = person(session, now=MONDAY)
    session.add(PostHolding(post_id=post, staff_id=heir.id, kind="holder", valid_from=at + timedelta(minutes=1)))
    session.flush()

    posted = post_daily_lists(session, now=seven)

    mail = messages(session, template="daily_list", channel=OutboundChannel.EMAIL)
    told = step(session, matter, 5)
    assert (posted, [m.staff_id for m in mail]) == (1, [heir.id])
    assert (mail[0].params["inherited"], mail[0].params["items"][0]["told_at"]) == (1, None)
    assert not acknowledge(session, told.id, staff_id=heir.id, instruction="", via="web", now=seven).is_repeat


def test_asking_again_on_the_same_day_posts_nothing_more(session):
    _, _, at = climbed(session)
    seven = seven_after(at)
    post_daily_lists(session, now=seven)
    posted = len(messages(session, template="daily_list"))

    post_daily_lists(session, now=seven + timedelta(hours=5))

    assert len(messages(session, template="daily_list")) == posted


def told_too(session, matter, who, *, at):
    """Of the level that is in the morning's list, as somebody who may answer."""
    first = session.scalars(select(StepRecipient).where(StepRecipient.step_id == step(session, matter, 5).id)).one()
    told = {"step_id": first.step_id, "staff_id": who.id, "capacity": "holder", "told_at": at, "reply_code": "999999"}
    session.add(StepRecipient(post_id=first.post_id, **told))
    session.add(PostHolding(post_id=first.post_id, staff_id=who.id, kind="holder", valid_from=MONDAY))
    session.flush()


def test_a_refused_list_is_sent_by_a_later_round_of_the_morning_to_whom_it_was_refused_and_to_nobody_else(
    session, monkeypatch
):
    people, [_, second], at = climbed(session, count=2)
    chair, seven, aside = people[5], seven_after(at), dict[int | str, Exception]()
    post_all, refusing = posting.post_all, [True]

    def refuses(session, some, *, now):
        if refusing and chair.id in {message.staff_id for message in some}:
            raise LookupError("refused")
        post_all(session, some, now=now)

    monkeypatch.setattr(posting, "post_all", refuses)
    post_daily_lists(session, now=seven, put_aside=aside.__setitem__)
    # Since then somebody else was told of one of them, who had no list refused.
    late = person(session, now=MONDAY)
    told_too(session, second, late, at=seven + timedelta(minutes=20))
    at_first = messages(session, template="daily_list")
    refusing.clear()
    post_daily_lists(session, now=seven + timedelta(minutes=30))
    again = messages(session, template="daily_list")
    post_daily_lists(session, now=seven + timedelta(minutes=31))

    assert at_first == []
    assert list(aside) == [f"daily-list:{seven.date()}:{chair.id}:email"]
    assert {m.staff_id for m in again} == {chair.id}
    assert messages(session, template="daily_list") == again


def test_a_list_that_is_refused_all_morning_is_tried_no_more_at_noon(session, monkeypatch):
    _, _, at = climbed(session)
    seven, tried = seven_after(at), []

    def refuses(session, some, *, now):
        tried.append(now)
        raise LookupError("refused")

    monkeypatch.setattr(posting, "post_all", refuses)
    minutes = (0, 1, 269, 270, 271, 420, 900)
    for minute in minutes:
        post_daily_lists(session, now=seven + timedelta(minutes=minute), put_aside=lambda _item, _trouble: None)

    assert tried == [seven + timedelta(minutes=minute) for minute in (0, 1, 269)]
    assert session.scalars(select(DoneDay.work).where(DoneDay.work.startswith("daily_list"))).all() == ["daily_list"]


def test_an_heir_who_could_not_be_written_down_is_sent_no_list_of_what_is_not_on_their_desk(session, monkeypatch):
    people, _, at = climbed(session)
    seven, aside = seven_after(at), dict[int | str, Exception]()
    for held in session.scalars(select(PostHolding).where(PostHolding.staff_id == people[5].id)):
        post, held.valid_to = held.post_id, at + timedelta(minutes=1)
    heir = person(session, now=MONDAY)
    session.add(PostHolding(post_id=post, staff_id=heir.id, kind="holder", valid_from=at + timedelta(minutes=1)))
    session.flush()
    write_down = digests.write_down_heirs

    def refuses(session, heirs, *, now):
        write_down(session, heirs, now=now)
        raise LookupError("refused")

    monkeypatch.setattr(digests, "write_down_heirs", refuses)
    post_daily_lists(session, now=seven, put_aside=aside.__setitem__)
    at_first = messages(session, template="daily_list")
    monkeypatch.setattr(digests, "write_down_heirs", write_down)
    post_daily_lists(session, now=seven + timedelta(minutes=1), put_aside=aside.__setitem__)

    assert (at_first, len(aside)) == ([], 1)
    assert {m.staff_id for m in messages(session, template="daily_list")} == {heir.id}


def test_more_than_five_are_four_lines_and_one_that_names_the_rest_by_unit(session):
    _, matters, at = climbed(session, count=13)
    moved = unit_by_code(session, "SXD")
    session.execute(update(Clock).where(Clock.ticket_id == matters[12].id).values(due_unit_id=moved.id))

    post_daily_lists(session, now=seven_after(at))

    [mail] = messages(session, template="daily_list", channel=OutboundChannel.EMAIL)
    assert (mail.params["count"], len(mail.params["items"])) == (13, 4)
    [here, there] = mail.params["others"]
    assert (len(here["matters"]), there["unit"]["vi"]) == (8, moved.name)
    named = {line["reference"] for part in (mail.params["items"], here["matters"], there["matters"]) for line in part}
    assert named == {matter.reference for matter in matters}, "nothing that is owed is left out"


def test_an_emergency_is_the_first_line_however_late_it_came(session):
    _, matters, at = climbed(session, count=6)
    matters[5].priority = Priority.EMERGENCY
    session.flush()

    post_daily_lists(session, now=seven_after(at))

    [mail] = messages(session, template="daily_list", channel=OutboundChannel.EMAIL)
    assert mail.params["items"][0]["reference"] == matters[5].reference


def test_what_was_answered_is_not_in_the_next_list(session):
    people, [matter], at = climbed(session)
    acknowledge(session, step(session, matter, 5).id, staff_id=people[5].id, via="web", now=at)

    assert post_daily_lists(session, now=seven_after(at)) == 0


def test_a_day_off_tells_of_emergencies_alone_and_the_next_working_day_of_the_rest(session):
    _, [matter], at = climbed(session)
    friday = at.date() + timedelta(days=(4 - at.weekday()) % 7)
    saturday = datetime(friday.year, friday.month, friday.day, tzinfo=UTC) + timedelta(days=1)

    quiet = post_daily_lists(session, now=saturday)
    matter.priority = Priority.EMERGENCY
    session.flush()
    told = post_daily_lists(session, now=saturday + timedelta(days=1))
    matter.priority = Priority.URGENT
    session.flush()
    monday = post_daily_lists(session, now=saturday + timedelta(days=2))

    assert (quiet, told, monday) == (0, 1, 1)


def test_what_somebody_has_given_a_new_date_is_not_in_the_list_until_that_date_is_over(session):
    people, [matter], at = climbed(session)
    seven = seven_after(at)
    fourth = step(session, matter, 4)
    answer = {"instruction": "Xong trong ngày mai.", "new_due_at": seven + timedelta(hours=30), "via": "web"}
    acknowledge(session, fourth.id, staff_id=people[4].id, now=at + timedelta(minutes=1), **answer)

    during = post_daily_lists(session, now=seven)
    after = post_daily_lists(session, now=seven + timedelta(days=3))

    assert (during, after) == (0, 1)


def test_the_list_names_the_matter_and_the_unit_that_was_late_whoever_has_it_now(session):
    _, [matter], at = climbed(session)
    owed_by, receiver = session.get_one(Unit, matter.unit_id), unit_by_code(session, "SXD")
    matter.unit_id = receiver.id
    session.flush()

    post_daily_lists(session, now=seven_after(at))

    [line] = messages(session, template="daily_list", channel=OutboundChannel.EMAIL)[0].params["items"]
    assert (line["unit"]["vi"], line["now_at"]["vi"]) == (owed_by.name, receiver.name)
    assert line["matter"]["vi"] == session.get_one(Category, matter.category_id).name


def test_what_somebody_below_has_instructed_is_not_in_the_list_while_its_time_runs(session):
    people, [matter], at = climbed(session)
    # A Friday: the next list of everything is on Monday.
    seven = seven_after(at)
    fourth = step(session, matter, 4)
    said = {"instruction": "Báo cáo tôi trước trưa.", "via": "web"}
    acknowledge(session, fourth.id, staff_id=people[4].id, now=seven - timedelta(hours=1), **said)

    during = post_daily_lists(session, now=seven)
    broken = break_overdue(session, now=seven + timedelta(hours=9))
    after = post_daily_lists(session, now=seven + timedelta(days=3))

    assert (during, broken, after) == (0, 1, 1)


def test_a_later_date_from_above_takes_it_off_the_list_like_a_first_one(session):
    people, [matter], at = climbed(session)
    # A Friday: the next list of everything is on Monday.
    seven = seven_after(at)
    fourth = step(session, matter, 4)
    acknowledge(session, fourth.id, staff_id=people[4].id, via="web", now=at + timedelta(minutes=1))
    answer = {"instruction": "Xong trong tuần.", "new_due_at": seven + timedelta(hours=80), "via": "web"}
    acknowledge(session, fourth.id, staff_id=people[4].id, now=at + timedelta(minutes=2), **answer)
    task = session.scalars(select(Instruction)).one()
    done = {"words": "Đang làm.", "actor": SYSTEM, "now": at + timedelta(minutes=3)}
    answer_instruction(session, matter, task.id, **done)

    during = post_daily_lists(session, now=seven + timedelta(days=3))
    after = post_daily_lists(session, now=seven + timedelta(days=4))

    assert (during, after) == (0, 1)
