"""By which telephone an agent talks: in the browser, a SIP telephone, or a plain number. A row for whoever chose."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, assert_never

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from telephony.provider.account import Capability, ProviderAccount
from tickets.audit import entries
from tickets.errors import InvalidInput
from tickets.people.actor import Actor
from tickets.people.phones import PhoneKind, parse_phone
from tickets.schema import AgentTelephone
from tickets.states import TelephoneKind

# In a call's detail: the ways by which its provider can ring nobody.
CANNOT_RING = "cannot_ring"
SIP_SCHEME = "sip:"
_CHOSEN = ("kind", "address", "changed_at")
_WAYS = (Capability.CLIENT, Capability.SIP, Capability.WHISPER)
_SIP = re.compile(r"[a-z0-9][a-z0-9._+~-]{0,63}@[a-z0-9]([a-z0-9.-]{0,200}[a-z0-9])?(:[0-9]{2,5})?")


@dataclass(frozen=True, slots=True)
class ChosenTelephone:
    """`address` is empty for the browser, `sip:…` or a whole number."""

    kind: TelephoneKind = TelephoneKind.BROWSER
    address: str = ""


IN_THE_BROWSER = ChosenTelephone()


def name_in_browser(staff_id: int) -> str:
    """By which their browser is known to a provider and to an exchange."""
    return f"agent_{staff_id}"


def way_to(phone: str) -> Capability:
    """What a provider must be able to do to ring there; `phone` as in `presence.phone`.

    A number may be a mobile's: without a key that is asked for first, its voicemail would take the caller.
    """
    if not phone:
        return Capability.CLIENT
    return Capability.SIP if phone.startswith(SIP_SCHEME) else Capability.WHISPER


def cannot_ring(account: ProviderAccount) -> list[str]:
    """The ways by which this account's callers reach no agent."""
    return [way.value for way in _WAYS if not account.can(way)]


def may_ring(detail: Mapping[str, Any], phone: str) -> bool:
    """Whether the provider of a call with this detail can ring there."""
    return way_to(phone) not in detail.get(CANNOT_RING, ())


def telephone_of(session: Session, staff_id: int) -> ChosenTelephone:
    return telephones_of(session, [staff_id]).get(staff_id, IN_THE_BROWSER)


def telephones_of(session: Session, staff_ids: Collection[int]) -> dict[int, ChosenTelephone]:
    """Of whoever chose one; everybody else talks in the browser."""
    rows = session.execute(
        select(AgentTelephone.staff_id, AgentTelephone.kind, AgentTelephone.address).where(
            AgentTelephone.staff_id.in_(staff_ids)
        )
    )
    return {staff_id: ChosenTelephone(kind, address) for staff_id, kind, address in rows}


def typed_telephone(
    kind: str, address: str, *, exchange: str = "", our_numbers: Collection[str] = ()
) -> ChosenTelephone:
    """What somebody typed; `exchange` is the domain of the city's own, outside of which no SIP telephone is rung.

    Raises InvalidInput for what cannot be rung, or would ring ourselves.
    """
    if kind not in set(TelephoneKind):
        raise InvalidInput("kind", "required")
    match TelephoneKind(kind):
        case TelephoneKind.BROWSER:
            return IN_THE_BROWSER
        case TelephoneKind.SIP:
            return ChosenTelephone(TelephoneKind.SIP, _sip_address(address, exchange))
        case TelephoneKind.NUMBER:
            return ChosenTelephone(TelephoneKind.NUMBER, _number(address, our_numbers))
        case unknown:
            assert_never(unknown)


def _sip_address(typed: str, exchange: str) -> str:
    address = typed.strip().lower().removeprefix(SIP_SCHEME)
    if not address:
        raise InvalidInput("address", "required")
    if not _SIP.fullmatch(address):
        raise InvalidInput("address", "not_a_sip_address")
    if exchange and address.partition("@")[2].partition(":")[0] != exchange:
        raise InvalidInput("address", "not_at_the_exchange", exchange=exchange)
    return SIP_SCHEME + address


def _number(typed: str, our_numbers: Collection[str]) -> str:
    if not typed.strip():
        raise InvalidInput("address", "required")
    phone = parse_phone(typed.strip()[:40])
    if phone is None or phone.is_premium or phone.kind in (PhoneKind.SHORT_CODE, PhoneKind.SERVICE):
        raise InvalidInput("address", "bad_phone")
    if phone.number in our_numbers:
        raise InvalidInput("address", "number_is_ours")
    return phone.number


def choose(session: Session, staff_id: int, telephone: ChosenTelephone, *, actor: Actor, now: datetime) -> bool:
    """From the next “Take calls” on; false when it was this one already. The trail keeps the kind, never a number."""
    if telephone == telephone_of(session, staff_id):
        return False
    row = insert(AgentTelephone).values(
        staff_id=staff_id, kind=telephone.kind, address=telephone.address, changed_at=now
    )
    changed = {name: row.excluded[name] for name in _CHOSEN}
    session.execute(row.on_conflict_do_update(index_elements=[AgentTelephone.staff_id], set_=changed))
    params: Mapping[str, object] = {"telephone_kind": telephone.kind.value, "staff_id": staff_id}
    entries.record(
        session, actor=actor, action="telephone.chosen", subject_kind="staff", subject_id=staff_id,
        params=params, now=now,
    )  # fmt: skip
    return True
