"""The secrets the tickets' public numbers are made with, derived from the installation's secret key."""

import hashlib
import hmac
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keys:
    """`reference` permutes numbers and never changes; `pin` may be rotated: the first makes, every one still opens."""

    reference: bytes
    pin: tuple[bytes, ...]

    def __repr__(self) -> str:
        return "Keys(…)"


def keys_from(secret_key: str, *, previous: tuple[str, ...] = (), reference_key: str = "") -> Keys:
    """The keys of an installation; `previous` secret keys still open the PINs they made.

    `reference_key` keeps the order of references hidden after a rotation of the secret key; by default it is derived
    from the oldest secret key that is still known.
    """
    first = reference_key or (previous[-1] if previous else secret_key)
    return Keys(_derived(first, b"reference"), tuple(_derived(k, b"pin") for k in (secret_key, *previous)))


def _derived(secret_key: str, purpose: bytes) -> bytes:
    return hmac.new(secret_key.encode(), b"hotline/" + purpose, hashlib.sha256).digest()
