"""Accounts as rows: several at once, known to every process, judged while the database is away, secrets unseen."""

import itertools
import json
import time
from datetime import UTC, datetime

import pytest
from sqlalchemy import make_url, select
from werkzeug.datastructures import MultiDict

from app.phone.accounts import provider_accounts, sending_account, undecided
from app.phone.known_accounts import KnownAccounts, known_accounts
from app.settings import Settings
from app.storage.secret_keys import finish_rotation, settle_key
from app.web.factory import create_app
from telephony.provider.account import Capability, ProviderKind
from telephony.provider.account_secrets import AccountSecrets
from telephony.provider.kept_accounts import (
    account_of,
    change_account,
    end_rotation,
    remove,
    switch,
)
from telephony.provider.signatures import sign
from tests.telephony.provider.account_rows import add, fields_of
from tickets.keys import account_keys
from tickets.people.actor import SYSTEM
from tickets.schema import AuditEntry, Call, KeptAccount

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
_sids = itertools.count(1)


@pytest.fixture
def own_settings(committed, settings, tmp_path):
    told = {"database_url": committed.url, "data_dir": tmp_path}
    return Settings(**{**settings.model_dump(), **told}, _env_file=None)


@pytest.fixture
def keep(committed, own_settings):
    """Change rows in a transaction of their own."""

    def keep(work):
        with committed.factory() as session:
            given = work(session)
            session.commit()
            return given

    return keep


@pytest.fixture
def client(own_settings):
    return create_app(own_settings).test_client()


def post(client, account, kind, token, header="X-Twilio-Signature", sid=None, **fields):
    form = {"CallSid": sid or f"call-{next(_sids)}", "From": "+84901234567", "To": "+842838000000"} | fields
    url = f"http://127.0.0.1:8000/webhooks/{account}/{kind}"
    headers = {header: sign(token, url, MultiDict(form))}
    return client.post(f"/webhooks/{account}/{kind}", data=form, headers=headers, base_url="http://127.0.0.1:8000")


def due(own_settings):
    """As if two seconds had passed since anybody asked."""
    known_accounts(own_settings)._asked_at = 0.0


def of_name(session, name):
    return session.scalars(select(KeptAccount).where(KeptAccount.name == name)).one()


def test_a_call_at_each_of_two_accounts_is_answered_by_what_that_account_can(client, keep, own_settings, committed):
    keep(lambda s: add(s, own_settings, "trunk", token="token-of-the-trunk"))
    keep(lambda s: add(s, own_settings, "abroad", ProviderKind.SIGNALWIRE, token="signing-key", decision_no="12/QD"))
    due(own_settings)

    poor = post(client, "trunk", "voice", "token-of-the-trunk")
    rich = post(client, "abroad", "voice", "signing-key", header="X-SignalWire-Signature")
    crossed = post(client, "trunk", "voice", "signing-key")

    assert (poor.status_code, rich.status_code, crossed.status_code) == (200, 200, 403)
    assert b"<Gather" in poor.data and b"speech" not in poor.data
    with committed.factory() as session:
        assert sorted(session.scalars(select(Call.account))) == ["abroad", "trunk"]


def test_an_account_added_elsewhere_a_moment_ago_is_believed_at_its_first_call(client, keep, own_settings):
    unknown = post(client, "trunk", "voice", "the-token")
    keep(lambda s: add(s, own_settings, "trunk"))
    due(own_settings)

    assert unknown.status_code == 404
    assert post(client, "trunk", "voice", "the-token").status_code == 200


