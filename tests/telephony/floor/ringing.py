"""What rings on an agent's screen."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from tickets.schema import Offer


def open_offer_of(session: Session, staff_id: int) -> Offer | None:
    return session.scalars(select(Offer).where(Offer.staff_id == staff_id, Offer.outcome.is_(None))).one_or_none()
