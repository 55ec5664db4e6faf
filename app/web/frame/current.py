"""The running application as views see it: its settings, keys, rules and places, with their types."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, cast

from flask import current_app, g, request

from app.settings import Settings
from app.storage.media_store import MediaStore, media_store
from tickets.directory.places import PlaceIndex
from tickets.keys import Keys
from tickets.routing.rules import Rules, version_now

if TYPE_CHECKING:
    from app.web.frame.application import HotlineApp


def hotline() -> HotlineApp:
    """The application itself and not Flask's stand-in for it, which a thread of ours could not ask anything."""
    return cast("HotlineApp", current_app._get_current_object())  # type: ignore[attr-defined]


def settings() -> Settings:
    return hotline().settings


def media() -> MediaStore:
    """Where attachments and recordings are kept. Its network is only waited for after `done_with_database`."""
    return media_store(settings())


def done_with_database() -> None:
    """End the transaction before a network is waited for: no row stays locked, no connection stays taken.

    For what comes before the first row is written, or after the last.
    """
    g.session.commit()


def today() -> date:
    """The day in the city, at the time of this request."""
    now = g.now
    return cast("date", now.astimezone(settings().zone).date())


def keys() -> Keys:
    return hotline().reference.keys_in(g.session)


def rules() -> Rules:
    return hotline().reference.rules(g.session, on=today(), version=_version())


def city_phone() -> str:
    """The city's number as people are told it: what is set, else what is published; empty until there is one."""
    return settings().city_line or rules().routing.city_phone


def places() -> PlaceIndex:
    return hotline().reference.places(g.session, on=today(), version=_version())


def _version() -> int:
    """By which version of the rules this request is answered, asked once: by the one in force where it judges."""
    if "reference_version" not in g:
        shows = request.method in ("GET", "HEAD")
        g.reference_version = hotline().reference.version_to_show(g.session) if shows else version_now(g.session)
    return cast("int", g.reference_version)
