"""Where agents' telephones are rung here: which driver browsers use, and whose callers reach which telephone."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.phone.accounts import provider_accounts
from app.settings import Settings
from telephony.floor.telephones import SIP_SCHEME, ChosenTelephone, name_in_browser, way_to
from telephony.provider.account import Capability, ProviderAccount
from telephony.provider.browsers import BROWSER_HOSTS, browser_token
from tickets.states import TelephoneKind


class BrowserDriver(StrEnum):
    """Who rings the telephone in a browser: the city's exchange, a provider, the built-in telephone, or nobody."""

    EXCHANGE = "exchange"
    PROVIDER = "provider"
    SIMULATED = "simulated"
    NONE = "none"


@dataclass(frozen=True)
class Ringing:
    """How an agent's telephone is rung. `phone` is as in `presence.phone`; `driver` is of the browser alone."""

    kind: TelephoneKind
    phone: str
    driver: BrowserDriver

    @property
    def must_register(self) -> bool:
        """Whether nobody is offered calls there before it has said that it can ring."""
        real = (BrowserDriver.EXCHANGE, BrowserDriver.PROVIDER)
        return self.kind is TelephoneKind.BROWSER and self.driver in real


def browser_driver(settings: Settings) -> BrowserDriver:
    if settings.sip_wss_url:
        return BrowserDriver.EXCHANGE
    if browser_account(settings) is not None:
        return BrowserDriver.PROVIDER
    return BrowserDriver.SIMULATED if settings.simulator_allowed else BrowserDriver.NONE


def browser_account(settings: Settings) -> ProviderAccount | None:
    """The account whose callers are put through to browsers: only one, because a browser registers with one."""
    able = [
        one
        for one in provider_accounts(settings).values()
        if one.sends and one.can(Capability.CLIENT) and one.api_key and one.api_secret and not one.is_simulated
    ]
    return min(able, key=lambda one: (one.order, one.name), default=None)


def ringing(settings: Settings, telephone: ChosenTelephone, staff_id: int) -> Ringing:
    if telephone.kind is not TelephoneKind.BROWSER:
        return Ringing(telephone.kind, telephone.address, BrowserDriver.NONE)
    driver = browser_driver(settings)
    at_exchange = f"{SIP_SCHEME}{name_in_browser(staff_id)}@{settings.exchange_domain}"
    return Ringing(telephone.kind, at_exchange if driver is BrowserDriver.EXCHANGE else "", driver)


def out_of_reach(settings: Settings, rung: Ringing) -> tuple[list[str], bool]:
    """The accounts whose callers cannot be put through to this telephone, and whether that is all of them."""
    carrying = [one for one in provider_accounts(settings).values() if one.can(Capability.VOICE)]
    registered = browser_account(settings) if rung.driver is BrowserDriver.PROVIDER else None
    reaching = [one for one in carrying if _reaches(one, rung, registered)]
    return sorted(one.name for one in carrying if one not in reaching), bool(carrying) and not reaching


def is_voicemails(settings: Settings, rung: Ringing) -> bool:
    """A number that no account of ours asks for a key first: whoever picks up, a machine too, would take the caller."""
    return rung.kind is TelephoneKind.NUMBER and out_of_reach(settings, rung)[1]


def _reaches(account: ProviderAccount, rung: Ringing, registered: ProviderAccount | None) -> bool:
    if registered is not None and not account.is_simulated:
        return account.name == registered.name
    return account.can(way_to(rung.phone))


def credentials(settings: Settings, staff_id: int, *, until: datetime, now: datetime) -> Mapping[str, Any] | None:
    """What the browser registers with, good until then at the latest; None where nothing rings in browsers."""
    driver = browser_driver(settings)
    told: dict[str, Any] = {"driver": driver.value, "valid_until": until.isoformat()}
    match driver:
        case BrowserDriver.EXCHANGE:
            return told | _at_the_exchange(settings, staff_id, until=until)
        case BrowserDriver.PROVIDER:
            account = browser_account(settings)
            assert account is not None  # noqa: S101  (the driver follows from it)
            seconds = int((until - now).total_seconds())
            return told | {"token": browser_token(account, name_in_browser(staff_id), seconds=seconds)}
        case BrowserDriver.SIMULATED:
            return told
        case _:
            return None


def _at_the_exchange(settings: Settings, staff_id: int, *, until: datetime) -> dict[str, Any]:
    """A name that tells when it ends, and its digest as the password: the exchange needs no list of people."""
    name = name_in_browser(staff_id)
    user, password = _ending(settings.sip_secret, name, until=until)
    relays = []
    if settings.relays:
        relay_user, relay_password = _ending(settings.turn_secret, name, until=until)
        relays = [{"urls": list(settings.relays), "username": relay_user, "credential": relay_password}]
    return {
        "address": settings.sip_wss_url,
        "uri": f"{SIP_SCHEME}{name}@{settings.exchange_domain}",
        "realm": settings.exchange_domain,
        "user": user,
        "password": password,
        "relays": relays,
    }


def _ending(secret: str, name: str, *, until: datetime) -> tuple[str, str]:
    """As relays and exchanges know it: the second at which it ends, a colon and the name; base64 of HMAC-SHA1."""
    user = f"{int(until.timestamp())}:{name}"
    digest = hmac.new(secret.encode(), user.encode(), hashlib.sha1).digest()
    return user, base64.b64encode(digest).decode()


def hosts(settings: Settings) -> tuple[str, ...]:
    """To which a page with a telephone must be able to connect, as the content policy names them."""
    match browser_driver(settings):
        case BrowserDriver.EXCHANGE:
            return (settings.sip_wss_url.rstrip("/"),)
        case BrowserDriver.PROVIDER:
            return BROWSER_HOSTS
        case _:
            return ()
