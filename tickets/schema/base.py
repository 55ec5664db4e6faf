"""The declarative base, column kinds and constraint names that all tables share."""

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from sqlalchemy import BigInteger, DateTime, Enum, ForeignKey, Identity, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

Json = dict[str, Any]
JsonList = list[Any]

Id = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]


class Base(DeclarativeBase):
    if TYPE_CHECKING:
        # The ORM promises less: a model could also map a query. None of ours does.
        __table__: ClassVar[Table]

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BigInteger,
        str: Text,
        datetime: DateTime(timezone=True),
        Json: JSONB,
        JsonList: JSONB,
    }


def coded(codes: type[StrEnum]) -> Enum:
    """A text column with a check that it holds one of `codes`; rows carry the enum member."""
    name = "".join("_" + c.lower() if c.isupper() else c for c in codes.__name__).lstrip("_")
    return Enum(
        codes,
        native_enum=False,
        create_constraint=True,
        name=name,
        length=40,
        values_callable=lambda kinds: [k.value for k in kinds],
        validate_strings=True,
    )


def to(target: str, *, cascade: bool = False) -> ForeignKey:
    """A reference to `table.id`; `cascade` where the row has no meaning without its parent."""
    return ForeignKey(f"{target}.id", ondelete="CASCADE" if cascade else None)
