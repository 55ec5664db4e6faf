"""Rules that are published while another process reads them are whole for it, or not there yet."""

from dataclasses import replace

import pytest
from sqlalchemy import event

from app.storage.database import make_engine, session_factory, transaction
from tests.factories import NOW
from tickets.people.actor import SYSTEM
from tickets.promises.loading import load_rulebook
from tickets.promises.policies import adopt_newest, save_calendar
from tickets.promises.trial import promise_the_trial

# The stamp, and what is read after it; one statement more than there are would change nothing.
STATEMENTS = range(1, 8)


def publish_everything(committed) -> None:
    """A calendar that every promise counts in is changed, and with it every chain and policy; and the trial is new."""
    with transaction(committed.factory) as session:
        for key, calendar in load_rulebook(session).newest_calendars.items():
            other = replace(calendar, zone="Asia/Bangkok")
            save_calendar(session, other, name=key, name_en=key, keeps_holidays=True, actor=SYSTEM, now=NOW)
        adopt_newest(session, actor=SYSTEM, now=NOW)
        promise_the_trial(session, now=NOW)


@pytest.mark.parametrize("at", STATEMENTS)
def test_rules_published_while_they_are_read_are_whole_or_not_there(committed, at):
    reader = make_engine(committed.url)
    seen: list[str] = []

    @event.listens_for(reader, "before_cursor_execute")
    def publish_before(_conn, _cursor, statement, *_rest) -> None:
        seen.append(statement)
        if len(seen) == at:
            publish_everything(committed)

    with session_factory(reader)() as session:
        during = load_rulebook(session)
        after = load_rulebook(session)
    reader.dispose()

    assert len(seen) > at, "nothing was read any more when the rules were published"
    assert during.policies
    assert all(policy.rows for policy in during.policies), "a policy in force promises nothing"
    for loaded in during.rows.values():
        assert loaded.calendar_version_id in during.calendars
        assert loaded.chain_version_id is None or loaded.chain_version_id in during.chains
        assert during.step_calendars(loaded.chain_version_id)
    # Whatever was caught: whoever asks next has the newest.
    assert {calendar.zone for calendar in after.newest_calendars.values()} == {"Asia/Bangkok"}
    assert after.trial
    assert {policy.name for policy in after.policies} == {policy.name for policy in during.policies}
    newest = {key: max(i for i, one in after.calendars.items() if one.key == key) for key in after.newest_calendars}
    for policy in after.policies:
        for target in policy.rows:
            loaded = after.rows[after.row_ids[(policy.name, target.priority, target.clock)]]
            assert loaded.calendar_version_id == newest[target.calendar_key]
