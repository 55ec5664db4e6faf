"""`./hotline escalation canary` tries the way of reports now, part by part; `simulate` tries the rules for a month."""

import argparse
import json
import sys
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.commands import CommandRefused, Commands
from app.cli.logged import log_of, said_besides

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

    from app.rehearsal.figures import Rehearsed
    from app.settings import Settings
    from tickets.schema import CanaryRun

_LOOK_SECONDS = 2.0
MOST_DAYS, MOST_TICKETS = 31, 2_000


def register(commands: Commands) -> None:
    parser = commands.add_parser("escalation", help="try the way of reports to leaders")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    canary = actions.add_parser("canary", help="send a made-up ticket through the real chain to the test telephone")
    canary.add_argument("--json", action="store_true")
    canary.add_argument("--data", metavar="DIR", help="the data folder (default: .hotline)")
    canary.set_defaults(run=run_canary)
    _register_simulate(actions)


def _register_simulate(actions: Commands) -> None:
    simulate = actions.add_parser("simulate", help="rehearse days of the city in injected time: promises, levels, load")
    simulate.add_argument("--days", type=int, default=30, help=f"how many, up to {MOST_DAYS} (default: 30)")
    simulate.add_argument("--tickets-a-day", type=int, default=490, metavar="N", help="default: 490")
    simulate.add_argument("--seed", type=int, default=1, help="another one is another month (default: 1)")
    simulate.add_argument(
        "--from", dest="begins_on", default="2026-10-05", metavar="DATE", help="the first day (2026-10-05)"
    )
    simulate.add_argument(
        "--policies",
        metavar="FILE",
        help="rules as `./hotline export policies FILE` writes them, instead of the shipped",
    )
    simulate.add_argument("--json", action="store_true", help="one JSON line instead of tables")
    simulate.add_argument("--locale", choices=("vi", "en"), default="en", help="the language of the tables")
    said_besides(simulate)
    simulate.set_defaults(run=run_simulate, repeatable=False)


def run_canary(arguments: argparse.Namespace) -> int:
    """Exit code 1 when the trial does not get through; it takes between two and eight minutes."""
    from app.engines.connected import connected
    from app.storage.database import make_engine, session_factory

    with connected(arguments.data) as settings:
        engine = make_engine(settings.database_url, pool_size=1)
        try:
            factory = session_factory(engine)
            run = _followed(factory, _begun(factory, settings), is_told=not arguments.json)
        finally:
            engine.dispose()
    if arguments.json:
        print(json.dumps(_as_json(run)))
    return 0 if run.missing is None else 1


def _begun(factory: "sessionmaker[Session]", settings: "Settings") -> int:
    """The trial that is under way, or one that begins now."""
    from app.phone.chain_trial import begin_trial
    from app.processes.signs_of_life import database_now
    from app.storage.database import transaction
    from app.storage.secret_keys import keys_of
    from escalation.canary.runs import newest_runs
    from tickets.city import day_of
    from tickets.directory.loading import load_places
    from tickets.people.actor import SYSTEM
    from tickets.routing.rules import load_rules

    with transaction(factory) as session:
        under_way = next((run for run in newest_runs(session, limit=1) if run.ended_at is None), None)
        now = database_now(session)
        run = under_way or begin_trial(
            session,
            settings,
            actor=SYSTEM,
            keys=keys_of(session, settings),
            places=load_places(session),
            rules=load_rules(session, on=day_of(now)),
            now=now,
        )
        if run is None:
            raise CommandRefused("No telephone may be texted yet: choose one in administration, “Hourly trial”.")
        return run.id


def _followed(factory: "sessionmaker[Session]", run_id: int, *, is_told: bool) -> "CanaryRun":
    """The trial when it is over. Judged here too: the scheduler that does it may be what stands still."""
    from app.processes.signs_of_life import database_now
    from app.storage.database import transaction
    from escalation.canary.trial import follow
    from tickets.schema import CanaryRun

    said: set[str] = set()
    while True:
        with transaction(factory) as session:
            follow(session, now=database_now(session))
            run = session.get_one(CanaryRun, run_id, populate_existing=True)
        for part, at in _parts(run).items():
            if is_told and at is not None and part not in said:
                print(f"{part:<16} {at}", flush=True)
                said.add(part)
        if run.ended_at is not None:
            if is_told:
                print("It got through." if run.missing is None else f"It did not get through: not {run.missing.value}.")
            return run
        time.sleep(_LOOK_SECONDS)


def _parts(run: "CanaryRun") -> dict[str, str | None]:
    marks = {"opened": run.opened_at, "fired": run.fired_at, "sent": run.sent_at, "delivered": run.delivered_at}
    return {part: at.isoformat(timespec="seconds") if at is not None else None for part, at in marks.items()}


def _as_json(run: "CanaryRun") -> dict[str, str | bool | None]:
    return {
        "passed": run.missing is None,
        "missing": run.missing.value if run.missing is not None else None,
        **_parts(run),
    }


def run_simulate(arguments: argparse.Namespace) -> int:
    """On a database of its own, of which nothing is left; exit code 1 when a leader met with more than is meant."""
    from app.cli.terminal import stop_by_signal
    from app.rehearsal.rehearse import rehearse
    from app.seeding.imports import FileRefused

    begins_on, policies = _judged(arguments)
    try:
        # Any signal that ends us lets the engines be taken down first.
        with stop_by_signal(), log_of(arguments):
            found = rehearse(
                days=arguments.days,
                tickets_a_day=arguments.tickets_a_day,
                seed=arguments.seed,
                on=begins_on,
                policies=policies,
                progress=_say_progress,
            )
    except FileRefused as refused:
        for one in refused.errors:
            print(f"{one.where}: {one.code} {one.detail}", file=sys.stderr)
        return 2
    print(json.dumps(found.as_json(), ensure_ascii=False) if arguments.json else _in_words(found, arguments.locale))
    return 0 if found.is_kept else 1


def _judged(arguments: argparse.Namespace) -> tuple[date, str | None]:
    """The first day, and the text of the rules. Raises CommandRefused."""
    if not 1 <= arguments.days <= MOST_DAYS:
        raise CommandRefused(f"--days is 1 to {MOST_DAYS}.")
    if not 1 <= arguments.tickets_a_day <= MOST_TICKETS:
        raise CommandRefused(f"--tickets-a-day is 1 to {MOST_TICKETS}.")
    try:
        begins_on = date.fromisoformat(arguments.begins_on)
    except ValueError:
        raise CommandRefused(f"--from is a day such as 2026-10-05, not {arguments.begins_on}.") from None
    if arguments.policies is None:
        return begins_on, None
    try:
        return begins_on, Path(arguments.policies).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandRefused(f"{arguments.policies} cannot be read: {error}.") from error


def _say_progress(percent: int) -> None:
    if sys.stderr.isatty() or percent % 10 == 0:
        print(f"{percent} %", end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr, flush=True)


def _in_words(found: "Rehearsed", locale: str) -> str:
    from flask_babel import force_locale

    from app.rehearsal.report import report
    from app.settings import load_settings
    from app.wording.messages import message_app

    with message_app(load_settings()).app_context(), force_locale(locale):
        return report(found, locale=locale)
