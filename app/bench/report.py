"""Which parts run on which stage, and in which order: what writes comes after what only reads."""

from collections.abc import Sequence
from contextlib import ExitStack

from app.bench import climbing, desk, growth, intake, matter, phone, places
from app.bench.measure import Figure
from app.bench.stage import stage, stage_beside_its_tenth
from app.storage.database import make_engine, session_factory, transaction
from app.storage.play_progress import TellProgress

_FEW = 1_000


def figures(parts: Sequence[str], *, tickets: int, port: int, say: TellProgress) -> list[Figure]:
    """Measure `parts`; a large stage of `tickets` is set up once for all of them."""
    found = matter.run() if "matter" in parts else []
    if set(parts) <= {"matter"}:
        # It reads texts, and no database.
        return found
    with ExitStack() as stages:
        say(f"Setting up {tickets:,} tickets …")
        if "growth" in parts:
            large, tenth = stages.enter_context(stage_beside_its_tenth(tickets=tickets, port=port, say=say))
            # First, before other parts work on one of the two.
            found += growth.run(large, tenth)
        else:
            large = stages.enter_context(stage(tickets=tickets, port=port, say=say))
        if "places" in parts:
            engine = make_engine(large.database_url)
            with transaction(session_factory(engine)) as session:
                found += places.run(session)
            engine.dispose()
        if "desk" in parts:
            say(f"Setting up {_FEW:,} tickets beside them …")
            small = stages.enter_context(stage(tickets=_FEW, port=port, say=say))
            found += desk.run(large, small)
        if "phone" in parts:
            found += phone.run(large, say=say)
        if "intake" in parts:
            found += intake.run(large, say=say)
        if "escalation" in parts:
            found += climbing.run(large, open_tickets=tickets, say=say)
    return found
