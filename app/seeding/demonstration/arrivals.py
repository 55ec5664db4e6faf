"""How matters reach the demonstration: when, by which door, from whom."""

from datetime import date, datetime, time, timedelta

from sqlalchemy.orm import Session

from app.seeding.demonstration import phone
from app.seeding.demonstration.cast import InventedCitizen
from app.seeding.demonstration.stage import Stage
from app.seeding.demonstration.stories import Story, begin
from app.seeding.demonstration.words import ScriptedMatter, kinds, say
from tickets.intake.cleaning import Matter
from tickets.intake.opening import open_ticket
from tickets.people.actor import citizen_actor
from tickets.states import Channel

# Of an ordinary day's matters, how many come in which hour; people report noise at night and dossiers in the morning.
_HOURS = (1, 1, 1, 1, 1, 2, 5, 10, 14, 13, 11, 8, 6, 9, 12, 11, 9, 8, 8, 9, 9, 7, 4, 2)


def source_key(number: int) -> str:
    """What the contact of a written matter is known by."""
    return f"demonstration:{number}"


def schedule(stage: Stage, tickets: int) -> None:
    """Spread so many matters over the days, fewer at weekends, more in the last days."""
    days = [stage.begins_at + timedelta(days=n) for n in range((stage.ends_at - stage.begins_at).days + 1)]
    weights = [
        (0.55 if day.weekday() >= 5 else 1.0) * (1 + n / 60 + (n >= len(days) - 3)) for n, day in enumerate(days)
    ]
    told = kinds()
    stage.rng.shuffle(told)
    for number in range(tickets):
        day = stage.rng.choices(days, weights)[0].astimezone(stage.zone).date()
        at = some_time_of(stage, day)
        if not stage.begins_at <= at < stage.ends_at:
            at = stage.begins_at + (stage.ends_at - stage.begins_at) * stage.rng.random()
        # Every text is told before one is told again.
        arrive(stage, at, say(told[number % len(told)], stage.rng), number)


def some_time_of(stage: Stage, day: date) -> datetime:
    """When on this day somebody turns to the city, by how many do in which hour."""
    hour = stage.rng.choices(range(24), _HOURS)[0]
    return datetime.combine(day, time(hour, stage.rng.randrange(60), stage.rng.randrange(60)), stage.zone)


def arrive(
    stage: Stage, at: datetime, said: ScriptedMatter, number: int, *, story: Story | None = None, by_form: bool = False
) -> None:
    """Somebody brings this matter then; what becomes of it is chosen, unless `story` says."""
    person = stage.rng.choice(stage.cast.citizens)
    channel = Channel.WEB if by_form else Channel(stage.rng.choice(said.channels))

    def happening(stage: Stage, session: Session, now: datetime) -> None:
        if channel is Channel.VOICE:
            opened = phone.call(stage, session, said, person, number, now=now)
        else:
            opened = open_ticket(
                session,
                _matter(stage, said, person, channel, number, now),
                actor=citizen_actor(),
                keys=stage.desk.keys,
                places=stage.desk.places,
                rules=stage.desk.rules,
                now=now,
            )
        if opened is not None:
            stage.opened += 1
            begin(stage, opened, said, story=story)

    stage.at(at, happening)


def _matter(
    stage: Stage, said: ScriptedMatter, person: InventedCitizen, channel: Channel, number: int, now: datetime
) -> Matter:
    by_form = channel in (Channel.WEB, Channel.API)
    dossier = f"H29.{stage.rng.randint(10, 60)}-{now:%y%m%d}-{stage.rng.randint(1, 9999):04d}"
    # A conduct matter is chosen by the citizen, never guessed; others are sometimes left to the desk.
    chosen = by_form and (said.category.startswith("conduct") or stage.chance(0.75))
    return Matter(
        channel=channel,
        arrived_at=now - timedelta(seconds=stage.rng.randint(0, 3)),
        body=said.body,
        phone=None if said.anonymous else person.phone,
        name=person.name if by_form and not said.anonymous else "",
        email=person.email if by_form else None,
        locale=said.locale,
        unit_code=said.unit_code or None if chosen and stage.chance(0.4) else None,
        place_text=said.place if by_form and stage.chance(0.5) else "",
        category_code=said.category or None if chosen else None,
        procedure_code=said.procedure or None if chosen else None,
        dossier_number=dossier if said.with_dossier and by_form else None,
        emergency=said.emergency,
        contact_source_key=source_key(number),
        is_simulated=channel is Channel.SMS,
    )
