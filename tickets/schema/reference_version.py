"""A number that moves whenever a row moves that contacts are judged by; the database moves it, whoever writes."""

from sqlalchemy import CheckConstraint, select, text
from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base


class ReferenceVersion(Base):
    """One row. `places` moves with units and who followed whom, `rules` with these and with everything else."""

    __tablename__ = "reference_version"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rules: Mapped[int] = mapped_column(server_default=text("0"))
    places: Mapped[int] = mapped_column(server_default=text("0"))


# To be asked along with something else that is sent anyway.
RULES_VERSION = select(ReferenceVersion.rules).scalar_subquery()

_PLACES = ("unit", "unit_succession", "unit_membership")
_RULES = (
    "one_stop_office", "line", "queue", "category", "procedure",
    "policy", "policy_version", "policy_row", "chain", "chain_version", "chain_step", "calendar", "calendar_version",
)  # fmt: skip
_FUNCTIONS = (
    "create function rules_have_moved() returns trigger language plpgsql as "
    "'begin update reference_version set rules = nextval(''reference_moved''); return null; end'",
    "create function places_have_moved() returns trigger language plpgsql as "
    "'begin update reference_version set rules = nextval(''reference_moved''), places = nextval(''reference_moved''); "
    "return null; end'",
)


def keeping_statements() -> list[str]:
    """What makes the database keep the number: for the migration that makes the table."""
    # A sequence, because a number counted up would come again after a rollback, and stand for other rules then.
    made = ["create sequence reference_moved", "insert into reference_version (id) values (1)", *_FUNCTIONS]
    for function, tables in (("rules_have_moved", _RULES), ("places_have_moved", _PLACES)):
        made += [
            f"create trigger {function} after insert or update or delete on {table} "
            f"for each statement execute function {function}()"
            for table in tables
        ]
    return made
