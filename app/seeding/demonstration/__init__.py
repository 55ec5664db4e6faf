"""The demonstration's thirty days: invented citizens and people at work, played through the product's own functions."""

from app.seeding.demonstration.play import is_played, play

__all__ = ["is_played", "play"]