def test_during_a_rotation_both_tokens_are_good_and_after_it_the_new_one_alone(client, keep, own_settings, committed):
    keys = account_keys(own_settings.secret_key)
    keep(lambda s: add(s, own_settings, "trunk", token="old-token"))
    fields = fields_of(ProviderKind.OWN_TRUNK)
    keep(
        lambda s: change_account(
            s, of_name(s, "trunk"), fields, AccountSecrets(auth_token="new-token"), keys=keys, actor=SYSTEM, now=NOW
        )
    )
    due(own_settings)
    both = [post(client, "trunk", "voice", token).status_code for token in ("old-token", "new-token")]

    keep(lambda s: end_rotation(s, of_name(s, "trunk"), keys=keys, actor=SYSTEM, now=NOW))
    due(own_settings)
    # The old one is still in memory; the first refusal of anything reads the rows again.
    post(client, "trunk", "voice", "nonsense")
    after = [post(client, "trunk", "voice", token).status_code for token in ("old-token", "new-token")]

    assert (both, after) == ([200, 200], [403, 200])
    with committed.factory() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action.like("provider_account.%"))).all()
        told = json.dumps([entry.params for entry in entries])
    assert "auth_token" in told, "that it changed is kept"
    assert "old-token" not in told and "new-token" not in told, "and never what it was"


def test_an_account_another_process_kept_a_moment_ago_is_known_here_without_the_database(own_settings, keep, tmp_path):
    """A process that looked at the file just before does not call the account unknown for half a second."""
    keep(lambda s: add(s, own_settings, "trunk"))
    nowhere = make_url(own_settings.database_url).set(port=9).render_as_string(hide_password=False)
    without = own_settings.model_copy(update={"database_url": nowhere})
    client = create_app(without).test_client()
    assert post(client, "trunk", "voice", "the-token").status_code == 404
    here = known_accounts(without)
    here._looked_at = time.monotonic() + 60

    known_accounts(own_settings).renew(create_app(own_settings).sessions, at_once=True)

    assert post(client, "trunk", "voice", "the-token").status_code == 200


def test_with_the_database_stopped_a_process_that_starts_knows_its_accounts(keep, own_settings, tmp_path):
    keep(lambda s: add(s, own_settings, "trunk"))
    first = known_accounts(own_settings)
    with_database = create_app(own_settings)
    first.renew(with_database.sessions, at_once=True)
    (kept,) = tmp_path.glob("provider-accounts*")

    nowhere = make_url(own_settings.database_url).set(port=9).render_as_string(hide_password=False)
    later = create_app(own_settings.model_copy(update={"database_url": nowhere})).test_client()
    believed, forged = post(later, "trunk", "voice", "the-token"), post(later, "trunk", "voice", "another")

    assert believed.status_code == 200 and b"<Record" in believed.data, "the fail-safe document of this account"
    assert forged.status_code == 403
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "the-token" not in kept.read_text()


def test_what_another_key_has_sealed_opens_nothing_and_takes_nothing_away(keep, own_settings, committed, tmp_path):
    keep(lambda s: add(s, own_settings, "trunk"))
    known = known_accounts(own_settings)
    known.renew(committed.factory, at_once=True)

    stranger = KnownAccounts(tmp_path / "provider-accounts", account_keys("another key of the same length as ours"))

    assert stranger.rows() == ()
    assert [one.name for one in known.rows()] == ["trunk"]


def test_another_process_of_the_node_learns_from_the_file_what_one_has_found(keep, own_settings, committed, tmp_path):
    other = KnownAccounts(tmp_path / "provider-accounts", account_keys(own_settings.secret_key))
    assert other.rows() == ()
    keep(lambda s: add(s, own_settings, "trunk"))

    known_accounts(own_settings).renew(committed.factory, at_once=True)
    other._looked_at = 0.0

    assert other.rows() == known_accounts(own_settings).rows() != ()


def test_nothing_that_opens_an_account_is_shown_where_accounts_are_printed(keep, own_settings, committed):
    keep(lambda s: add(s, own_settings, "trunk"))
    known = known_accounts(own_settings)
    known.renew(committed.factory, at_once=True)

    with committed.factory() as session:
        row = of_name(session, "trunk")
        assert "the-token" not in repr(known) + repr(known.rows()) + repr(row.__dict__)


