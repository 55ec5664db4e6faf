"""The rows of files given with a ticket; the files themselves are kept by whoever calls."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from tickets.schema import Attachment


@dataclass(frozen=True, slots=True)
class NewFile:
    """A stored file that is to belong to a ticket."""

    file_name: str
    media_type: str
    size_bytes: int
    sha256: str
    storage_key: str


def add(
    session: Session,
    ticket_id: int,
    files: Sequence[NewFile],
    *,
    message_id: int | None = None,
    staff_id: int | None = None,
    now: datetime,
) -> None:
    """Say that these files belong to a ticket, and to one of its messages if they came with it."""
    if not files:
        return
    session.execute(
        insert(Attachment),
        [
            {
                "public_id": uuid4(),
                "ticket_id": ticket_id,
                "message_id": message_id,
                "staff_id": staff_id,
                "file_name": file.file_name,
                "media_type": file.media_type,
                "size_bytes": file.size_bytes,
                "sha256": file.sha256,
                "storage_key": file.storage_key,
                "created_at": now,
            }
            for file in files
        ],
    )


def of_ticket(session: Session, ticket_id: int) -> list[Attachment]:
    """All files of a ticket, in the order they came."""
    statement = select(Attachment).where(Attachment.ticket_id == ticket_id).order_by(Attachment.id)
    return list(session.scalars(statement))


def find(session: Session, ticket_id: int, public_id: UUID) -> Attachment | None:
    """The file of this ticket under this public name; None for one of another ticket."""
    statement = select(Attachment).where(Attachment.ticket_id == ticket_id, Attachment.public_id == public_id)
    return session.scalars(statement).one_or_none()


def named_among(session: Session, storage_keys: Sequence[str]) -> set[str]:
    """Which of these keys belong to a ticket."""
    return set(session.scalars(select(Attachment.storage_key).where(Attachment.storage_key.in_(storage_keys))))
