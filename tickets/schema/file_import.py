"""Files that were brought in: how far each has come, what it did row by row, and whether it was undone."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from tickets.schema.base import Base, Id, Json, JsonList, to


class FileImport(Base):
    """One file. A worker judges it, writes it once somebody has confirmed, and undoes it where somebody asks for that.

    `content` is forgotten when it is of no more use.
    """

    __tablename__ = "file_import"
    __table_args__ = (
        CheckConstraint(
            "state in ('waiting', 'judged', 'refused', 'confirmed', 'done', 'undoing', 'undone', 'dropped', 'failed')",
            name="state",
        ),
        Index("ix_file_import_waiting", "id", postgresql_where=text("state in ('waiting', 'confirmed', 'undoing')")),
    )

    id: Mapped[Id]
    kind: Mapped[str]
    file_name: Mapped[str]
    # Nobody: from the shell.
    staff_id: Mapped[int | None] = mapped_column(to("staff"))
    request_id: Mapped[str] = mapped_column(server_default="")
    state: Mapped[str]
    content: Mapped[bytes | None]
    # Faults it may be taken with, as somebody said.
    accepted: Mapped[JsonList] = mapped_column(server_default=text("'[]'"))
    asked_at: Mapped[datetime]
    # When a worker last said that it works on it.
    heard_at: Mapped[datetime | None]
    done: Mapped[int] = mapped_column(server_default=text("0"))
    rows: Mapped[int] = mapped_column(server_default=text("0"))
    # How many rows are new, changed, closed, unchanged and refused; how the file was read; what is wrong with it.
    counts: Mapped[Json] = mapped_column(server_default=text("'{}'"))
    read_as: Mapped[Json] = mapped_column(server_default=text("'{}'"))
    faults: Mapped[JsonList] = mapped_column(server_default=text("'[]'"))
    ended_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[int | None] = mapped_column(to("staff"))


class FileImportRow(Base):
    """What a row of a file did, or would do; `kept` is what it takes to undo it."""

    __tablename__ = "file_import_row"
    __table_args__ = (
        Index("ix_file_import_row_name", "name"),
        # By the body that a row names, for its page.
        Index("ix_file_import_row_unit", text("(after ->> 'unit')")),
        Index("ix_file_import_row_code", text("(after ->> 'code')")),
    )

    import_id: Mapped[int] = mapped_column(to("file_import", cascade=True), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str]
    name: Mapped[str]
    before: Mapped[Json | None]
    after: Mapped[Json]
    kept: Mapped[Json] = mapped_column(server_default=text("'{}'"))
