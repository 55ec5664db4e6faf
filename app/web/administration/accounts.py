"""Accounts at telephone providers: added, changed, switched off, looked at live; secrets are never shown again."""

from collections.abc import Mapping, Sequence

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.phone.account_check import look
from app.phone.accounts import SIMULATED, set_up
from app.phone.known_accounts import known_accounts
from app.web.administration.account_form import (
    choices_of,
    shown_fields,
    typed_again,
    typed_fields,
    typed_name,
    typed_secrets,
    usual_fields,
)
from app.web.administration.account_words import capability_words, instead_words, kind_words, seen_words
from app.web.administration.blueprint import ADMINISTERING, blueprint
from app.web.frame.access import signed_in
from app.web.frame.current import done_with_database, hotline, settings
from app.web.frame.fault_words import fault_words
from app.web.frame.menu import in_menu
from telephony.provider.account import ProviderAccount
from telephony.provider.account_kinds import ACCOUNT_KINDS, AccountKind
from telephony.provider.kept_accounts import (
    account_of,
    add_account,
    change_account,
    end_rotation,
    is_referred_to,
    is_undecided,
    kept_accounts,
    remove,
    switch,
)
from tickets.city import city
from tickets.errors import InvalidInput, NotFound
from tickets.keys import account_keys
from tickets.outbox.text_parts import parts_sent
from tickets.schema import KeptAccount, Line

_HERE = "/administration/accounts"
_COUNTED_DAYS = 30


@blueprint.get(_HERE)
@in_menu(_l("Provider accounts"), order=7, under="administration")
@signed_in(*ADMINISTERING)
def accounts() -> ResponseReturnValue:
    rows = kept_accounts(g.session)
    sent = parts_sent(g.session, days=_COUNTED_DAYS, now=g.now)
    return render_template(
        "administration/accounts.html",
        rows=rows,
        unopened={row.name for row in rows if account_of(row, _keys()) is None},
        of_settings=list(set_up(settings()).values()),
        simulated=SIMULATED,
        kinds=[(kind.value, kind_words(kind)) for kind in ACCOUNT_KINDS],
        kind_words={kind.value: kind_words(kind) for kind in ACCOUNT_KINDS},
        sent=sent,
        costs={row.name: row.rate_text * sent.get(row.name, 0) for row in rows if row.rate_text is not None},
        home=city().country,
        production=settings().production,
    )


@blueprint.get(f"{_HERE}/new")
@signed_in(*ADMINISTERING)
def new_account() -> ResponseReturnValue:
    if "kind" not in request.args:
        return redirect(_HERE, code=303)
    kind = _kind(request.args["kind"])
    return _form(kind, usual_fields(kind), {one.value for one in kind.capabilities})


@blueprint.post(f"{_HERE}/new")
@signed_in(*ADMINISTERING)
def add_provider_account() -> ResponseReturnValue:
    kind = _kind(request.form.get("kind", ""))
    taken = {row.name: row for row in kept_accounts(g.session)} | set_up(settings()) | {SIMULATED: None, "new": None}
    try:
        name = typed_name(taken)
        fields = typed_fields(kind, production=settings().production)
        secrets = typed_secrets(kind, is_new=True)
    except InvalidInput as wrong:
        return _refused(kind, wrong)
    add_account(g.session, name, kind.kind, fields, secrets, key=_keys()[0], actor=g.actor, now=g.now)
    return _changed(name, _("The account is kept. Look now whether it lets us in and where its numbers lead."))


@blueprint.get(f"{_HERE}/<account>")
@signed_in(*ADMINISTERING)
def provider_account(account: str) -> ResponseReturnValue:
    row = _row(account)
    return _form(_kind(row.kind), shown_fields(row), set(row.capabilities), row=row)


@blueprint.post(f"{_HERE}/<account>")
@signed_in(*ADMINISTERING)
def change_provider_account(account: str) -> ResponseReturnValue:
    row = _row(account)
    kind = _kind(row.kind)
    try:
        fields = typed_fields(kind, production=settings().production)
        secrets = typed_secrets(kind, is_new=False)
    except InvalidInput as wrong:
        return _refused(kind, wrong, row=row)
    change_account(g.session, row, fields, secrets, keys=_keys(), actor=g.actor, now=g.now)
    return _changed(account, _("The change is kept; every process knows it within seconds."))


