"""Accounts as rows: the rows of `provider_account`, and the account that follows from one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from telephony.provider.account import Capability, ProviderAccount, ProviderKind
from telephony.provider.account_kinds import ACCOUNT_KINDS
from telephony.provider.account_secrets import AccountSecrets
from tickets.audit.entries import record
from tickets.city import city
from tickets.people.actor import Actor
from tickets.schema import Call, InboundSms, KeptAccount, Line, OutboundMessage, Recording

_SUBJECT = "provider_account"
_SECRETS = ("auth_token", "api_key", "api_secret")


@dataclass(frozen=True)
class AccountFields:
    """What is said of an account and may be shown again; judged by whoever took it in."""

    account_sid: str
    signature_header: str
    api_base_url: str
    capabilities: tuple[Capability, ...]
    media_hosts: tuple[str, ...]
    voice: str
    text_sender: str
    call_sender: str
    longest_text: int
    templates: tuple[tuple[str, str], ...]
    asked_in_order: int
    rate_text: Decimal | None
    rate_minute: Decimal | None
    currency: str
    country: str
    decision_no: str


def kept_accounts(session: Session) -> Sequence[KeptAccount]:
    """All of them, in the order in which they are asked to carry something."""
    return session.scalars(select(KeptAccount).order_by(KeptAccount.asked_in_order, KeptAccount.name)).all()


def undecided_names(session: Session) -> Sequence[str]:
    """Those in use whose data lie abroad without a recorded decision."""
    wanted = select(KeptAccount.name).where(
        KeptAccount.off_at.is_(None), KeptAccount.country.not_in(("", city().country)), KeptAccount.decision_no == ""
    )
    return session.scalars(wanted.order_by(KeptAccount.name)).all()


def is_undecided(row: KeptAccount) -> bool:
    return row.country not in ("", city().country) and not row.decision_no


def account_of(row: KeptAccount, keys: Sequence[bytes]) -> ProviderAccount | None:
    """None where its secrets were sealed under a key that is not ours, or its kind is of another release."""
    secrets = AccountSecrets.opened(row.secrets, keys)
    kind = next((one for one in ACCOUNT_KINDS.values() if one.kind.value == row.kind), None)
    if secrets is None or kind is None:
        return None
    return ProviderAccount(
        name=row.name,
        kind=kind.kind,
        account_sid=row.account_sid,
        auth_token=secrets.auth_token,
        previous_auth_token=secrets.previous_auth_token or None,
        api_key=secrets.api_key or None,
        api_secret=secrets.api_secret or None,
        api_base_url=row.api_base_url or kind.api_base_url,
        capabilities=_capabilities(row.capabilities) & kind.possible,
        driver=kind.driver,
        signature_header=row.signature_header or kind.signature_header,
        sends=row.off_at is None,
        order=row.asked_in_order,
        text_sender=row.text_sender,
        call_sender=row.call_sender,
        media_hosts=tuple(row.media_hosts) or kind.media_hosts,
        voice=row.voice,
        templates=tuple(sorted((str(name), str(id)) for name, id in row.templates.items())),
        longest_text=row.longest_text,
        country=row.country,
        decision_no=row.decision_no,
    )


def _capabilities(words: Iterable[str]) -> frozenset[Capability]:
    """What a later release has added means nothing to this one."""
    return frozenset(one for one in Capability if one.value in set(words))


def add_account(
    session: Session,
    name: str,
    kind: ProviderKind,
    fields: AccountFields,
    secrets: AccountSecrets,
    *,
    key: bytes,
    actor: Actor,
    now: datetime,
) -> KeptAccount:
    row = KeptAccount(name=name, kind=kind.value, secrets=secrets.sealed(key), changed_at=now, **_columns(fields))
    session.add(row)
    session.flush()
    _note(session, row, "added", {"account_kind": row.kind, "country": row.country}, actor=actor, now=now)
    return row


def change_account(
    session: Session,
    row: KeptAccount,
    fields: AccountFields,
    typed: AccountSecrets,
    *,
    keys: Sequence[bytes],
    actor: Actor,
    now: datetime,
) -> None:
    """A secret that was left empty stays; a new token leaves the one before it good until it is taken away.

    The trail keeps which fields changed, and of a secret only that it did.
    """
    columns = _columns(fields)
    changed = sorted(name for name, value in columns.items() if getattr(row, name) != value)
    for name in changed:
        setattr(row, name, columns[name])
    before = AccountSecrets.opened(row.secrets, keys) or AccountSecrets()
    after = _renewed(before, typed)
    if after != before:
        changed += [name for name in _SECRETS if getattr(after, name) != getattr(before, name)]
        row.secrets = after.sealed(keys[0])
        if after.previous_auth_token != before.previous_auth_token:
            row.two_tokens_since = now
    if changed:
        row.changed_at = now
        _note(session, row, "changed", {"account_fields": changed}, actor=actor, now=now)


def _renewed(before: AccountSecrets, typed: AccountSecrets) -> AccountSecrets:
    after = replace(
        before,
        api_key=typed.api_key or before.api_key,
        api_secret=typed.api_secret or before.api_secret,
    )
    if typed.auth_token and typed.auth_token != before.auth_token:
        after = replace(after, auth_token=typed.auth_token, previous_auth_token=before.auth_token)
    return after


def end_rotation(session: Session, row: KeptAccount, *, keys: Sequence[bytes], actor: Actor, now: datetime) -> None:
    """From now on only the token in force is good."""
    secrets = AccountSecrets.opened(row.secrets, keys)
    if secrets is None or not secrets.previous_auth_token:
        return
    row.secrets = replace(secrets, previous_auth_token="").sealed(keys[0])
    row.two_tokens_since, row.changed_at = None, now
    _note(session, row, "rotation_ended", {}, actor=actor, now=now)


def switch(session: Session, row: KeptAccount, *, is_on: bool, actor: Actor, now: datetime) -> None:
    if is_on == (row.off_at is None):
        return
    row.off_at, row.changed_at = None if is_on else now, now
    _note(session, row, "switched_on" if is_on else "switched_off", {}, actor=actor, now=now)


def remove(session: Session, row: KeptAccount, *, actor: Actor, now: datetime) -> bool:
    """Only what nothing ever came by; False where lines, calls or messages name it."""
    if is_referred_to(session, row.name):
        return False
    _note(session, row, "removed", {}, actor=actor, now=now)
    session.delete(row)
    session.flush()
    return True


def is_referred_to(session: Session, name: str) -> bool:
    columns = (Line.provider_account, Call.account, InboundSms.account, OutboundMessage.provider_account,
               Recording.account)  # fmt: skip
    return any(session.scalar(select(column).where(column == name).limit(1)) is not None for column in columns)


def seal_anew(session: Session, keys: Sequence[bytes], *, now: datetime) -> None:
    """Under the first of the keys, as the last step of changing the installation's own."""
    for row in kept_accounts(session):
        secrets = AccountSecrets.opened(row.secrets, keys)
        if secrets is not None:
            row.secrets, row.changed_at = secrets.sealed(keys[0]), now
    session.flush()


def _columns(fields: AccountFields) -> dict[str, object]:
    told = {name: getattr(fields, name) for name in AccountFields.__dataclass_fields__}
    return told | {
        "capabilities": sorted(one.value for one in fields.capabilities),
        "media_hosts": list(fields.media_hosts),
        "templates": dict(fields.templates),
    }


def _note(
    session: Session, row: KeptAccount, what: str, params: dict[str, object], *, actor: Actor, now: datetime
) -> None:
    record(
        session, actor=actor, action=f"provider_account.{what}", subject_kind=_SUBJECT, subject_id=row.id,
        params={"account": row.name} | params, now=now,
    )  # fmt: skip
