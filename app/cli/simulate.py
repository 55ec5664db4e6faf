"""`./hotline simulate calls SCRIPT`: many callers and their agents in injected time, beside Erlang's formula."""

import argparse
import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from app.cli.commands import CommandRefused, Commands
from app.cli.logged import log_of, said_besides

if TYPE_CHECKING:
    from app.rehearsal.call_figures import CallsRehearsed, Met

_BEGINS_AT = datetime(2026, 10, 5, 1, 0, tzinfo=UTC)


def register(commands: Commands) -> None:
    """Add `simulate`."""
    simulate = commands.add_parser("simulate", help="rehearse a call centre in injected time")
    kinds = simulate.add_subparsers(metavar="WHAT", required=True)
    calls = kinds.add_parser("calls", help="callers and agents of a script, against the product's own code")
    calls.add_argument(
        "script", nargs="?", type=Path, metavar="SCRIPT", help="a YAML file (deploy/simulation/calls.yaml)"
    )
    calls.add_argument("--seed", type=int, default=None, help="other callers than the script's")
    calls.add_argument("--json", action="store_true", help="one JSON line")
    said_besides(calls)
    calls.set_defaults(run=run_calls, repeatable=False)


def run_calls(arguments: argparse.Namespace) -> int:
    """Exit code 1 when a caller was let go or answered twice, or the figures are 3 points from Erlang's or further."""
    from dataclasses import replace

    from app.rehearsal.call_script import CallScript, ScriptRefused, read_script
    from app.rehearsal.rehearse_calls import rehearse_calls

    try:
        script = read_script(arguments.script.read_text("utf-8")) if arguments.script else CallScript()
    except OSError as error:
        raise CommandRefused(f"{arguments.script} cannot be read: {error.strerror}.") from None
    except ScriptRefused as refused:
        raise CommandRefused(str(refused)) from None
    if arguments.seed is not None:
        script = replace(script, seed=arguments.seed)

    def progress(percent: int) -> None:
        # For whoever watches; a file or a program is told the table alone.
        if percent % 10 == 0 and sys.stderr.isatty():
            print(f"  … {percent} %", file=sys.stderr, flush=True)

    with log_of(arguments):
        found = rehearse_calls(script, begins_at=_BEGINS_AT, progress=progress)
    print(json.dumps(_as_json(found))) if arguments.json else tell(found)
    return 0 if is_well(found) else 1


def is_well(found: "CallsRehearsed") -> bool:
    """Nobody was let go, nothing went wrong, and what can be compared lies near."""
    from app.rehearsal.call_figures import TOLERATED_POINTS

    away = (found.points_from_ideal, found.points_from_formula)
    return not found.let_go and not found.faults and all((one or 0) <= TOLERATED_POINTS for one in away)


def tell(found: "CallsRehearsed") -> None:
    """In words and columns."""
    from telephony.floor.figures import ANSWER_WITHIN_SECONDS

    print(f"{found.calls} calls, {found.joined} joined the line; how they ended: ", end="")
    print(", ".join(f"{count} {end.replace('_', ' ')}" for end, count in sorted(found.ends.items())))
    print(f"{'':<36}{f'answered ≤ {ANSWER_WITHIN_SECONDS} s':>16}{'gave up':>10}{'mean wait':>12}")
    _row("the product", found.product)
    level = "–" if found.service_level is None else f"{100 * found.service_level:.1f} %"
    if found.ideal is None:
        print("Beside no ideal counter: agents differ or pause, or trouble is played.")
    else:
        _compare(found)
    print(f"service level as published (short give-ups left out): {level}")
    print(f"callers let go: {found.let_go}; other faults: {dict(found.faults) or 'none'}")
    print(
        "Every step was a signed webhook to the application, in injected time and one after the other: "
        "what load does is measured by ./hotline bench."
    )


def _compare(found: "CallsRehearsed") -> None:
    assert found.ideal is not None and found.chance is not None  # noqa: S101  (`tell` has looked; both or none)
    chance, expected = found.chance, found.in_the_long_run
    assert expected is not None  # noqa: S101  (it comes with the ideal counter)
    _row("the same callers, ideal counter", found.ideal)
    if found.by_formula is not None:
        _row("Erlang A, steady state", found.by_formula)
    print(
        f"{found.rings_seconds:.1f} s pass from the ring until both hear each other, and a free agent is looked for "
        "every 3 s: counter and formula are given these, too."
    )
    print(
        f"By chance alone, a day of these is ±{100 * chance.apart_answered:.1f} points in time and "
        f"±{100 * chance.apart_abandoned:.1f} who give up (one deviation: the counter with other callers, "
        f"{chance.times} times). In the long run the product comes to {100 * expected.answered_within:.1f} % and "
        f"{100 * expected.abandoned:.1f} %: the counter with very many callers, and what lay between the two above."
    )
    print(f"away from the ideal counter: {found.points_from_ideal:.1f} points", end="")
    away = found.points_from_formula
    print("" if away is None else f"; from Erlang A, chance left out: {away:.1f} points")


def _row(name: str, met: "Met") -> None:
    print(f"{name:<36}{100 * met.answered_within:>14.1f} %{100 * met.abandoned:>8.1f} %{met.wait_seconds:>10.1f} s")


def _as_json(found: "CallsRehearsed") -> dict[str, object]:
    return {
        **asdict(found),
        "points_from_ideal": found.points_from_ideal,
        "points_from_formula": found.points_from_formula,
    }
