"""The secrets the tickets' public numbers are made with, derived from the installation's secret key."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keys:
    """`reference` permutes numbers and never changes; `pin` may be rotated: the first makes, every one still opens."""

    reference: bytes
    pin: tuple[bytes, ...]

    def __repr__(self) -> str:
        return "Keys(…)"

    def outlived(self, older: "Keys") -> "Keys":
        """These for what is made from now on, with what `older` has made still open, and its order of references."""
        return Keys(older.reference, tuple(dict.fromkeys((*self.pin, *older.pin))))


def keys_from(secret_key: str, *, previous: Sequence[str] = ()) -> Keys:
    """The keys of an installation; `previous` secret keys still open the PINs they made.

    The order of references is that of the oldest key named here, unless older ones are kept with the data.
    """
    first = previous[-1] if previous else secret_key
    return Keys(_derived(first, b"reference"), tuple(_derived(k, b"pin") for k in (secret_key, *previous)))


def fingerprint_of(secret_key: str) -> str:
    """By which a key is recognised; nothing of the key follows from it."""
    return _derived(secret_key, b"fingerprint").hex()[:16]


def sealing_key(secret_key: str) -> bytes:
    """With which older keys are kept beside the data."""
    return _derived(secret_key, b"kept keys")


def account_keys(secret_key: str, *, previous: Sequence[str] = ()) -> tuple[bytes, ...]:
    """With the first the passwords of provider accounts are kept, among the data and beside them; all open them."""
    return tuple(_derived(one, b"provider accounts") for one in (secret_key, *previous))


def _derived(secret_key: str, purpose: bytes) -> bytes:
    return hmac.new(secret_key.encode(), b"hotline/" + purpose, hashlib.sha256).digest()