def test_texts_go_by_the_order_of_accounts_and_never_by_one_that_is_off(keep, own_settings, committed):
    keep(lambda s: add(s, own_settings, "second", ProviderKind.TWILIO, asked_in_order=20, decision_no="1/QD"))
    keep(lambda s: add(s, own_settings, "first", ProviderKind.GATEWAY, asked_in_order=10))
    keep(lambda s: add(s, own_settings, "calls", ProviderKind.OWN_TRUNK, asked_in_order=5))
    known = known_accounts(own_settings)

    def chosen():
        known.renew(committed.factory, at_once=True)
        return tuple(sending_account(own_settings, one).name for one in (Capability.SMS_OUTBOUND, Capability.VOICE))

    usual = chosen()
    keep(lambda s: switch(s, of_name(s, "first"), is_on=False, actor=SYSTEM, now=NOW))
    without_first = chosen()

    assert (usual, without_first) == (("first", "calls"), ("second", "calls"))
    assert "first" in provider_accounts(own_settings), "what it still reports is heard"


def test_an_account_abroad_without_a_decision_answers_who_calls_and_sends_nothing(keep, own_settings, committed):
    keep(lambda s: add(s, own_settings, "undecided", ProviderKind.TWILIO, country="US", asked_in_order=1))
    production = own_settings.model_copy(update={"public_base_url": "https://hotline.example.vn", "demo": False})
    known = known_accounts(own_settings)
    known.renew(committed.factory, at_once=True)

    def sends():
        found = [sending_account(production, one) for one in (Capability.SMS_OUTBOUND, Capability.VOICE)]
        return [one.name if one else None for one in found]

    public = create_app(production).test_client()
    form = {"CallSid": "call-abroad", "From": "+84901234567", "To": "+842838000000"}
    url = "https://hotline.example.vn/webhooks/undecided/voice"
    headers = {"X-Twilio-Signature": sign("the-token", url, MultiDict(form))}
    called = public.post("/webhooks/undecided/voice", data=form, headers=headers, base_url="https://hotline.example.vn")
    alone = sends()
    keep(lambda s: add(s, own_settings, "decided", ProviderKind.TWILIO, country="US", decision_no="12/QĐ-UBND"))
    known.renew(committed.factory, at_once=True)

    assert called.status_code == 200 and b"<Gather" in called.data, "no caller is sent away by a decision of ours"
    assert (alone, sends()) == ([None, None], ["decided", "decided"])
    ready = public.get("/health/ready", base_url="https://hotline.example.vn")
    assert "decision for account undecided" in ready.get_json()["lacks"]
    assert [one.name for one in undecided(production)] == ["undecided"]


def test_changing_the_installations_key_seals_the_secrets_anew(keep, own_settings, committed):
    newer = own_settings.model_copy(
        update={
            "secret_key": "a-newer-key-of-sufficient-length-9876543210",
            "secret_key_previous": own_settings.secret_key,
        }
    )
    keep(lambda s: settle_key(s, own_settings, now=NOW))
    keep(lambda s: add(s, own_settings, "trunk"))

    keep(lambda s: finish_rotation(s, newer, actor=SYSTEM, now=NOW))

    with committed.factory() as session:
        row = of_name(session, "trunk")
        assert account_of(row, account_keys(newer.secret_key)).auth_token == "the-token"
        assert account_of(row, account_keys(own_settings.secret_key)) is None


def test_an_account_by_which_a_call_came_is_never_removed(keep, own_settings, client):
    keep(lambda s: add(s, own_settings, "trunk"))
    keep(lambda s: add(s, own_settings, "unused"))
    due(own_settings)
    assert post(client, "trunk", "voice", "the-token").status_code == 200

    removed = keep(lambda s: [remove(s, of_name(s, n), actor=SYSTEM, now=NOW) for n in ("trunk", "unused")])

    assert removed == [False, True]
