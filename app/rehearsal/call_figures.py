"""What a rehearsal of calls came to, beside the same callers at an ideal counter and beside Erlang's formula.

A day is one throw of the dice: of two hundred callers chance alone makes five points more or less. So the product is
held to the counter that had the very same callers, and what lies between them is added to what the counter comes to
with very many others: that is what the product would come to in the long run, and it is held to the formula.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from app.rehearsal.call_centre import SWEEP_SECONDS, CallCentre, let_go
from app.rehearsal.call_script import CallScript
from app.rehearsal.ideal_queue import Chance, Counter, Waited, served_by_chance, served_in_turn
from telephony.floor.erlang import Traffic, outlook
from telephony.floor.figures import ANSWER_WITHIN_SECONDS, call_counts, service_level
from tickets.schema import Call, Offer
from tickets.states import OfferOutcome

# Shares of callers, in points of a hundred.
TOLERATED_POINTS = 3.0


@dataclass(frozen=True, slots=True)
class Met:
    """Shares of all who joined the line; the wait is everybody's, of those who gave up too."""

    answered_within: float
    abandoned: float
    wait_seconds: float


@dataclass(frozen=True, slots=True)
class CallsRehearsed:
    """`ideal` is None where agents differ or pause, or trouble is played: no counter has the like.

    `by_formula` is None where arrivals change, too: Erlang's formula is of the steady state. `rings_seconds` pass from
    the offer until caller and agent hear each other; counter and formula are given these, and the sweep.
    """

    calls: int
    joined: int
    ends: Mapping[str, int]
    product: Met
    ideal: Met | None
    chance: Chance | None
    by_formula: Met | None
    service_level: float | None
    rings_seconds: float
    let_go: int
    faults: Mapping[str, int]
    requests: int

    @property
    def points_from_ideal(self) -> float | None:
        return None if self.ideal is None else _points(self.product, self.ideal)

    @property
    def in_the_long_run(self) -> Met | None:
        """What the counter comes to, with what the product did differently of the same callers."""
        if self.ideal is None or self.chance is None:
            return None
        counter = self.chance.in_the_long_run
        return Met(
            counter.answered_within + self.product.answered_within - self.ideal.answered_within,
            counter.abandoned + self.product.abandoned - self.ideal.abandoned,
            counter.wait_seconds + self.product.wait_seconds - self.ideal.wait_seconds,
        )

    @property
    def points_from_formula(self) -> float | None:
        expected = self.in_the_long_run
        return None if expected is None or self.by_formula is None else _points(expected, self.by_formula)


def figures_of_calls(centre: CallCentre) -> CallsRehearsed:
    session, script = centre.session, centre.script
    product, joined = _met(centre)
    rings = _ringing_seconds(centre)
    counter = Counter(len(centre.workers), ANSWER_WITHIN_SECONDS, rings, SWEEP_SECONDS)
    share = joined / max(len(centre.calls), 1)
    is_comparable = script.has_a_counter and bool(centre.comers)
    ends: dict[str, int] = {}
    for call in centre.calls:
        ends[call.ended] = ends.get(call.ended, 0) + 1
    counts = call_counts(session, from_at=centre.begins_at, to_at=centre.clock(script.minutes * 60 + 3600))
    return CallsRehearsed(
        calls=len(centre.calls),
        joined=joined,
        ends=ends,
        product=product,
        ideal=_as_met(served_in_turn(centre.comers, counter)) if is_comparable else None,
        chance=served_by_chance(script, counter, joining=share) if is_comparable else None,
        by_formula=formula_of(script, counter, joining=share) if is_comparable and script.is_steady else None,
        service_level=service_level(counts),
        rings_seconds=rings,
        let_go=sum(map(let_go, centre.calls)),
        faults=dict(centre.faults),
        requests=centre.requests,
    )


def _met(centre: CallCentre) -> tuple[Met, int]:
    """What callers met, and how many joined the line."""
    rows = centre.session.execute(
        select(Call.queued_at, Call.answered_at, Call.abandoned_at).where(
            Call.queued_at.is_not(None), Call.arrived_at >= centre.begins_at
        )
    ).all()
    waits = [_waited(queued, answered or abandoned) for queued, answered, abandoned in rows]
    in_time = sum(
        answered is not None and wait <= ANSWER_WITHIN_SECONDS
        for wait, (_, answered, _) in zip(waits, rows, strict=True)
    )
    gone = sum(answered is None and abandoned is not None for _, answered, abandoned in rows)
    count = max(len(rows), 1)
    return Met(in_time / count, gone / count, sum(waits) / count), len(rows)


def _as_met(waited: Waited) -> Met:
    return Met(waited.answered_within, waited.abandoned, waited.wait_seconds)


def _waited(queued: datetime | None, until: datetime | None) -> float:
    return (until - queued).total_seconds() if queued is not None and until is not None else 0.0


def _ringing_seconds(centre: CallCentre) -> float:
    """How long an agent is kept by a call before they hear the caller, on average."""
    asked = (
        select(Call.answered_at, Offer.offered_at)
        .join(Offer, Offer.call_id == Call.id)
        .where(Offer.outcome == OfferOutcome.ANSWERED, Call.answered_at.is_not(None))
    )
    kept = [_waited(offered, answered) for answered, offered in centre.session.execute(asked)]
    return sum(kept) / max(len(kept), 1)


def formula_of(script: CallScript, counter: Counter, *, joining: float) -> Met:
    """Erlang A of this traffic; whoever has patience enough for the line still needs it while it rings.

    Patience has no memory, so that of everybody whose turn comes the same share is left after the ringing.
    """
    kind = script.agents[0]
    rings, sweep, patience = counter.rings_seconds, counter.swept_every / 2, script.patience_seconds
    # Who hangs up while it rings keeps an agent no longer than that.
    left = math.exp(-rings / patience)
    handling = rings + left * (kind.talk_seconds + kind.wrap_up_seconds)
    traffic = Traffic(script.arrivals[0].calls_an_hour / 3600 * joining, handling, patience)
    found = outlook(traffic, kind.number, within_seconds=counter.within_seconds - rings)
    at_once = (1 - found.waits) * math.exp(-(rings + sweep) / patience)
    served = at_once + (found.waits - found.abandons) * left
    in_time = at_once + (found.answered_within - (1 - found.waits)) * left
    return Met(in_time, 1 - served, found.wait_seconds + rings + (1 - found.waits) * sweep)


def _points(one: Met, other: Met) -> float:
    return 100 * max(abs(one.answered_within - other.answered_within), abs(one.abandoned - other.abandoned))
