"""Accounts of staff: passwords (argon2), time-based codes, sign-in links; pages and cookies are `app/web`'s."""

import secrets
from datetime import datetime, timedelta
from functools import cache
from typing import Protocol

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tickets.audit import entries
from tickets.directory import one_time_links
from tickets.directory import staff as accounts
from tickets.people.actor import SYSTEM, staff_actor
from tickets.people.phones import parse_phone
from tickets.schema import OneTimeLink, Staff

LEAST_PASSWORD_LENGTH = 12
LOCK_AFTER = 8
LOCK_FOR = timedelta(minutes=15)
_STEP_SECONDS = 30
_LEAST_TELLING_LENGTH = 4
_COMMON_PARTS = ("123456", "password", "matkhau", "qwerty", "hotline", "abcdef")

_hasher = PasswordHasher()


@cache
def _nobodys_hash() -> str:
    """Compared when the e-mail is unknown, so that the answer takes as long as for a known one."""
    return _hasher.hash(secrets.token_urlsafe(16))


class Browser(Protocol):
    """Where somebody signs in; one in which the account was opened before counts its own failures."""

    def may_try(self, staff_id: int) -> bool:
        """Whether this account was opened here, and has not failed here too often since."""

    def count_failure(self, staff_id: int) -> None:
        """One more failure of this account here."""


class _UnknownBrowser:
    def may_try(self, staff_id: int) -> bool:
        return False

    def count_failure(self, staff_id: int) -> None:
        """The account's own count is the only one."""


_UNKNOWN = _UnknownBrowser()


def check_password(
    session: Session, *, email: str, password: str, now: datetime, browser: Browser = _UNKNOWN
) -> Staff | None:
    """The account if e-mail and password belong together; eight wrong ones lock it for a quarter of an hour.

    The lock holds for browsers that the account does not know: whoever knows an address could otherwise keep its owner
    out.

    Failures are forgotten only by `signed_in_wholly`: whoever has the password could otherwise guess codes for ever,
    giving it again before every eighth.
    """
    staff = _named(session, email)
    known = staff is not None and staff.password_hash is not None
    if not _matches(staff.password_hash if staff and staff.password_hash else _nobodys_hash(), password) or not known:
        if staff is not None:
            _count_failure(session, staff, browser, now)
        return None
    assert staff is not None  # noqa: S101  (known says so)
    if staff.disabled_at is not None or (_is_locked(staff, now) and not browser.may_try(staff.id)):
        return None
    if staff.password_hash and _hasher.check_needs_rehash(staff.password_hash):
        accounts.keep_password(staff, _hasher.hash(password))
    return staff


def _named(session: Session, typed: str) -> Staff | None:
    """By mail address; by telephone, whoever has no mail box."""
    typed = typed.strip()
    wanted = select(Staff).with_for_update(key_share=True)
    if "@" in typed:
        return session.scalars(wanted.where(func.lower(Staff.email) == typed.lower())).one_or_none()
    phone = parse_phone(typed[:40])
    if phone is None:
        return None
    found = session.scalars(
        wanted.where(Staff.phone == phone.number, Staff.email == "", Staff.disabled_at.is_(None)).limit(2)
    ).all()
    return found[0] if len(found) == 1 else None


def signed_in_wholly(staff: Staff, *, now: datetime) -> None:
    """Everything that was asked for has been given: earlier failures count no longer.

    A lock stays for strangers: they would get eight more tries whenever its owner comes in by a browser of their own.
    """
    if not _is_locked(staff, now):
        accounts.forget_failures(staff)


def _is_locked(staff: Staff, now: datetime) -> bool:
    return staff.locked_until is not None and staff.locked_until > now


def _matches(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password[:1024])
    except (VerifyMismatchError, InvalidHashError):
        return False


def _count_failure(session: Session, staff: Staff, browser: Browser, now: datetime) -> None:
    if browser.may_try(staff.id):
        browser.count_failure(staff.id)
    elif accounts.count_failure(staff, most=LOCK_AFTER, locked_until=now + LOCK_FOR):
        entries.record(session, actor=SYSTEM, action="staff.locked", subject_kind="staff", subject_id=staff.id, now=now)


