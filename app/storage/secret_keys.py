"""Whether our secret key is that of the data, and what older ones have made: references and PINs outlive every key."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from app.settings import Settings
from app.storage.database import UnsafeDatabase
from telephony.provider.kept_accounts import seal_anew
from telephony.provider.sealed_fields import opened, seal
from tickets.audit.entries import record
from tickets.keys import Keys, account_keys, fingerprint_of, keys_from, sealing_key
from tickets.people.actor import SYSTEM, Actor
from tickets.people.kept_keys import keep_first, keep_instead, kept_keys
from tickets.schema import KeptKeys


class WrongKey(UnsafeDatabase):
    """No secret key we were given is the one the data were made under."""

    def __init__(self, known: str, ours: str) -> None:
        self.known, self.ours = known, ours
        super().__init__(f"the secret key is {ours}, the data know {known}")


class KeyState(StrEnum):
    """`rotating`: the data still know a key that we only accept."""

    NEW = "new"
    CURRENT = "current"
    ROTATING = "rotating"
    WRONG = "wrong"


def key_state(session: Session, settings: Settings) -> KeyState:
    kept = kept_keys(session)
    if kept is None:
        return KeyState.NEW
    if kept.fingerprint == fingerprint_of(settings.secret_key):
        return KeyState.CURRENT
    return KeyState.ROTATING if _secret_of(kept, settings) else KeyState.WRONG


def keys_of(session: Session, settings: Settings) -> Keys:
    """The keys to work with on these data; raises WrongKey."""
    ours = keys_from(settings.secret_key, previous=settings.previous_secret_keys)
    kept = kept_keys(session)
    return ours if kept is None else ours.outlived(_unsealed(kept, settings))


def settle_key(session: Session, settings: Settings, *, now: datetime) -> None:
    """Note the key with which these data begin, or raise WrongKey where they began with another."""
    if kept_keys(session) is None:
        fingerprint = fingerprint_of(settings.secret_key)
        sealed = _sealed(keys_from(settings.secret_key), settings.secret_key)
        if keep_first(session, fingerprint=fingerprint, sealed=sealed, now=now):
            _note(session, "secret_key.noted", {"fingerprint": fingerprint}, actor=SYSTEM, now=now)
    keys_of(session, settings)


def finish_rotation(session: Session, settings: Settings, *, actor: Actor, now: datetime) -> bool:
    """Make our key that of the data and keep with it what the one before has made; False when it is theirs already."""
    kept = kept_keys(session)
    fingerprint = fingerprint_of(settings.secret_key)
    if kept is None or kept.fingerprint == fingerprint:
        return False
    known = kept.fingerprint
    sealed = _sealed(keys_of(session, settings), settings.secret_key)
    if not keep_instead(session, known=known, fingerprint=fingerprint, sealed=sealed, now=now):
        return False
    seal_anew(session, account_keys(settings.secret_key, previous=settings.previous_secret_keys), now=now)
    _note(session, "secret_key.rotated", {"fingerprint": fingerprint, "before": known}, actor=actor, now=now)
    return True


def _secret_of(kept: KeptKeys, settings: Settings) -> str | None:
    secrets = (settings.secret_key, *settings.previous_secret_keys)
    return next((secret for secret in secrets if fingerprint_of(secret) == kept.fingerprint), None)


def _unsealed(kept: KeptKeys, settings: Settings) -> Keys:
    secret = _secret_of(kept, settings)
    fields = opened(kept.sealed, [sealing_key(secret)]) if secret else {}
    if not fields:
        raise WrongKey(kept.fingerprint, fingerprint_of(settings.secret_key))
    pins = tuple(bytes.fromhex(pin) for pin in fields["pins"].split())
    return Keys(bytes.fromhex(fields["reference"]), pins)


def _sealed(keys: Keys, secret: str) -> str:
    fields = {"reference": keys.reference.hex(), "pins": " ".join(pin.hex() for pin in keys.pin)}
    return seal(fields, sealing_key(secret))


def _note(session: Session, action: str, params: dict[str, object], *, actor: Actor, now: datetime) -> None:
    record(session, actor=actor, action=action, subject_kind="secret_key", subject_id=None, params=params, now=now)
