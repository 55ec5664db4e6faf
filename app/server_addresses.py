"""Addresses that may name several servers: a primary and its standbys, or the sentinels that know where Redis is."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

DRIVER = "postgresql+psycopg://"
REDIS_SCHEMES = ("redis://", "rediss://", "unix://", "redis+sentinel://", "rediss+sentinel://")
_SENTINEL_SCHEMES = REDIS_SCHEMES[3:]
_SENTINEL_PORT = 26379
_POSTGRES_PORT = 5432
# As PostgreSQL's own tools take them: who, then host:port with commas between, then the database and its options.
_PARTS = re.compile(r"(?P<who>[^:/@?]*(?::[^@]*)?@)?(?P<hosts>[^/?]*)(?P<database>/[^?]*)?(?:\?(?P<options>.*))?", re.S)
_HOST = re.compile(r"(?P<host>\[[0-9a-fA-F:.%]+\]|[^:\[\]]*)(?::(?P<port>\d+))?")


def database_address(value: str) -> str:
    """The address as SQLAlchemy reads it, whichever way it was written; raises ValueError with what is wrong.

    The driver is ours to choose: hosting panels hand out `postgres://` and `postgresql://`. Where several servers are
    named, the one that may be written to is meant, unless `target_session_attrs` says otherwise.
    """
    for scheme in ("postgres://", "postgresql://"):
        if value.startswith(scheme):
            value = DRIVER + value.removeprefix(scheme)
    if not value.startswith(DRIVER):
        return value
    parts = _PARTS.fullmatch(value.removeprefix(DRIVER))
    if parts is not None and "," in parts["hosts"]:
        value = _several(parts)
    try:
        told = libpq_parameters(value)
        address = make_url(value)
    except (ArgumentError, ValueError) as wrong:
        raise ValueError("not an address such as postgresql://role:password@host:5432/hotline") from wrong
    if "," in told.get("host", "") and "target_session_attrs" not in told:
        address = address.update_query_dict({"target_session_attrs": "read-write"})
        return address.render_as_string(hide_password=False)
    return value


def _several(parts: re.Match[str]) -> str:
    hosts, ports = zip(*(_host_and_port(one, _POSTGRES_PORT) for one in parts["hosts"].split(",")), strict=True)
    options = [(name, told) for name, told in parse_qsl(parts["options"] or "") if name not in ("host", "port")]
    named = urlencode([("host", ",".join(hosts)), ("port", ",".join(map(str, ports))), *options])
    return f"{DRIVER}{parts['who'] or ''}{parts['database'] or '/'}?{named}"


def _host_and_port(told: str, default: int) -> tuple[str, int]:
    found = _HOST.fullmatch(told.strip())
    if found is None or not found["host"] or int(found["port"] or 1) not in range(1, 65536):
        raise ValueError(f"{told or 'nothing'} between its commas is no host and port")
    return found["host"].strip("[]"), int(found["port"] or default)


def libpq_parameters(url: str) -> dict[str, str]:
    """What PostgreSQL's own library is to be told, for whoever connects without SQLAlchemy."""
    address = make_url(url)
    _, parameters = address.get_dialect()().create_connect_args(address)
    return {name: str(value) for name, value in parameters.items()}


def shown_hosts(url: str) -> list[tuple[str, str]]:
    """The servers an address names, each as host and port; a socket's folder is one, too."""
    told = libpq_parameters(url)
    hosts = told.get("host", "").split(",")
    ports = told.get("port", "").split(",")
    return [(host, ports[n] if n < len(ports) and ports[n] else str(_POSTGRES_PORT)) for n, host in enumerate(hosts)]


@dataclass(frozen=True, slots=True)
class SentinelAddress:
    """`redis+sentinel://user:password@s1:26379,s2:26379/service/0`: whom to ask for which Redis.

    The user and password are Redis's; the sentinels get the same, or `?sentinel_password=…` (empty: none).
    """

    sentinels: tuple[tuple[str, int], ...]
    service: str
    database: int
    username: str | None
    password: str | None
    sentinel_password: str | None
    is_encrypted: bool

    @property
    def without_secrets(self) -> str:
        """For a library that takes the rest as arguments."""
        hosts = ",".join(f"{f'[{host}]' if ':' in host else host}:{port}" for host, port in self.sentinels)
        return f"redis+sentinel://{hosts}/{self.service}"


def sentinel_address(url: str) -> SentinelAddress | None:
    """None for the address of one Redis; raises ValueError with what is wrong."""
    if not url.startswith(_SENTINEL_SCHEMES):
        return None
    parts = urlsplit(url)
    who, _, hosts = parts.netloc.rpartition("@")
    username, _, password = (unquote(one) for one in who.partition(":"))
    service, _, database = parts.path.strip("/").partition("/")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    database = database or options.get("db", "0")
    if not service or not database.isdecimal():
        raise ValueError("must end with the name of the service its sentinels watch, such as /hotline")
    return SentinelAddress(
        sentinels=tuple(_host_and_port(one, _SENTINEL_PORT) for one in hosts.split(",")),
        service=service,
        database=int(database),
        username=username or None,
        password=password or None,
        sentinel_password=options.get("sentinel_password", password) or None,
        is_encrypted=parts.scheme.startswith("rediss"),
    )
