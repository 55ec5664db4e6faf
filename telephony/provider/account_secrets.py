"""What opens an account, as one sealed word: a copy of the data or of the disk without our key opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from telephony.provider.sealed_fields import opened, seal


@dataclass(frozen=True)
class AccountSecrets:
    """The token in force and the one before it, both good for what comes in; and a key for REST by itself."""

    auth_token: str = field(default="", repr=False)
    previous_auth_token: str = field(default="", repr=False)
    api_key: str = field(default="", repr=False)
    api_secret: str = field(default="", repr=False)

    def sealed(self, key: bytes) -> str:
        return seal({name: value for name, value in asdict(self).items() if value}, key)

    @classmethod
    def opened(cls, word: str, keys: Sequence[bytes]) -> AccountSecrets | None:
        """None when none of our keys has sealed it."""
        fields = opened(word, keys)
        return cls(**fields) if fields.get("auth_token") else None
