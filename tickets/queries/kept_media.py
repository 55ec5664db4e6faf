"""Which files the rows name, wherever they are kept."""

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from tickets.schema import Attachment, Recording


def named_media(session: Session) -> set[str]:
    """The storage keys of all attachments and recordings."""
    recordings = select(Recording.storage_key).where(Recording.storage_key.is_not(None))
    return set(session.scalars(union(select(Attachment.storage_key), recordings)))
