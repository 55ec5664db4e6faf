"""A caller hears the city's own speaker wherever a whole sentence is recorded, and the voice everywhere else."""

import itertools
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from sqlalchemy import text
from werkzeug.datastructures import MultiDict

from app.phone.known_recordings import KnownRecordings
from app.settings import Settings
from app.storage.telephone_sound import telephone_wav
from app.web.factory import create_app
from app.wording.recorded_pieces import pieces_to_record, words_of_piece
from telephony import recorded_prompts
from telephony.plan.prompts import Prompt
from telephony.provider.signatures import sign
from telephony.recorded_prompts import NewRecording
from tickets.people.actor import SYSTEM
from tickets.schema import AuditEntry

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
_sids = itertools.count(1)


@pytest.fixture
def own_settings(committed, settings, tmp_path):
    told = {"database_url": committed.url, "data_dir": tmp_path}
    return Settings(**{**settings.model_dump(), **told}, _env_file=None)


@pytest.fixture
def record(committed):
    """Record pieces, each as a sound of its own."""

    def record(*codes, locale="vi", words=None):
        with committed.factory() as session:
            for code in codes:
                said = words or words_of_piece(code, locale)
                sound = telephone_wav([len(code) / 100, 0.1] * (400 + 8 * len(code)))
                new = NewRecording(locale, code, said, sound, (100 + 2 * len(code)) / 1000, f"{code}.wav")
                recorded_prompts.keep(session, new, actor=SYSTEM, now=NOW)
            session.commit()

    return record


@pytest.fixture
def known(committed, tmp_path):
    found = KnownRecordings(tmp_path / "recorded-prompts")
    found.renew(committed.factory, at_once=True)
    return found


def ring(client, settings, *, to="+842838000000", step="voice", sid=None, **fields):
    account = settings_account(client)
    form = {"CallSid": sid or f"CA{next(_sids)}", "From": "+84901234567", "To": to, "AccountSid": account.account_sid}
    form |= fields
    url = f"{settings.base_url}/webhooks/sim/{step}"
    header = {"X-Twilio-Signature": sign(account.auth_token, url, MultiDict(form))}
    return client.post(f"/webhooks/sim/{step}", data=form, headers=header)


def settings_account(client):
    return client.application.extensions["webhook_door"].phones.accounts["sim"]


@pytest.fixture
def client(own_settings, record):
    app = create_app(own_settings)
    client = app.test_client()
    client.get("/health")
    return client


def heard(answer):
    return [(one.tag, (one.text or "").strip()) for one in ElementTree.fromstring(answer.data).iter()
            if one.tag in ("Say", "Play")]  # fmt: skip


def renewed(client, committed):
    recordings = client.application.extensions["webhook_door"].phones.recordings
    recordings.renew(committed.factory, at_once=True)
    return recordings


def test_a_caller_hears_what_was_recorded_and_the_provider_fetches_it_at_its_address(
    client, own_settings, committed, record
):
    record("menu_report", "menu_person")
    renewed(client, committed)

    said = heard(ring(client, own_settings))

    played = [address for tag, address in said if tag == "Play"]
    assert [address.rsplit("/", 1)[1].split(".")[0] for address in played] == ["menu_report", "menu_person"]
    assert ("Say", words_of_piece("recording_notice", "vi")) in said
    answer = client.get(played[0].removeprefix(own_settings.base_url))
    assert answer.status_code == 200
    assert answer.mimetype == "audio/wav"
    assert answer.data[:4] == b"RIFF"
    assert "immutable" in answer.headers["Cache-Control"]


def test_recordings_are_played_and_served_while_the_database_is_away(client, own_settings, committed, record):
    record("please_hold", "menu_report")
    renewed(client, committed)
    first = heard(ring(client, own_settings, sid="CAdown"))
    address = next(address for tag, address in first if tag == "Play").removeprefix(own_settings.base_url)
    with committed.engine.connect() as connection:
        connection.execute(text("select 1"))
    # Whoever starts now has nothing but the folder.
    away = Settings(
        **{**own_settings.model_dump(), "database_url": "postgresql+psycopg://nobody@127.0.0.1:1/nothing"},
        _env_file=None,
    )
    app = create_app(away)
    alone = app.test_client()

    served = alone.get(address)

    assert served.status_code == 200
    phones = app.extensions["webhook_door"].phones
    assert [one.split("/sounds/")[1].split(".")[0] for one in phones.addresses_of(Prompt.PLEASE_HOLD, {}, "vi")] == [
        "vi/please_hold"
    ]


