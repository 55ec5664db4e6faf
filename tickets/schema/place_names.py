"""Tables of what people say of a place beside the names of units: other names, streets, landmarks."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, Id, to

# By a function of the database that folds as `tickets/folding.py` does, and says what that costs: the planner would
# rather fold every row once more than look into an index.
# In parentheses as PostgreSQL keeps them.
ALIAS_WORDS = "folded_words((((((kind || ' ') || alias) || ' ') || means) || ' ') || note)"
STREET_WORDS = "folded_words((((name || ' ') || district) || ' ') || source)"
LANDMARK_WORDS = "folded_words((((((((name || ' ') || also) || ' ') || kind) || ' ') || district) || ' ') || source)"


class PlaceAlias(Base):
    """Another way to say a place, or a warning; `tickets/directory/places/rows.py` says what each kind does."""

    __tablename__ = "place_alias"
    __table_args__ = (
        UniqueConstraint("kind", "alias"),
        CheckConstraint(
            "kind in ('city', 'province', 'district', 'earlier_district', 'everyday', 'shared', 'elsewhere', 'heard')",
            name="kind",
        ),
        Index("ix_place_alias_words", text(ALIAS_WORDS), postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    alias: Mapped[str]
    means: Mapped[str] = mapped_column(server_default="")
    note: Mapped[str] = mapped_column(server_default="")
    retired_at: Mapped[datetime | None]


class Street(Base):
    """A street of an abolished district. Where no ward is named (`StreetWard`), it may run through all of them."""

    __tablename__ = "street"
    __table_args__ = (
        UniqueConstraint("name", "district"),
        Index("ix_street_words", text(STREET_WORDS), postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
    )

    id: Mapped[Id]
    name: Mapped[str]
    district: Mapped[str] = mapped_column(server_default="")
    source: Mapped[str] = mapped_column(server_default="")
    retired_at: Mapped[datetime | None]


class StreetWard(Base):
    """A unit of today that a street runs through."""

    __tablename__ = "street_ward"

    street_id: Mapped[int] = mapped_column(to("street", cascade=True), primary_key=True)
    unit_id: Mapped[int] = mapped_column(to("unit"), primary_key=True, index=True)


class Landmark(Base):
    """A market, a hospital, a bridge: what people name instead of an address. Its unit where that is known."""

    __tablename__ = "landmark"
    __table_args__ = (
        UniqueConstraint("name", "district"),
        Index("ix_landmark_words", text(LANDMARK_WORDS), postgresql_using="gin", postgresql_with={"fastupdate": "off"}),
    )

    id: Mapped[Id]
    name: Mapped[str]
    # Other names, parted by |.
    also: Mapped[str] = mapped_column(server_default="")
    kind: Mapped[str]
    district: Mapped[str] = mapped_column(server_default="")
    unit_id: Mapped[int | None] = mapped_column(to("unit"), index=True)
    lat: Mapped[float | None]
    lon: Mapped[float | None]
    source: Mapped[str] = mapped_column(server_default="")
    retired_at: Mapped[datetime | None]
