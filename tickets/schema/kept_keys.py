"""What the data know of the secret key they were made under."""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base


class KeptKeys(Base):
    """One row. `fingerprint` tells the secret key in force; `sealed` holds what references and PINs were made with.

    It is sealed with the key in force, so that a stolen copy of the data opens nothing. Written once when the data
    begin, and when a rotation is finished.
    """

    __tablename__ = "kept_keys"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    fingerprint: Mapped[str]
    sealed: Mapped[str]
    at: Mapped[datetime]