@blueprint.post(f"{_HERE}/<account>/switch")
@signed_in(*ADMINISTERING)
def switch_provider_account(account: str) -> ResponseReturnValue:
    is_on, row = request.form.get("to") == "on", _row(account)
    if is_on and settings().production and is_undecided(row):
        flash(_("Voice and text of citizens may lie abroad only by a decision: give its number first."), "error")
        return redirect(f"{_HERE}/{account}", code=303)
    switch(g.session, row, is_on=is_on, actor=g.actor, now=g.now)
    said = (
        _("It carries messages and calls again.")
        if is_on
        else _("Nothing more is sent by it. What it reports is heard.")
    )
    return _changed(account, said)


@blueprint.post(f"{_HERE}/<account>/end-rotation")
@signed_in(*ADMINISTERING)
def end_account_rotation(account: str) -> ResponseReturnValue:
    end_rotation(g.session, _row(account), keys=_keys(), actor=g.actor, now=g.now)
    return _changed(account, _("Only the new token is good now."))


@blueprint.post(f"{_HERE}/<account>/remove")
@signed_in(*ADMINISTERING)
def remove_provider_account(account: str) -> ResponseReturnValue:
    if not remove(g.session, _row(account), actor=g.actor, now=g.now):
        flash(_("Lines, calls or messages name this account. Switch it off instead."), "error")
        return redirect(f"{_HERE}/{account}", code=303)
    _renew()
    flash(_("The account is removed."), "success")
    return redirect(_HERE, code=303)


@blueprint.post(f"{_HERE}/<account>/check")
@signed_in(*ADMINISTERING)
def check_provider_account(account: str) -> ResponseReturnValue:
    """Asked over the network while no transaction is open."""
    row = next((one for one in kept_accounts(g.session) if one.name == account), None)
    known = account_of(row, _keys()) if row is not None else set_up(settings()).get(account)
    if known is None:
        if row is None:
            raise NotFound("account", account)
        flash(_("Its secrets cannot be opened with this installation’s key: type them anew."), "error")
        return redirect(f"{_HERE}/{account}", code=303)
    phones = _phones(known)
    page = _look(known, phones)
    return Response(page, mimetype="text/html")


def _look(known: ProviderAccount, phones: Sequence[str]) -> str:
    here = settings()
    done_with_database()
    found = [seen_words(one) for one in look(here, known, phones)]
    return render_template("administration/account_check.html", name=known.name, found=found, back=_HERE)


def _phones(known: ProviderAccount) -> Sequence[str]:
    lines = select(Line.phone).where(Line.provider_account == known.name, Line.valid_to.is_(None))
    found: Sequence[str] = g.session.scalars(lines.order_by(Line.phone)).all()
    return found


def _row(name: str) -> KeptAccount:
    wanted = select(KeptAccount).where(KeptAccount.name == name).with_for_update()
    row: KeptAccount | None = g.session.scalars(wanted).first()
    if row is None:
        raise NotFound("account", name)
    return row


def _kind(word: str) -> AccountKind:
    for kind, of_kind in ACCOUNT_KINDS.items():
        if kind.value == word:
            return of_kind
    raise NotFound("account kind", word)


def _keys() -> tuple[bytes, ...]:
    here = settings()
    return account_keys(here.secret_key, previous=here.previous_secret_keys)


def _changed(name: str, words: str) -> ResponseReturnValue:
    _renew()
    flash(words, "success")
    return redirect(f"{_HERE}/{name}", code=303)


def _renew() -> None:
    """This process at once; the others of this node by the file, those of other nodes within two seconds."""
    if hotline().is_bound:
        return
    done_with_database()
    known_accounts(settings()).renew(hotline().sessions, at_once=True)


def _refused(kind: AccountKind, wrong: InvalidInput, *, row: KeptAccount | None = None) -> Response:
    errors = {wrong.field: fault_words(wrong)}
    return Response(
        _form(kind, typed_again(), set(request.form.getlist("can")), row=row, errors=errors), 400, mimetype="text/html"
    )


def _form(
    kind: AccountKind,
    fields: Mapping[str, str],
    can: set[str],
    *,
    row: KeptAccount | None = None,
    errors: Mapping[str, str] | None = None,
) -> str:
    return render_template(
        "administration/account.html",
        kind=kind,
        kind_word=kind_words(kind.kind),
        fields=fields,
        can=can,
        capabilities=[(one.value, capability_words(one)) for one in choices_of(kind)],
        instead=instead_words(kind),
        row=row,
        opens=row is None or account_of(row, _keys()) is not None,
        may_remove=row is not None and not is_referred_to(g.session, row.name),
        base=f"{settings().base_url}/webhooks/{row.name if row else '…'}",
        home=city().country,
        errors=errors or {},
    )
