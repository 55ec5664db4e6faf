"""What this installation knows of the outside world: whether calls, texts and mails can leave it at all."""

from sqlalchemy.orm import Session

from app.settings import Settings
from telephony.provider.kept_accounts import kept_accounts
from telephony.provider.provider_settings import PROVIDER_SETTINGS
from tickets.queries.readiness_facts import Installation


def installation(session: Session, here: Settings) -> Installation:
    """The demonstration brings its own telephone and throws its mail away; elsewhere the built-in one is for trying."""
    is_set = any(here.of_provider(one.name) for one in PROVIDER_SETTINGS if one.names_an_account)
    has_provider = here.demo or is_set or any(row.off_at is None for row in kept_accounts(session))
    return Installation(has_provider=has_provider, has_mail=here.demo or bool(here.smtp_url))
