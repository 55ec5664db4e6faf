"""Who contacts us: one record per person across all doors, found by phone or e-mail; hidden numbers share none."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tickets.folding import fold
from tickets.schema import Citizen, CitizenPhone, PhonePreference
from tickets.schema.rows import Change

MAX_NAME = 200

_LOCK = text("select pg_advisory_xact_lock(hashtextextended(:key, 1))")
BY_PHONE = """
    select c.id, c.name, c.email, c.locale, c.last_unit_id, c.do_not_call
    from citizen c join citizen_phone p on p.citizen_id = c.id where p.phone = :key order by c.id
"""
# Somebody with a phone is known by it: an e-mail typed into a form must not lead to another person's record.
BY_EMAIL = """
    select c.id, c.name, c.email, c.locale, c.last_unit_id, c.do_not_call
    from citizen c
    where c.email = :key and not exists (select from citizen_phone p where p.citizen_id = c.id) order by c.id
"""
_BY_PHONE, _BY_EMAIL = text(BY_PHONE), text(BY_EMAIL)
# Parts of the statement by which a matter arrives: a person nothing is known of, made from `{arrived}`.
CREATE_ARRIVED = """
    person as (
        insert into citizen (name, email, locale, created_at)
        select :new_name, :new_email, :new_locale, :now from {arrived}
        where :may_be_new and {arrived}.ticket_id is null and not exists (select from {known})
        returning id
    ), own_phone as (
        insert into citizen_phone (citizen_id, phone, created_at)
        select person.id, :new_phone, :now from person where :new_phone <> ''
    )
"""
_SETTLE_AT_HOME = """
    update citizen set last_unit_id = :home_id where id = :at_home_id and last_unit_id is distinct from :home_id
"""
_CREATE = text(
    """
    with person as (
        insert into citizen (name, email, locale, created_at) values (:name, :email, :locale, :now) returning id
    ), phone as (
        insert into citizen_phone (citizen_id, phone, created_at) select id, :phone, :now from person where :phone <> ''
    )
    select id from person
    """
)


@dataclass(frozen=True, slots=True)
class KnownCitizen:
    """A citizen as intake needs them."""

    id: int
    name: str
    email: str | None
    locale: str
    last_unit_id: int | None
    do_not_call: bool


def lock_key(phone: str | None, email: str | None) -> str:
    """What two contacts of one unknown person must not create twice; empty when there is nothing to be known by."""
    return f"phone:{phone}" if phone else f"email:{clean_email(email)}" if clean_email(email) else ""


def lock(session: Session, *, key: str) -> None:
    """Wait until no other transaction is creating the citizen known by this phone or e-mail."""
    session.execute(_LOCK, {"key": key})


def find(session: Session, *, phone: str | None, email: str | None = None, name: str = "") -> KnownCitizen | None:
    """The citizen known by this phone, else by this e-mail; among several at one phone the one with this name."""
    address = clean_email(email)
    if not phone and not address:
        return None
    rows = session.execute(_BY_PHONE if phone else _BY_EMAIL, {"key": phone or address})
    return named([KnownCitizen(*row) for row in rows], name)


def named(known: Sequence[KnownCitizen], name: str) -> KnownCitizen | None:
    """Of all who are known by one phone or address the one with this name, else the first."""
    wanted = fold(name).strip()
    by_name = (citizen for citizen in known if wanted and fold(citizen.name).strip() == wanted)
    return next(by_name, known[0] if known else None)


def create(
    session: Session, *, phone: str | None, name: str = "", email: str | None = None, locale: str = "vi", now: datetime
) -> KnownCitizen:
    """A new citizen; call `lock` and `find` before."""
    clean = {"name": clean_name(name), "email": clean_email(email), "locale": locale}
    citizen_id = session.execute(_CREATE, {**clean, "phone": phone or "", "now": now}).scalar_one()
    return KnownCitizen(citizen_id, clean["name"] or "", clean["email"], locale, None, False)


def complete(session: Session, known: KnownCitizen, *, name: str = "", email: str | None = None) -> None:
    """Fill in what a later contact tells; what is known already is not overwritten from outside."""
    citizen = session.get(Citizen, known.id)
    if citizen is None:
        return
    if not citizen.name and name.strip():
        citizen.name = clean_name(name)
    if not citizen.email and clean_email(email):
        citizen.email = clean_email(email)


def settled_at(unit_id: int, citizen_id: int | None) -> Change:
    """The person's matters were last this unit's; a part of one statement that changes several tables."""
    return _SETTLE_AT_HOME, {"home_id": unit_id, "at_home_id": citizen_id}


def phones_of(session: Session, citizen_id: int) -> list[str]:
    statement = select(CitizenPhone.phone).where(CitizenPhone.citizen_id == citizen_id).order_by(CitizenPhone.id)
    return list(session.scalars(statement))


def opt_out(session: Session, phone: str, *, reason: str, everything: bool = True, now: datetime) -> None:
    """No more SMS to this number: the person asked, or the carrier says so.

    Without `everything`, answers about the person's own matters still come.
    """
    silent_at = now if everything else None
    values = {"phone": phone, "sms_opted_out_at": now, "sms_opt_out_reason": reason, "sms_silent_at": silent_at}
    session.execute(
        insert(PhonePreference)
        .values(values)
        .on_conflict_do_update(
            index_elements=["phone"],
            # The first refusal counts, so that the record shows since when.
            set_={
                "sms_opted_out_at": func.coalesce(PhonePreference.sms_opted_out_at, now),
                "sms_opt_out_reason": reason,
                "sms_silent_at": func.coalesce(PhonePreference.sms_silent_at, silent_at),
            },
        )
    )


def has_opted_out(session: Session, phone: str, *, everything: bool) -> bool:
    """Whether the number has asked for this before, or for more."""
    preference = session.get(PhonePreference, phone, populate_existing=True)
    if preference is None:
        return False
    return (preference.sms_silent_at if everything else preference.sms_opted_out_at) is not None


def not_to_be_called(session: Session, phones: Collection[str]) -> set[str]:
    """Of these numbers, those of somebody who asked never to be called."""
    if not phones:
        return set()
    asked = (
        select(CitizenPhone.phone)
        .join(Citizen, Citizen.id == CitizenPhone.citizen_id)
        .where(CitizenPhone.phone.in_(phones), Citizen.do_not_call.is_(True))
    )
    return set(session.scalars(asked))


def prefer_text(session: Session, citizen_id: int) -> None:
    """Never to be called: deaf, or unsafe at home. Blocks every voice path; the follow page carries the talk."""
    session.execute(update(Citizen).where(Citizen.id == citizen_id).values(do_not_call=True))


def opt_in(session: Session, phone: str) -> None:
    """SMS are welcome again (START)."""
    preference = session.get(PhonePreference, phone)
    if preference is not None:
        preference.sms_opted_out_at, preference.sms_opt_out_reason, preference.sms_silent_at = None, "", None


def flag_heavy_caller(session: Session, phone: str, *, now: datetime) -> None:
    """Too many calls in one hour: told to whoever answers; the call is answered like any other."""
    session.execute(
        insert(PhonePreference)
        .values(phone=phone, flagged_at=now)
        .on_conflict_do_update(index_elements=["phone"], set_={"flagged_at": now})
    )


def clean_name(name: str) -> str:
    return name.strip()[:MAX_NAME]


def clean_email(email: str | None) -> str | None:
    return (email or "").strip().lower()[:320] or None
