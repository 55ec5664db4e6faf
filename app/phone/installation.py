"""What this installation knows of the outside world: whether calls, texts and mails can leave it at all."""

from sqlalchemy.orm import Session

from app.phone.accounts import SIMULATED, sending_account
from app.settings import Settings
from telephony.provider.account import Capability
from telephony.provider.kept_accounts import kept_accounts
from telephony.provider.provider_settings import PROVIDER_SETTINGS
from tickets.outbox.invitations import WaysOut
from tickets.queries.readiness_facts import Installation


def ways_out(here: Settings) -> WaysOut:
    """By what mails and texts leave this house; the built-in telephone is nobody's."""
    account = sending_account(here, Capability.SMS_OUTBOUND)
    return WaysOut(mail=bool(here.smtp_url), text=account is not None and account.name != SIMULATED)


def installation(session: Session, here: Settings) -> Installation:
    """The demonstration brings its own telephone and throws its mail away; elsewhere the built-in one is for trying."""
    is_set = any(here.of_provider(one.name) for one in PROVIDER_SETTINGS if one.names_an_account)
    has_provider = here.demo or is_set or any(row.off_at is None for row in kept_accounts(session))
    return Installation(has_provider=has_provider, has_mail=here.demo or bool(here.smtp_url))