def check_totp(session: Session, staff_id: int, *, code: str, now: datetime, browser: Browser = _UNKNOWN) -> bool:
    """Whether the six digits are right now, one step early or late allowed, and not used before.

    A wrong code counts like a wrong password, and a locked account takes no code at all from a browser unknown to it.
    """
    # Weaker than FOR UPDATE: rows that only name the person may be written meanwhile.
    staff = session.get(Staff, staff_id, with_for_update={"key_share": True})
    if staff is None or not staff.totp_secret or staff.totp_enrolled_at is None:
        return False
    if _is_locked(staff, now) and not browser.may_try(staff.id):
        return False
    step = _accepted_step(staff.totp_secret, code, now)
    if step is None or (staff.totp_last_step is not None and step <= staff.totp_last_step):
        _count_failure(session, staff, browser, now)
        return False
    accounts.note_code_used(staff, step)
    signed_in_wholly(staff, now=now)
    return True


def _accepted_step(secret: str, code: str, now: datetime) -> int | None:
    digits = "".join(letter for letter in code if letter.isascii() and letter.isdigit())
    current = int(now.timestamp()) // _STEP_SECONDS
    totp = pyotp.TOTP(secret)
    for step in (current, current - 1, current + 1):
        if secrets.compare_digest(totp.at(step * _STEP_SECONDS), digits):
            return step
    return None


def pending_totp_secret(session: Session, staff: Staff) -> str:
    """The key to be enrolled: made at the first look, the same until the enrolment is done."""
    if staff.totp_secret:
        return staff.totp_secret
    secret = pyotp.random_base32()
    accounts.keep_second_factor_key(staff, secret)
    session.flush()
    return secret


def totp_address(staff: Staff, secret: str) -> str:
    """What the QR code carries for an authenticator app."""
    return pyotp.TOTP(secret).provisioning_uri(name=staff.email or staff.phone or staff.name, issuer_name="Hotline")


def enrol(session: Session, staff: Staff, *, password: str, repeated: str, code: str, now: datetime) -> dict[str, str]:
    """Set password and second factor together; returns field → code of what is wrong, empty when it is done."""
    errors = {}
    if len(password) < LEAST_PASSWORD_LENGTH:
        errors["password"] = "too_short"  # noqa: S105  (a code, no secret)
    elif any(part in password.lower() for part in _guessed_first(staff)):
        errors["password"] = "too_common"  # noqa: S105  (names a mistake, is no password)
    elif password != repeated:
        errors["repeated"] = "not_equal"
    step = _accepted_step(staff.totp_secret or pyotp.random_base32(), code, now)
    if step is None:
        errors["code"] = "wrong_code"
    if errors or step is None:
        return errors
    accounts.finish_enrolment(staff, password_hash=_hasher.hash(password), code_step=step, now=now)
    entries.record(
        session,
        actor=staff_actor(staff.id),
        action="staff.enrolled",
        subject_kind="staff",
        subject_id=staff.id,
        now=now,
    )
    return {}


def _guessed_first(staff: Staff) -> tuple[str, ...]:
    """A name of two or three letters stands in half of all sentences, and says nothing."""
    own_name = staff.email.split("@")[0].lower()
    return (*_COMMON_PARTS, own_name) if len(own_name) >= _LEAST_TELLING_LENGTH else _COMMON_PARTS


def live_link(session: Session, token: str, *, purposes: tuple[str, ...], now: datetime) -> OneTimeLink | None:
    """The unused, unexpired link with this secret.

    An enrolment link opens no account that has enrolled: it would show the key of its second factor and take it over.
    """
    wanted = one_time_links.unexpired(token, purposes=purposes, now=now).where(OneTimeLink.used_at.is_(None))
    link = session.scalars(wanted).one_or_none()
    if link is not None and link.purpose == "enrol" and session.get_one(Staff, link.staff_id).totp_enrolled_at:
        return None
    return link
