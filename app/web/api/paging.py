"""Keyset paging: a cursor says after which row to go on, so that new rows neither repeat nor hide old ones."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from tickets.errors import NotFound

Row = TypeVar("Row")


class PageQuery(BaseModel):
    """How much of a list, and from where on."""

    model_config = ConfigDict(extra="ignore")

    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(default=None, max_length=500)


def page_of(
    rows: Sequence[Row], query: PageQuery, keys: Callable[[Row], tuple[Any, ...]]
) -> tuple[Sequence[Row], str | None]:
    """The rows of one page, when `rows` holds one more than `query.limit` if there is one, and the cursor of the next.

    `keys` are a row's sort keys, those that `keys_of` reads back.
    """
    shown = rows[: query.limit]
    return shown, cursor_of(*keys(shown[-1])) if len(rows) > len(shown) else None


def cursor_of(*keys: Any) -> str:
    """An opaque cursor for the sort keys of the last row shown."""
    return base64.urlsafe_b64encode(json.dumps(keys, default=str).encode()).decode().rstrip("=")


def keys_of(cursor: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """The sort keys in a cursor, of the given kinds; None without a cursor, NotFound for a made-up one."""
    if not cursor:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        keys = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if not isinstance(keys, list) or len(keys) != len(kinds):
            raise ValueError("shape")
        if any(key is not None and type(key) is not kind for key, kind in zip(keys, kinds, strict=True)):
            raise ValueError("kind")
        if any(isinstance(key, int) and not -(2**62) < key < 2**62 for key in keys):
            raise ValueError("size")
    except (ValueError, binascii.Error, RecursionError):
        raise NotFound("page", cursor) from None
    return tuple(keys)