def test_a_sentence_with_a_number_is_played_only_when_all_its_pieces_are_recorded(known, committed, record):
    record("queue_position.1", "number.3")
    known.renew(committed.factory, at_once=True)
    assert known.sentence(Prompt.QUEUE_POSITION, {"position": 3}, "vi") == []

    record("queue_position.2")
    known.renew(committed.factory, at_once=True)

    played = [one.code for one in known.sentence(Prompt.QUEUE_POSITION, {"position": 3}, "vi")]
    assert played == ["queue_position.1", "number.3", "queue_position.2"]
    assert known.sentence(Prompt.QUEUE_POSITION, {"position": 4}, "vi") == []


def test_the_voice_speaks_again_where_the_words_have_changed(known, committed, record):
    record("goodbye", words="Xin chào ông bà.")
    record("greeting")
    known.renew(committed.factory, at_once=True)

    assert known.sentence(Prompt.GOODBYE, {}, "vi") == []
    assert [one.code for one in known.sentence(Prompt.GREETING, {}, "vi")] == ["greeting"]


def test_a_recording_of_one_language_is_not_played_to_who_speaks_another(known, committed, record):
    record("greeting")
    known.renew(committed.factory, at_once=True)

    assert known.sentence(Prompt.GREETING, {}, "en") == []


def test_replacing_and_withdrawing_are_heard_and_every_version_stays(known, committed, record):
    record("greeting")
    known.renew(committed.factory, at_once=True)
    first = known.sentence(Prompt.GREETING, {}, "vi")[0]
    with committed.factory() as session:
        new = NewRecording("vi", "greeting", first.words, telephone_wav([0.3] * 900), 0.1, "b.wav")
        recorded_prompts.keep(session, new, actor=SYSTEM, now=NOW)
        session.commit()
    known.renew(committed.factory, at_once=True)
    second = known.sentence(Prompt.GREETING, {}, "vi")[0]
    with committed.factory() as session:
        assert recorded_prompts.withdraw(session, "vi", "greeting", actor=SYSTEM, now=NOW)
        session.commit()
    known.renew(committed.factory, at_once=True)

    assert first.digest != second.digest
    assert known.sentence(Prompt.GREETING, {}, "vi") == ()
    # A call that was told of it a moment ago still finds it.
    assert known.sound(second.digest) is not None
    with committed.factory() as session:
        assert len(recorded_prompts.versions(session, "vi", "greeting")) == 2
        trail = session.query(AuditEntry.action).filter(AuditEntry.action.startswith("recorded_prompt."))
        assert [action for (action,) in trail.order_by(AuditEntry.id)] == [
            "recorded_prompt.kept", "recorded_prompt.replaced", "recorded_prompt.withdrawn",
        ]  # fmt: skip


def test_another_node_serves_what_it_has_not_fetched_yet(client, committed, record):
    record("greeting")
    with committed.factory() as session:
        digest = recorded_prompts.in_force(session)[0].sha256

    assert client.get(f"/sounds/vi/greeting.{digest}.wav").status_code == 200


@pytest.mark.parametrize("name", ["greeting.wav", "greeting." + "0" * 64 + ".wav", "..%2f..%2fsecret-key", "x" * 300])
def test_what_is_no_recording_is_not_there(client, name):
    assert client.get(f"/sounds/vi/{name}").status_code == 404


def test_a_whole_language_takes_one_statement_more_than_none(known, committed, record):
    record(*pieces_to_record("vi"))
    known.renew(committed.factory, at_once=True)

    assert len(known.played()) == len(pieces_to_record("vi"))
