"""Accounts at telephone providers, beside the first one that stands in the settings."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Numeric, text
from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, Id, Json, JsonList


class KeptAccount(Base):
    """One account; `name` is the `<account>` of `/webhooks/<account>/…`.

    `secrets` is sealed with a key that follows from the installation's: a stolen copy of the data opens no account.
    `kind` and `capabilities` are the words of the provider's room, which alone knows what they mean.
    """

    __tablename__ = "provider_account"
    __table_args__ = (CheckConstraint("name ~ '^[a-z][a-z0-9-]{0,39}$'", name="name"),)

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    account_sid: Mapped[str]
    secrets: Mapped[str]
    signature_header: Mapped[str] = mapped_column(server_default="")
    api_base_url: Mapped[str] = mapped_column(server_default="")
    capabilities: Mapped[JsonList]
    media_hosts: Mapped[JsonList]
    voice: Mapped[str] = mapped_column(server_default="")
    text_sender: Mapped[str] = mapped_column(server_default="")
    call_sender: Mapped[str] = mapped_column(server_default="")
    longest_text: Mapped[int]
    # The registered text's id by the beginning that tells it.
    templates: Mapped[Json]
    asked_in_order: Mapped[int] = mapped_column(server_default=text("100"))
    rate_text: Mapped[Decimal | None] = mapped_column(Numeric())
    rate_minute: Mapped[Decimal | None] = mapped_column(Numeric())
    currency: Mapped[str] = mapped_column(server_default="VND")
    country: Mapped[str]
    decision_no: Mapped[str] = mapped_column(server_default="")
    off_at: Mapped[datetime | None]
    # Since when an older token is good too.
    two_tokens_since: Mapped[datetime | None]
    changed_at: Mapped[datetime]
