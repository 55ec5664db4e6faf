"""The demonstration's thirty days: invented citizens and people at work, played through the product's own functions."""

from app.seeding.demonstration.play import play

__all__ = ["play"]
