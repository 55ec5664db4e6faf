"""The settings of a process: read from HOTLINE_… variables or `.env`, and judged together before anything starts."""

import contextlib
import ipaddress
import os
import re
import secrets
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, ValidationError, create_model
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.server_addresses import DRIVER, REDIS_SCHEMES, database_address, sentinel_address
from telephony.provider.provider_settings import PROVIDER_SETTINGS, ProviderSetting, undecided
from tickets.city import city, use_zone
from tickets.states import LOCALES

ROOT = Path(__file__).resolve().parents[1]
LEAST_SECRET_LENGTH = 32
LEAST_SHARED_SECRET = 24
# A secret of 32 random characters has more than 15 different ones; `aaaa…` or `changeme…` has not.
LEAST_DIFFERENT_CHARACTERS = 10
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII)
_E164 = re.compile(r"\+[1-9]\d{7,14}", re.ASCII)


class SettingsRefused(Exception):
    """The settings cannot be started with. `reasons` are whole sentences for the person at the terminal."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = reasons


def _without_slash(value: str) -> str:
    return value.rstrip("/")


DatabaseUrl = Annotated[str, BeforeValidator(database_address)]
WebAddress = Annotated[str, BeforeValidator(_without_slash)]


def _field(setting: ProviderSetting) -> tuple[Any, Any]:
    return (WebAddress if setting.is_address else str, Field(default="", repr=False))


if TYPE_CHECKING:

    class _ProviderFields(BaseSettings):
        """One field for each of PROVIDER_SETTINGS; ask for them by `of_provider`."""

else:
    _ProviderFields = create_model(
        "_ProviderFields", __base__=BaseSettings, **{one.name: _field(one) for one in PROVIDER_SETTINGS}
    )


class Settings(_ProviderFields):
    """One value for the life of a process; an empty text means not set."""

    model_config = SettingsConfigDict(
        env_prefix="HOTLINE_", env_file=ROOT / ".env", extra="ignore", frozen=True, env_ignore_empty=True
    )

    database_url: DatabaseUrl = ""
    owner_database_url: DatabaseUrl = ""
    redis_url: str = ""
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65534)
    live_url: WebAddress = ""
    public_base_url: WebAddress = ""
    secret_key: str = ""
    secret_key_previous: str = ""
    """Keys still accepted, the newest first, with commas between them (docs/operate/secret-key.md)."""
    data_dir: Path = ROOT / ".hotline"
    media_url: str = ""
    """A folder, or `s3://bucket/prefix` on the storage of the four settings below."""
    media_endpoint: WebAddress = ""
    """Where that storage is reached; empty means Amazon's of the region."""
    media_region: str = "us-east-1"
    media_access_key: str = ""
    media_secret_key: str = Field(default="", repr=False)
    pg_bin: str = ""
    """The folder of `pg_dump` and `pg_restore`, where those we find do not fit the server."""
    smtp_url: str = ""
    timezone: str = city().zone
    default_locale: str = "vi"
    sentry_dsn: str = ""
    city_line: str = ""
    """The number printed on every page instead of the directory's city line; the only one where no database answers."""
    duty_phone: str = ""
    """Rung first when no call can be handled, before the caller may leave a message; without it the message at once."""
    support_phone: str = ""
    """Whom people at work call about the system itself, day and night; printed where a page of theirs fails."""
    trusted_proxies: int = Field(default=1, ge=0, le=9)
    """How many proxies of ours a request of the public passes; each adds one address to X-Forwarded-For."""
    sip_wss_url: str = ""
    """Where agents' browsers register at the city's own exchange; empty: by a provider, or not at all."""
    sip_domain: str = ""
    """The exchange's domain; also the only one whose SIP telephones are rung. Empty: the host of that address."""
    sip_secret: str = Field(default="", repr=False)
    """Shared with the exchange: passwords of browsers follow from it, and end by themselves."""
    turn_urls: str = ""
    """Relays for browsers whose network lets no voice through, with commas: turns:turn.example.gov.vn:443"""
    turn_secret: str = Field(default="", repr=False)
    metrics_token: str = ""
    """Opens /metrics to a Prometheus on another machine; without it only loopback may read them."""
    demo: bool = False
    """Set by `./hotline up` for its children when it loads the demonstration."""
    embedded: bool = False
    """Set by `./hotline up` for its children when it started the engines itself."""

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """The same settings but for `update`; what was derived from the old values is derived anew."""
        copy = super().model_copy(update=update, deep=deep)
        for name in set(copy.__dict__) - set(type(self).model_fields):
            del copy.__dict__[name]
        return copy

    @cached_property
    def base_url(self) -> str:
        """Where we are reached: the public address, or this machine's own."""
        return self.public_base_url or f"http://{_in_url(self.host)}:{self.port}"

    @cached_property
    def live_base_url(self) -> str:
        """Where a browser finds the live updates: set, or the port after the web process's.

        In production the proxy leads `/live` of the public address to that port.
        """
        if self.live_url or self.production:
            return self.live_url or self.base_url
        return f"http://{_in_url(self.host)}:{self.port + 1}"

    @cached_property
    def production(self) -> bool:
        """Whether citizens can reach us: the public address is not this machine's loopback."""
        return not is_loopback(urlsplit(self.base_url).hostname or "")

    @cached_property
    def previous_secret_keys(self) -> tuple[str, ...]:
        """Keys that open what they have made, and make nothing more."""
        named = (one.strip() for one in self.secret_key_previous.split(","))
        return tuple(dict.fromkeys(one for one in named if one and one != self.secret_key))

    @cached_property
    def migrations_url(self) -> str:
        """The database as the role that owns the schema."""
        return self.owner_database_url or self.database_url

    @cached_property
    def media_folder(self) -> Path:
        """Attachments and recordings, where they are kept in a folder."""
        if not self.media_url or self.media_url.startswith("s3://"):
            return self.data_dir / "media"
        return Path(self.media_url.removeprefix("file://"))

    @cached_property
    def simulator_allowed(self) -> bool:
        """The telephone simulator's account exists only where no citizen can be calling."""
        has_account = any(self.of_provider(one.name) for one in PROVIDER_SETTINGS if one.names_an_account)
        return not self.production and (self.demo or not has_account)

    def of_provider(self, name: str) -> str:
        """What is set for a provider under this name; empty when it is not set, or is no setting."""
        return str(getattr(self, name, "") or "")

    @cached_property
    def exchange_domain(self) -> str:
        """Of the city's own exchange; empty where there is none."""
        return (self.sip_domain or urlsplit(self.sip_wss_url).hostname or "").lower()

    @cached_property
    def relays(self) -> tuple[str, ...]:
        return tuple(one.strip() for one in self.turn_urls.split(",") if one.strip())

    @cached_property
    def zone(self) -> ZoneInfo:
        """The city's time zone."""
        return ZoneInfo(self.timezone)


