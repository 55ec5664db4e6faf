"""Settings are judged together, before anything starts."""

import os
import stat

import pytest

from app.phone.answers import Phones
from app.reference import Reference
from app.settings import Settings, SettingsRefused, is_loopback, load_settings

GOOD_SECRET = "n4Zk1-PqX7vR_2sLw9TjYbE6uHcGdM0aFoKi"


@pytest.fixture(autouse=True)
def _no_settings_from_this_machine(monkeypatch, tmp_path):
    for name in list(os.environ):
        if name.startswith("HOTLINE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOTLINE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setitem(Settings.model_config, "env_file", None)


def reasons(monkeypatch, **environment):
    for name, value in environment.items():
        monkeypatch.setenv(f"HOTLINE_{name}", value)
    with pytest.raises(SettingsRefused) as refused:
        load_settings()
    return refused.value.reasons


def test_nothing_set_means_this_machine_alone_with_a_generated_secret():
    settings = load_settings()

    assert not settings.production
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.live_base_url == "http://127.0.0.1:8001"
    assert len(settings.secret_key) >= 32


def test_the_generated_secret_is_private_and_stays_the_same():
    first = load_settings()
    second = load_settings()

    assert first.secret_key == second.secret_key
    assert stat.S_IMODE((first.data_dir / "secret-key").stat().st_mode) == 0o600
    assert [path.name for path in first.data_dir.iterdir()] == ["secret-key"]


def test_everything_wrong_is_named_at_once(monkeypatch):
    found = reasons(
        monkeypatch,
        PORT="eighty",
        PUBLIC_BASE_URL="http://hotline.example.vn",
        SECRET_KEY="short",
        TWILIO_ACCOUNT_SID="AC1",
        SMTP_URL="mail.example",
        TIMEZONE="Mars/Olympus",
    )

    for word in ("PORT", "PUBLIC_BASE_URL", "SECRET_KEY", "TWILIO_AUTH_TOKEN", "SMTP_URL", "TIMEZONE"):
        assert any(f"HOTLINE_{word}" in reason for reason in found), word


@pytest.mark.parametrize("weak", ["", "short", "a" * 64, "changeme" * 8])
def test_a_public_address_needs_a_strong_secret(monkeypatch, weak):
    found = reasons(monkeypatch, PUBLIC_BASE_URL="https://hotline.example.vn", SECRET_KEY=weak)

    assert len(found) == 1
    assert "HOTLINE_SECRET_KEY" in found[0]


def test_demonstration_data_never_run_on_a_public_address(monkeypatch):
    found = reasons(monkeypatch, PUBLIC_BASE_URL="https://hotline.example.vn", SECRET_KEY=GOOD_SECRET, DEMO="1")

    assert found == ["Demonstration data must not run on a public address: start with ./hotline up --no-demo."]


def test_in_production_voice_and_text_lie_abroad_only_by_a_decision(monkeypatch):
    account = {"TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "token"}
    public = {"PUBLIC_BASE_URL": "https://hotline.example.vn", "SECRET_KEY": GOOD_SECRET}

    found = reasons(monkeypatch, **public, **account)

    assert len(found) == 1 and "HOTLINE_TWILIO_DECISION" in found[0] and "US" in found[0]
    for allowed in ({"TWILIO_COUNTRY": "VN"}, {"TWILIO_COUNTRY": "US", "TWILIO_DECISION": "12/QĐ-UBND"}):
        for name, value in allowed.items():
            monkeypatch.setenv(f"HOTLINE_{name}", value)
        assert load_settings().production


def test_a_complete_production_is_accepted(monkeypatch):
    monkeypatch.setenv("HOTLINE_PUBLIC_BASE_URL", "https://hotline.example.vn/")
    monkeypatch.setenv("HOTLINE_SECRET_KEY", GOOD_SECRET)
    monkeypatch.setenv("HOTLINE_DATABASE_URL", "postgres://app:x@db/hotline")

    settings = load_settings()

    assert settings.production
    assert settings.base_url == settings.live_base_url == "https://hotline.example.vn"
    assert settings.database_url == "postgresql+psycopg://app:x@db/hotline"
    assert settings.migrations_url == settings.database_url
    assert not settings.simulator_allowed


def test_the_simulator_gives_way_to_a_real_provider_unless_the_demonstration_runs(monkeypatch):
    monkeypatch.setenv("HOTLINE_TWILIO_ACCOUNT_SID", "AC1")
    monkeypatch.setenv("HOTLINE_TWILIO_AUTH_TOKEN", "token")

    assert not load_settings().simulator_allowed
    assert load_settings(demo=True).simulator_allowed


def test_a_copy_with_another_address_forgets_what_the_first_one_meant():
    here = Settings(_env_file=None)
    assert (here.production, here.simulator_allowed) == (False, True)

    public = here.model_copy(update={"public_base_url": "https://hotline.example.vn"})

    assert (public.base_url, public.production) == ("https://hotline.example.vn", True)
    assert not public.simulator_allowed


def test_a_data_folder_that_cannot_be_used_is_named(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")

    found = reasons(monkeypatch, DATA_DIR=str(tmp_path / "file" / "below"))

    assert "HOTLINE_DATA_DIR" in found[0]


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("app.localhost", True),
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost.example.vn", False),
        ("127.0.0.1.example.vn", False),
        ("10.0.0.1", False),
        ("", False),
    ],
)
def test_only_this_machine_is_loopback(host, loopback):
    assert is_loopback(host) is loopback


def test_the_duty_desk_is_rung_first_when_no_call_can_be_handled(monkeypatch):
    settings = load_settings(duty_phone="+842838000001")

    document = Phones(settings, Reference.from_settings(settings)).failsafe["sim"]

    assert document.index(">+842838000001</Dial>") < document.index("<Say") < document.index("<Record")
    assert reasons(monkeypatch, DUTY_PHONE="the desk", SUPPORT_PHONE="the cellar") == [
        "HOTLINE_DUTY_PHONE must be a whole number such as +842838000001.",
        "HOTLINE_SUPPORT_PHONE must be a whole number such as +842838000002.",
    ]


def test_an_exchange_is_reached_over_tls_and_shares_a_secret_worth_the_name(monkeypatch):
    wrong = reasons(
        monkeypatch, SIP_WSS_URL="ws://sip.thanh-pho.vn:8443", SIP_SECRET="short", TURN_URLS="turn.thanh-pho.vn"
    )

    assert [reason.split(" ")[0] for reason in wrong] == [
        "HOTLINE_SIP_WSS_URL", "HOTLINE_SIP_SECRET", "HOTLINE_TURN_URLS", "HOTLINE_TURN_SECRET",
    ]  # fmt: skip


def test_the_domain_of_an_exchange_is_the_host_of_its_address_unless_another_is_set(monkeypatch):
    monkeypatch.setenv("HOTLINE_SIP_WSS_URL", "wss://Sip.thanh-pho.vn:8443")
    monkeypatch.setenv("HOTLINE_SIP_SECRET", GOOD_SECRET)
    monkeypatch.setenv("HOTLINE_TURN_URLS", "turns:a.vn:443, turn:b.vn:3478 ,")
    monkeypatch.setenv("HOTLINE_TURN_SECRET", GOOD_SECRET)

    settings = load_settings()

    assert settings.exchange_domain == "sip.thanh-pho.vn"
    assert settings.relays == ("turns:a.vn:443", "turn:b.vn:3478")
    monkeypatch.setenv("HOTLINE_SIP_DOMAIN", "dien-thoai.thanh-pho.vn")
    assert load_settings().exchange_domain == "dien-thoai.thanh-pho.vn"
