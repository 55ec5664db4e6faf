"""The words of outgoing messages: a text template per message and channel, in the language of whoever receives it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Any

from flask import Flask
from flask_babel import Babel, force_locale, gettext, ngettext
from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateNotFound

from app.settings import ROOT, Settings
from app.wording import codes, spoken_time
from app.wording.emergency_words import danger_words
from app.wording.reference_groups import grouped_reference
from app.wording.rule_names import rule_name
from app.wording.spoken_words import in_digit_groups
from app.wording.translations import install_catalogues
from tickets.people.phones import readable_phone
from tickets.states import LOCALES

MESSAGE_TEMPLATES = ROOT / "templates" / "messages"
SUBJECT = "Subject:"
# Stand in the kept words where the message as it leaves carries a secret link or a PIN: neither is kept in clear.
LINK_MARK = "[[link]]"
PIN_MARK = "[[pin]]"


@dataclass(frozen=True, slots=True)
class MessageWords:
    """A rendered message; `subject` is empty but for mail."""

    subject: str
    text: str


class NoSuchMessage(LookupError):
    """There is no template for this message on this channel: a mistake of ours, never of the recipient."""


def message_app(settings: Settings) -> Flask:
    """The least application in which words can be rendered, for processes without pages."""
    app = Flask("hotline-messages", static_folder=None)
    install_catalogues(app, cache_dir=settings.data_dir / "locales")
    Babel(app, default_locale=settings.default_locale, default_timezone=settings.timezone)
    return app


def render(
    template: str, channel: str, params: Mapping[str, Any], *, locale: str, base_url: str, now: datetime
) -> MessageWords:
    """The words of a message; needs an application context, of pages or of `message_app`."""
    chosen = locale if locale in LOCALES else LOCALES[0]
    with force_locale(chosen):
        said = _template(template, channel).render(
            **{name: _without_marks(value) for name, value in params.items()},
            base_url=base_url,
            locale=chosen,
            acknowledge_link=LINK_MARK,
            pin=PIN_MARK,
            moment=lambda at: spoken_time.moment_phrase(_instant(at), now),
            is_past=lambda at: _instant(at) <= now,
            name_of=_name_in(chosen),
        )
    return _split(said)


def render_sms(
    template: str, params: Mapping[str, Any], *, most: int, locale: str, base_url: str, now: datetime
) -> MessageWords:
    """The words of a text that may have so many characters; longer ones end where they can be read on.

    A carrier refuses what is too long as a whole: a citizen would get no answer at all.
    """
    say = partial(render, template, "sms", locale=locale, base_url=base_url, now=now)
    words = say(params)
    over, body = characters(words.text) - most, params.get("body")
    if over <= 0:
        return words
    with force_locale(locale if locale in LOCALES else LOCALES[0]):
        read_on = gettext("… Read on: %(link)s", link=f"{base_url}/track")
    if isinstance(body, str) and (room := len(body) - over - len(read_on)) > 0:
        return say({**params, "body": cut_at_a_word(body, room) + read_on})
    return MessageWords("", cut_at_a_word(words.text, most - 1) + "…")


def characters(words: str) -> int:
    """As carriers count them: what lies beyond the basic plane is two."""
    return len(words) + sum(ord(sign) > 0xFFFF for sign in words)


def cut_at_a_word(words: str, most: int) -> str:
    """The beginning, with whole words where there are any."""
    kept = words[: max(most, 0)]
    while kept and characters(kept) > most:
        kept = kept[:-1]
    whole = kept.rsplit(None, 1)[0] if len(kept) < len(words) and " " in kept else kept
    return whole.rstrip(" ,;:.")


def _without_marks(value: Any) -> Any:
    """Whoever writes a mark into an answer or an instruction must not get a secret put in its place."""
    if not isinstance(value, str):
        return value
    return value.replace(LINK_MARK, "link").replace(PIN_MARK, "pin")


@cache
def _environment() -> Environment:
    # Plain text for phones and mailboxes: nothing is markup, so nothing is escaped.
    environment = Environment(loader=FileSystemLoader(MESSAGE_TEMPLATES), undefined=StrictUndefined, autoescape=False)  # noqa: S701  (text)
    environment.globals.update(
        _=gettext,
        gettext=gettext,
        ngettext=ngettext,
        danger_words=danger_words,
        level_word=codes.level_word,
        clock_word=codes.clock_word,
        priority_word=codes.priority_word,
        status_word=codes.status_word,
        disposition_word=codes.disposition_word,
        appeal_outcome_word=codes.appeal_outcome_word,
        rule_name=rule_name,
    )
    environment.filters.update(reference=grouped_reference, digits=in_digit_groups, phone=readable_phone)
    return environment


def _template(name: str, channel: str) -> Any:
    try:
        return _environment().get_template(f"{name}.{channel}.txt")
    except TemplateNotFound as missing:
        raise NoSuchMessage(f"{name}.{channel}") from missing


def _split(said: str) -> MessageWords:
    """The first line of a mail is its subject; line breaks in it would become headers."""
    subject = ""
    if said.startswith(SUBJECT):
        first, _, said = said.partition("\n")
        subject = " ".join(first.removeprefix(SUBJECT).split())
    return MessageWords(subject, said.strip())


def _name_in(locale: str) -> Any:
    def name_of(names: Mapping[str, str] | str | None) -> str:
        """A name given in several languages, in this one."""
        if not names:
            return ""
        if isinstance(names, str):
            return names
        return names.get(locale) or next(iter(names.values()), "")

    return name_of


def _instant(at: str | datetime) -> datetime:
    return at if isinstance(at, datetime) else datetime.fromisoformat(at)