def load_settings(**overrides: Any) -> Settings:
    """Read and judge the settings; `overrides` (by field name) win over the environment. Raises SettingsRefused.

    Outside production a missing secret is made once and kept in the data folder, so that sessions survive a restart.
    """
    reasons: list[str] = []
    try:
        settings = Settings(**overrides)
    except ValidationError as refused:
        # What cannot be read is replaced by its default, so that the rest is judged too and everything named at once.
        unreadable = {str(error["loc"][0]): error["msg"].removeprefix("Value error, ") for error in refused.errors()}
        reasons = [f"{_variable(name)} is not valid: {message}." for name, message in unreadable.items()]
        settings = Settings(**{**overrides, **{name: Settings.model_fields[name].default for name in unreadable}})
    if not settings.secret_key and not settings.production:
        try:
            settings = settings.model_copy(update={"secret_key": kept_secret(settings.data_dir)})
        except OSError as error:
            reasons.append(f"HOTLINE_DATA_DIR: {settings.data_dir} cannot be used ({error.strerror}).")
    reasons += objections(settings)
    if reasons:
        raise SettingsRefused(reasons)
    use_zone(settings.timezone)
    return settings


def objections(settings: Settings) -> list[str]:
    """Everything that is missing or weak, one sentence each; empty when the process may start."""
    found = _malformed(settings)
    if settings.production:
        found += _unfit_for_production(settings)
    return found


