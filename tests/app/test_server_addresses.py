"""An address may name several servers, in whichever way its writer knows."""

import pytest

from app.server_addresses import database_address, libpq_parameters, sentinel_address, shown_hosts
from app.settings import SettingsRefused, load_settings

TWO = [("db1", "5432"), ("db2", "5433")]


@pytest.mark.parametrize(
    "written",
    [
        "postgresql://u:p%40ss@db1,db2:5433/hotline",
        "postgres://u:p%40ss@db1:5432,db2:5433/hotline?target_session_attrs=read-write",
        "postgresql+psycopg://u:p%40ss@db1:5432,db2:5433/hotline",
        "postgresql://u:p%40ss@/hotline?host=db1:5432&host=db2:5433",
        "postgresql://u:p%40ss@/hotline?host=db1,db2&port=5432,5433",
    ],
)
def test_several_database_servers_mean_the_one_that_may_be_written_to(written):
    address = database_address(written)

    told = libpq_parameters(address)
    assert shown_hosts(address) == TWO
    assert (told["user"], told["password"], told["dbname"]) == ("u", "p@ss", "hotline")
    assert told["target_session_attrs"] == "read-write"
    assert database_address(address) == address


@pytest.mark.parametrize(
    ("written", "servers"),
    [
        ("postgresql://u:p@db1/hotline", [("db1", "5432")]),
        ("postgresql://u:p@[fd00::1]:5433,[fd00::2]/hotline", [("fd00::1", "5433"), ("fd00::2", "5432")]),
        ("postgresql://u@/hotline?host=/run/a,/run/b", [("/run/a", "5432"), ("/run/b", "5432")]),
    ],
)
def test_addresses_and_sockets_are_servers_too(written, servers):
    assert shown_hosts(database_address(written)) == servers


def test_what_somebody_asks_of_the_server_is_left_as_asked():
    told = libpq_parameters(
        database_address("postgresql://u:p@db1,db2/hotline?target_session_attrs=any&sslmode=require")
    )

    assert (told["target_session_attrs"], told["sslmode"]) == ("any", "require")


def test_sentinels_say_where_redis_is():
    named = sentinel_address("redis+sentinel://:s%40@s1:26379,s2/hotline/2")
    apart = sentinel_address("rediss+sentinel://app:s@s1/hotline?sentinel_password=")

    assert named is not None
    assert apart is not None
    assert named.sentinels == (("s1", 26379), ("s2", 26379))
    assert (named.service, named.database, named.password, named.sentinel_password) == ("hotline", 2, "s@", "s@")
    assert (apart.username, apart.password, apart.sentinel_password, apart.is_encrypted) == ("app", "s", None, True)
    assert sentinel_address("redis://:s@redis:6379/0") is None


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("DATABASE_URL", "postgresql://u:p@db1:x,db2/hotline"),
        ("DATABASE_URL", "postgresql://u:p@db1,/hotline"),
        ("DATABASE_URL", "postgresql://u:p@db1:70000,db2/hotline"),
        ("OWNER_DATABASE_URL", "postgresql://u:p@db1:99x/hotline"),
        ("REDIS_URL", "redis+sentinel://s1,s2"),
        ("REDIS_URL", "redis+sentinel://s1:x/hotline"),
        ("REDIS_URL", "redis-sentinel://s1/hotline"),
    ],
)
def test_an_address_that_cannot_be_read_is_named_with_its_setting_and_without_its_password(
    monkeypatch, tmp_path, name, written
):
    monkeypatch.setenv("HOTLINE_DATA_DIR", str(tmp_path))
    monkeypatch.setenv(f"HOTLINE_{name}", written.replace("u:p", "u:geheim"))

    with pytest.raises(SettingsRefused) as refused:
        load_settings()

    assert f"HOTLINE_{name}" in str(refused.value)
    assert "geheim" not in str(refused.value)
