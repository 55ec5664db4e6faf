"""An account as it was typed: read, judged field by field, and shown again as it was."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from urllib.parse import urlsplit

from flask import request

from telephony.provider.account import Capability
from telephony.provider.account_kinds import AccountKind
from telephony.provider.account_secrets import AccountSecrets
from telephony.provider.kept_accounts import AccountFields
from telephony.provider.voices import USUAL, voice_fault
from tickets.city import city
from tickets.errors import InvalidInput
from tickets.people.phones import parse_phone
from tickets.schema import KeptAccount
from tickets.typed_text import typed_number

# What an account can be said to do or not, in the order in which it is asked.
_EVERY = (
    Capability.VOICE, Capability.SMS_INBOUND, Capability.SMS_OUTBOUND, Capability.MMS, Capability.SPEECH,
    Capability.PAUSE, Capability.CLIENT, Capability.SIP, Capability.WHISPER, Capability.CONFERENCE,
    Capability.RECORDING_DUAL, Capability.ANSWERED_BY, Capability.GOOGLE_VOICES, Capability.URL_OVERRIDES,
    Capability.ENQUEUE,
)  # fmt: skip
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{2,60}")
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?")
_COUNTRY, _CURRENCY = re.compile(r"[A-Z]{2}"), re.compile(r"[A-Z]{3}")
_LONGEST_LINE = 300
_LEAST_SECRET = 8
_MOST_LINES = 200
# What our secrets need inside a text, and then some.
_LEAST_TEXT, _MOST_TEXT = 300, 10_000
_MOST_ORDER = 999
_BRAND = 15
# As many as a bank counts: nobody is charged more for one text.
_MOST_RATE = Decimal(1_000_000)


def choices_of(kind: AccountKind) -> tuple[Capability, ...]:
    """What its language has words for; anything else is not offered, and refused to whoever sends it all the same."""
    return tuple(one for one in _EVERY if one in kind.possible)


def typed_name(taken: Mapping[str, object]) -> str:
    name = _line("name")
    if not _NAME.fullmatch(name):
        raise InvalidInput("name", "not_an_account_name")
    if name in taken:
        raise InvalidInput("name", "account_exists")
    return name


def typed_secrets(kind: AccountKind, *, is_new: bool) -> AccountSecrets:
    """Of an account that is there already, what was left empty stays as it is."""
    names = ("auth_token", "api_key", "api_secret")
    token, key, secret = (request.form.get(name, "").replace("\0", "").strip()[:_LONGEST_LINE] for name in names)
    if is_new and not token:
        raise InvalidInput("auth_token", "required")
    if token and len(token) < _LEAST_SECRET:
        raise InvalidInput("auth_token", "short_secret", least=_LEAST_SECRET)
    if is_new and kind.needs_key and not (key and secret):
        raise InvalidInput("api_secret" if key else "api_key", "required")
    if key and not secret:
        raise InvalidInput("api_secret", "required")
    return AccountSecrets(token, "", key, secret)


def typed_fields(kind: AccountKind, *, production: bool) -> AccountFields:
    """Raises InvalidInput for the first field that is wrong."""
    country = _matching("country", _COUNTRY, "not_a_country", case=str.upper)
    decision = _line("decision_no")
    if production and country != city().country and not decision:
        raise InvalidInput("decision_no", "abroad_undecided")
    return AccountFields(
        account_sid=_required("account_sid"),
        signature_header=_matching("signature_header", _HEADER, "not_a_header", usual=kind.signature_header),
        api_base_url=_address(kind, production=production),
        capabilities=_capabilities(kind),
        media_hosts=_hosts(),
        voice=_voice(kind),
        text_sender=_brand(kind),
        call_sender=_phone("call_sender"),
        longest_text=_number("longest_text", kind.longest_text, least=_LEAST_TEXT, most=_MOST_TEXT),
        templates=_templates(),
        asked_in_order=_number("asked_in_order", 100, least=1, most=_MOST_ORDER),
        rate_text=_rate("rate_text"),
        rate_minute=_rate("rate_minute"),
        currency=_matching("currency", _CURRENCY, "not_a_currency", usual="VND", case=str.upper),
        country=country,
        decision_no=decision,
    )


def shown_fields(row: KeptAccount) -> dict[str, str]:
    """As the form holds them; secrets are never among them."""
    told = {name: getattr(row, name) for name in AccountFields.__dataclass_fields__}
    return {name: "" if value is None else str(value) for name, value in told.items()} | {
        "media_hosts": "\n".join(row.media_hosts),
        "templates": "\n".join(f"{id} = {begin}" for begin, id in sorted(row.templates.items())),
    }


def usual_fields(kind: AccountKind) -> dict[str, str]:
    return {
        "signature_header": kind.signature_header,
        "api_base_url": kind.api_base_url,
        "longest_text": str(kind.longest_text),
        "asked_in_order": "100",
        "currency": "VND",
        "country": kind.country or city().country,
    }


def typed_again() -> dict[str, str]:
    """Everything but secrets, which are not sent back to a browser."""
    kept = (*AccountFields.__dataclass_fields__, "name")
    return {name: request.form.get(name, "") for name in kept}


def _line(name: str) -> str:
    return " ".join(request.form.get(name, "").replace("\0", "").split())[:_LONGEST_LINE]


def _required(name: str) -> str:
    if not (value := _line(name)):
        raise InvalidInput(name, "required")
    return value


def _matching(name: str, form: re.Pattern[str], code: str, *, usual: str = "", case: Callable[[str], str] = str) -> str:
    value = case(_line(name)) or usual
    if not form.fullmatch(value):
        raise InvalidInput(name, code)
    return value


def _voice(kind: AccountKind) -> str:
    name = _line("voice")
    if wrong := voice_fault(kind.kind, name):
        raise InvalidInput("voice", wrong, usual=USUAL)
    return name


def _capabilities(kind: AccountKind) -> tuple[Capability, ...]:
    """What such an account has no word for would be sent to its callers and end their calls."""
    said = set(request.form.getlist("can"))
    if said - {one.value for one in kind.possible}:
        raise InvalidInput("can", "kind_cannot")
    return tuple(one for one in choices_of(kind) if one.value in said)


def _address(kind: AccountKind, *, production: bool) -> str:
    value = _line("api_base_url").rstrip("/") or kind.api_base_url
    if not value:
        raise InvalidInput("api_base_url", "required")
    try:
        parts = urlsplit(value)
        is_whole = parts.scheme in ("http", "https") and parts.hostname and not (parts.query or parts.fragment)
    except ValueError:
        parts, is_whole = urlsplit(""), False
    if not is_whole or "@" in parts.netloc or " " in value:
        raise InvalidInput("api_base_url", "not_an_address")
    if production and parts.scheme != "https" and not (parts.hostname or "").endswith(".internal"):
        raise InvalidInput("api_base_url", "not_over_tls")
    return value


def _hosts() -> tuple[str, ...]:
    hosts = [line.strip().lower() for line in request.form.get("media_hosts", "").splitlines() if line.strip()]
    if len(hosts) > _MOST_LINES or not all(_HOST.fullmatch(host) for host in hosts):
        raise InvalidInput("media_hosts", "not_hosts")
    return tuple(dict.fromkeys(hosts))


def _brand(kind: AccountKind) -> str:
    sender = _line("text_sender")
    if not sender and not kind.carries_calls:
        raise InvalidInput("text_sender", "required")
    if len(sender) > _BRAND:
        raise InvalidInput("text_sender", "too_long", limit=_BRAND)
    return sender


def _phone(name: str) -> str:
    value = _line(name)
    if not value:
        return ""
    phone = parse_phone(value)
    if phone is None:
        raise InvalidInput(name, "not_a_phone")
    return phone.number


def _templates() -> tuple[tuple[str, str], ...]:
    """A line each: the id under which a text is registered, and how it begins."""
    found: dict[str, str] = {}
    lines = [line for line in request.form.get("templates", "").replace("\0", "").splitlines() if line.strip()]
    for line in lines:
        id, equals, begin = line.partition("=")
        if not equals or not id.strip() or len(id.strip()) > 60 or len(lines) > _MOST_LINES:
            raise InvalidInput("templates", "not_templates")
        found[begin.strip()[:_LONGEST_LINE]] = id.strip()
    return tuple(sorted(found.items()))


def _number(name: str, usual: int, *, least: int, most: int) -> int:
    value = typed_number(_line(name)) if _line(name) else usual
    if value is None or not least <= value <= most:
        raise InvalidInput(name, "not_between", least=least, most=most)
    return value


def _rate(name: str) -> Decimal | None:
    said = _line(name).replace(",", ".")
    if not said:
        return None
    try:
        value = Decimal(said)
        is_right = value.is_finite() and 0 <= value <= _MOST_RATE
    except InvalidOperation:
        is_right = False
    if not is_right:
        raise InvalidInput(name, "not_a_rate")
    return value