def _malformed(settings: Settings) -> list[str]:
    found = _malformed_addresses(settings)
    if settings.duty_phone and not _E164.fullmatch(settings.duty_phone):
        found.append("HOTLINE_DUTY_PHONE must be a whole number such as +842838000001.")
    if settings.support_phone and not _E164.fullmatch(settings.support_phone):
        found.append("HOTLINE_SUPPORT_PHONE must be a whole number such as +842838000002.")
    found += _malformed_exchange(settings)
    if settings.default_locale not in LOCALES:
        found.append(f"HOTLINE_DEFAULT_LOCALE must be one of {', '.join(LOCALES)}.")
    try:
        ZoneInfo(settings.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        found.append(f"HOTLINE_TIMEZONE must be a zone name such as {city().zone}.")
    return found + _half_set(settings)


def _malformed_addresses(settings: Settings) -> list[str]:
    found = []
    for name in ("database_url", "owner_database_url"):
        value = getattr(settings, name)
        if value and not value.startswith(DRIVER):
            found.append(f"{_variable(name)} must begin with postgresql://.")
    found += _malformed_redis(settings.redis_url)
    for name in (
        "public_base_url",
        "live_url",
        "media_endpoint",
        *(one.name for one in PROVIDER_SETTINGS if one.is_address),
    ):
        value = getattr(settings, name)
        if value and (urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname):
            found.append(f"{_variable(name)} must be a whole address such as https://hotline.example.vn.")
    if settings.smtp_url and not settings.smtp_url.startswith(("smtp://", "smtps://")):
        found.append("HOTLINE_SMTP_URL must begin with smtp:// or smtps://.")
    return found + _malformed_media(settings)


def _malformed_media(settings: Settings) -> list[str]:
    url = settings.media_url
    if "://" in url and not url.startswith(("file://", "s3://")):
        return ["HOTLINE_MEDIA_URL must be a folder, or s3://bucket/prefix for S3-compatible storage."]
    if not url.startswith("s3://"):
        return []
    found = []
    if not _BUCKET.fullmatch(urlsplit(url).netloc):
        found.append(
            "HOTLINE_MEDIA_URL must name a bucket in small letters, digits, dots and dashes: s3://bucket/prefix."
        )
    found += [
        f"{_variable(name)} must be set too, because HOTLINE_MEDIA_URL begins with s3://."
        for name in ("media_access_key", "media_secret_key")
        if not getattr(settings, name)
    ]
    return found


def _malformed_redis(url: str) -> list[str]:
    if url and not url.startswith(REDIS_SCHEMES):
        return ["HOTLINE_REDIS_URL must begin with redis://, rediss://, unix:// or redis+sentinel://."]
    try:
        sentinel_address(url)
    except ValueError as wrong:
        return [f"HOTLINE_REDIS_URL {wrong}."]
    return []


def _malformed_exchange(settings: Settings) -> list[str]:
    found = []
    url = urlsplit(settings.sip_wss_url)
    is_here = url.scheme == "ws" and is_loopback(url.hostname or "")
    if settings.sip_wss_url and not (url.hostname and (url.scheme == "wss" or is_here)):
        found.append("HOTLINE_SIP_WSS_URL must be a whole address such as wss://sip.example.gov.vn:8443.")
    if settings.sip_wss_url and len(settings.sip_secret) < LEAST_SHARED_SECRET:
        found.append(
            f"HOTLINE_SIP_SECRET must be set too, at least {LEAST_SHARED_SECRET} characters, as the exchange has it."
        )
    if any(not relay.startswith(("turn:", "turns:")) for relay in settings.relays):
        found.append(
            "HOTLINE_TURN_URLS must be addresses such as turns:turn.example.gov.vn:443, with commas between them."
        )
    if settings.relays and len(settings.turn_secret) < LEAST_SHARED_SECRET:
        found.append(
            f"HOTLINE_TURN_SECRET must be set too, at least {LEAST_SHARED_SECRET} characters, as the relays have it."
        )
    return found


def _half_set(settings: Settings) -> list[str]:
    """Settings that mean nothing without each other."""
    found = []
    for one in PROVIDER_SETTINGS:
        if one.beside and settings.of_provider(one.name) and not settings.of_provider(one.beside):
            found.append(f"{_variable(one.beside)} must be set too, because {_variable(one.name)} is.")
    return found


def _unfit_for_production(settings: Settings) -> list[str]:
    found = []
    if len(settings.secret_key) < LEAST_SECRET_LENGTH or len(set(settings.secret_key)) < LEAST_DIFFERENT_CHARACTERS:
        found.append(
            f"HOTLINE_SECRET_KEY must be at least {LEAST_SECRET_LENGTH} random characters, because the public address "
            "is not this machine's own."
        )
    if any(len(one) < LEAST_SECRET_LENGTH for one in settings.previous_secret_keys):
        found.append(
            f"Each key in HOTLINE_SECRET_KEY_PREVIOUS must be at least {LEAST_SECRET_LENGTH} characters, because what "
            "it signed is believed."
        )
    if urlsplit(settings.base_url).scheme != "https":
        found.append("HOTLINE_PUBLIC_BASE_URL must begin with https://, because citizens send personal data to it.")
    found += _undecided(settings)
    if settings.demo:
        found.append("Demonstration data must not run on a public address: start with ./hotline up --no-demo.")
    return found


def _undecided(settings: Settings) -> list[str]:
    """Citizens' voice and words lie abroad only where somebody has decided it."""
    return [
        f"{_variable(name)} must be the number of the decision by which voice and text may lie in {country}."
        for name, country in undecided(settings.of_provider)
    ]


def kept_secret(data_dir: Path) -> str:
    """The secret of this data folder, made at the first call and readable by its owner only."""
    path = data_dir / "secret-key"
    if not path.exists():
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = data_dir / f"secret-key.{os.getpid()}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        # A link never replaces: two processes that start together agree on the secret of the first.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text().strip()


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only mean this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _in_url(host: str) -> str:
    shown = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"[{shown}]" if ":" in shown else shown


def _variable(name: str) -> str:
    return f"HOTLINE_{name.upper()}"
