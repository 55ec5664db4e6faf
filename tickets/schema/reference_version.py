"""A number that moves whenever a row moves that contacts are judged by; the database moves it, whoever writes."""

from sqlalchemy import CheckConstraint, select, text
from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base


class ReferenceVersion(Base):
    """One row. `places` moves with units and who followed whom, `rules` with these and with everything else.

    Triggers of the first migration move both, drawing from a sequence: a number counted up would come again after a
    rollback, and stand for other rules then. A further table of rules needs its trigger in its own migration, and its
    place in `MOVES_RULES`.
    """

    __tablename__ = "reference_version"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    rules: Mapped[int] = mapped_column(server_default=text("0"))
    places: Mapped[int] = mapped_column(server_default=text("0"))


# By the trigger function's name: what it does, and after which tables' changes. A database without one would judge
# contacts by rules that were long replaced.
MOVES_RULES = (
    "rules_have_moved",
    (
        "begin update reference_version set rules = nextval('reference_moved'); return null; end",
        (
            "one_stop_office", "line", "queue", "category", "procedure", "policy", "policy_version", "policy_row",
            "chain", "chain_version", "chain_step", "calendar", "calendar_version", "incident", "going_live",
            "dialled_prefix", "matter_version", "matter_learning", "guidance", "prepared_answer",
        ),
    ),
)  # fmt: skip
MOVES_PLACES = (
    "places_have_moved",
    (
        "begin update reference_version set rules = nextval('reference_moved'), places = nextval('reference_moved'); "
        "return null; end",
        ("unit", "unit_succession", "unit_membership", "place_alias", "street", "street_ward", "landmark"),
    ),
)

# To be asked along with something else that is sent anyway.
RULES_VERSION = select(ReferenceVersion.rules).scalar_subquery()
