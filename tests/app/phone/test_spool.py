"""The spool: what fails is tried for hours, what is given up is seen, and a full disk leaves nothing half written."""

import json
import os
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.cli.commands import build_parser
from app.phone.answers import Phones
from app.phone.replay import Replayer
from app.phone.spool import GIVEN_UP_AFTER, Spool, replay
from app.reference import Reference
from telephony.provider.webhook_inbox import Webhook
from tests.conftest import NOW
from tests.faults.nodes import wait_until
from tickets.schema import WebhookEvent


def keep(spool: Spool, words: str) -> Path:
    form = {"message_sid": f"SM-{words}", "from": "+84901234567", "body": words}
    return spool.keep(Webhook("sim", "sms", form, {}), received_at=NOW)


def through(spool: Spool, length: timedelta, *, poison: str, step: timedelta) -> list[str]:
    """Everything that is done meanwhile, in order."""
    done: list[str] = []

    def act(spooled):
        if spooled.webhook.form["body"] == poison:
            raise ValueError("cannot be done")
        done.append(spooled.webhook.form["body"])

    now = NOW
    while now <= NOW + length:
        replay(spool, act, now=now)
        now += step
    return done


def test_what_fails_for_an_evening_is_still_taken_in_when_it_works_again(tmp_path):
    spool = Spool(tmp_path)
    keep(spool, "poison")
    keep(spool, "fine")

    evening = through(spool, timedelta(hours=12), poison="poison", step=timedelta(minutes=1))
    [waiting] = spool.waiting()
    mended: list[str] = []
    replay(spool, lambda one: mended.append(one.webhook.form["body"]), now=NOW + timedelta(hours=13))

    assert evening == ["fine"]
    assert 60 < waiting.attempts < 12 * 6 + 20
    assert mended == ["poison"]
    assert (spool.depth(), spool.refused_count()) == (0, 0)


def test_what_fails_for_a_day_is_given_up_where_people_see_it_and_can_be_taken_in_again(tmp_path):
    spool = Spool(tmp_path)
    keep(spool, "poison")

    through(spool, GIVEN_UP_AFTER + timedelta(hours=1), poison="poison", step=timedelta(minutes=5))
    [given_up] = spool.set_aside()
    spool.take_back(given_up)

    assert given_up.failure == "ValueError"
    assert (spool.depth(), spool.refused_count()) == (1, 0)
    assert through(spool, timedelta(0), poison="", step=timedelta(minutes=1)) == ["poison"]


def test_a_file_nobody_can_read_holds_up_no_other(tmp_path):
    spool = Spool(tmp_path)
    keep(spool, "fine")
    (tmp_path / "0000000000.000000-broken.json").write_text('{"account": "si')

    assert through(spool, timedelta(0), poison="", step=timedelta(minutes=1)) == ["fine"]
    assert (spool.depth(), spool.refused_count()) == (0, 1)


def test_drafts_of_a_full_disk_go_and_events_stay(tmp_path):
    spool = Spool(tmp_path)
    keep(spool, "fine")
    old, young = tmp_path / "a.draft", tmp_path / "b.draft"
    for draft in (old, young):
        draft.write_text('{"acc')
    long_ago = (NOW - timedelta(hours=1)).timestamp()
    os.utime(old, (long_ago, long_ago))
    os.utime(young, (NOW.timestamp(), NOW.timestamp()))

    gone = spool.clear_drafts(now=NOW)

    assert gone == 1
    assert young.exists()
    assert spool.depth() == 1


class LastMoment(Spool):
    """A folder in which something more is kept just after the replaying thread has found it empty."""

    def depth(self) -> int:
        counted = super().depth()
        if counted == 0 and not any(self.refused.glob("*")):
            (self.refused / "once").touch()
            self.keep(Webhook("sim", "amd-status", {"call_sid": "CA2"}, {}), received_at=NOW)
            self.woken = threading.Thread(target=self.wake)
            self.woken.start()
        return counted


def test_what_is_kept_just_as_the_replaying_ends_is_taken_up_without_another_event(committed, settings, tmp_path):
    spool = LastMoment(tmp_path / "spool")
    replayer = Replayer(spool, Phones(settings, Reference.from_settings(settings)), committed.factory)
    spool.wake = replayer.wake_if_needed
    spool.keep(Webhook("sim", "amd-status", {"call_sid": "CA1"}, {}), received_at=NOW)

    replayer.wake_if_needed()

    def taken() -> int:
        with committed.factory() as session:
            return session.scalar(select(func.count()).select_from(WebhookEvent)) or 0

    assert wait_until(lambda: taken() == 2, seconds=30)


def run(*arguments: str) -> int:
    parsed = build_parser().parse_args(["spool", *arguments])
    return int(parsed.run(parsed))


def test_the_command_lists_and_shows_without_what_callers_confided(tmp_path, capsys):
    spool = Spool.in_data_dir(tmp_path)
    path = keep(spool, "1234")

    listed = run("list", "--json", "--data", str(tmp_path))
    told = json.loads(capsys.readouterr().out)
    run("show", path.name, "--data", str(tmp_path))
    shown = capsys.readouterr().out

    assert (listed, told["name"], told["state"]) == (0, path.name, "waiting")
    form = json.loads(shown)["form"]
    assert (form["from"], form["body"]) == ("+84901234567", "…")


def test_the_command_says_that_something_was_given_up(tmp_path, capsys):
    spool = Spool.in_data_dir(tmp_path)
    keep(spool, "poison")
    through(spool, GIVEN_UP_AFTER + timedelta(hours=1), poison="poison", step=timedelta(minutes=10))

    assert run("list", "--data", str(tmp_path)) == 1
    assert "refused" in capsys.readouterr().out


def test_an_unknown_name_is_a_sentence(tmp_path):
    with pytest.raises(Exception, match=r"There is no event nothing\.json"):
        run("show", "nothing.json", "--data", str(tmp_path))
