"""`./hotline doctor --city`: what the city and each unit lack before anybody should rely on them."""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from app.engines.connected import connected

if TYPE_CHECKING:
    from app.settings import Settings
    from escalation.queries.readiness import CityReadiness
    from escalation.queries.readiness_rules import Missing

# A city of 168 units that lacks something everywhere is not read to its end: the page and --json have the rest.
_UNITS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class ToldBody:
    """A unit as the terminal tells of it: a heading, and a sentence for each lack."""

    code: str
    name: str
    live: bool
    lacks: list[dict[str, str]] = field(default_factory=list)


def tell_city(arguments: argparse.Namespace) -> int:
    """Everything that is missing, the most harmful first; the exit code is 1 when anything is."""
    with connected(arguments.data) as settings:
        told = _told(settings)
    lacking = [one for one in told if one.lacks]
    if arguments.json:
        for one in told:
            unit = {"code": one.code, "name": one.name}
            print(json.dumps({"unit": unit, "live": one.live, "lacks": one.lacks}, ensure_ascii=False), flush=True)
    else:
        for line in _lines(told, lacking):
            print(line, flush=True)
    return 1 if lacking else 0


def _lines(told: list[ToldBody], lacking: list[ToldBody]) -> Iterator[str]:
    for one in lacking[:_UNITS_SHOWN]:
        yield f"{'live' if one.live else 'not live':<9} {one.code} {one.name}"
        for lack in one.lacks:
            yield f"          - {lack['text']} ({lack['mended_by']})"
    if len(lacking) > _UNITS_SHOWN:
        yield f"… and {len(lacking) - _UNITS_SHOWN} more: /administration/readiness, or --json"
    live = sum(one.live for one in told)
    yield f"{len(told)} bodies, {live} of them live; {len(told) - len(lacking)} lack nothing."


def _told(settings: "Settings") -> list[ToldBody]:
    from app.clock import utc_now
    from app.phone.installation import installation
    from app.storage.database import make_engine, session_factory, transaction
    from app.wording.messages import message_app
    from escalation.queries.readiness import city_readiness

    now = utc_now()
    engine = make_engine(settings.database_url, pool_size=1)
    try:
        with transaction(session_factory(engine)) as session, message_app(settings).app_context():
            return list(_bodies(city_readiness(session, installation(session, settings), now=now), now))
    finally:
        engine.dispose()


def _bodies(found: "CityReadiness", now: datetime) -> Iterator[ToldBody]:
    """The city first, then its units, the one whose lacks do most harm first."""
    yield ToldBody(found.code, found.name, found.is_live, [_lack(one, now) for one in found.lacks])
    for unit in found.units:
        facts = unit.facts
        yield ToldBody(facts.code, facts.name, facts.is_live, [_lack(one, now) for one in unit.lacks])


def _lack(lack: "Missing", now: datetime) -> dict[str, str]:
    from app.wording.readiness_words import lack_text

    text = lack_text(lack, now=now, locale="en")
    return {"code": lack.code.value, "text": text, "mended_by": lack.mended_by.value}
