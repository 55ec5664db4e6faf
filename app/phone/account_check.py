"""A live look at one account: does it let us in, do its events reach us, where does it send callers of each number?"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from http.client import HTTPException

from app.phone.round_trip import is_right, round_trip, speaks_for_us
from app.phone.unreached import kind_of
from app.settings import Settings
from telephony.provider.account import Capability, ProviderAccount
from telephony.provider.driver import LineAddresses, ProviderUnreachable
from telephony.provider.drivers import driver_of


class Looked(StrEnum):
    """What was found; `SEEN` says which of them are well."""

    LET_IN = "let_in"
    REFUSED = "refused"
    ANSWERED = "answered"
    AWAY = "away"
    ROUND = "round"
    PROXY_SPEAKS = "proxy_speaks"
    NOT_ROUND = "not_round"
    NOT_REACHED = "not_reached"
    NOT_LISTED = "not_listed"
    LINE_RIGHT = "line_right"
    LINE_WRONG = "line_wrong"
    LINE_ABSENT = "line_absent"
    NO_FALLBACK = "no_fallback"


WELL = frozenset({Looked.LET_IN, Looked.ROUND, Looked.LINE_RIGHT})
TO_KNOW = frozenset({Looked.NOT_LISTED, Looked.NO_FALLBACK})
_NOT_LET_IN = frozenset({401, 402, 403})


@dataclass(frozen=True, slots=True)
class Found:
    """`said`: what was answered; of what was not reached, why (`Unreached`)."""

    what: Looked
    phone: str = ""
    said: str = ""
    wanted: str = ""


def look(settings: Settings, account: ProviderAccount, phones: Sequence[str]) -> list[Found]:
    """Three questions over the network, with no transaction open; `phones` are our lines at this account."""
    access = _access(account)
    lines = _lines(settings, account, phones) if access.what is Looked.LET_IN else []
    return [access, _round(settings, account), *lines]


def _access(account: ProviderAccount) -> Found:
    try:
        driver_of(account).carrier(account).let_in()
    except ProviderUnreachable as trouble:
        if trouble.status is None:
            return Found(Looked.AWAY, said=kind_of(trouble))
        return Found(Looked.REFUSED if trouble.status in _NOT_LET_IN else Looked.ANSWERED, said=str(trouble.status))
    return Found(Looked.LET_IN)


def _round(settings: Settings, account: ProviderAccount) -> Found:
    try:
        genuine, forged = round_trip(settings, account)
    except (OSError, HTTPException) as trouble:
        return Found(Looked.NOT_REACHED, said=kind_of(trouble))
    if is_right(genuine, forged):
        return Found(Looked.ROUND)
    what = Looked.PROXY_SPEAKS if speaks_for_us(genuine, forged) else Looked.NOT_ROUND
    return Found(what, said=f"{genuine}, {forged}")


def _lines(settings: Settings, account: ProviderAccount, phones: Sequence[str]) -> list[Found]:
    try:
        listed = driver_of(account).carrier(account).line_addresses()
    except ProviderUnreachable as trouble:
        return [Found(Looked.NOT_LISTED, said=str(trouble))]
    if listed is None:
        return [Found(Looked.NOT_LISTED)]
    there = {one.phone: one for one in listed}
    ours = dict.fromkeys([*phones, *there])
    return [found for phone in ours for found in _line(settings, account, phone, there.get(phone))]


def _line(settings: Settings, account: ProviderAccount, phone: str, there: LineAddresses | None) -> Iterable[Found]:
    if there is None:
        return [Found(Looked.LINE_ABSENT, phone)]
    base = f"{settings.base_url}/webhooks/{account.name}"
    kinds = ((Capability.VOICE, there.voice, "voice"), (Capability.SMS_INBOUND, there.texts, "sms"))
    wrong = [
        Found(Looked.LINE_WRONG, phone, said, f"{base}/{kind}")
        for capability, said, kind in kinds
        if account.can(capability) and said.partition("#")[0] != f"{base}/{kind}"
    ]
    if not wrong and account.can(Capability.VOICE) and not there.fallback:
        wrong = [Found(Looked.NO_FALLBACK, phone, wanted=f"{base}/fallback")]
    return wrong or [Found(Looked.LINE_RIGHT, phone)]
