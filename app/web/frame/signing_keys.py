"""With which keys a value that travels through a browser is signed and believed."""

from app.settings import Settings


def signing_keys(settings: Settings) -> list[str]:
    """The oldest first: the last one signs, each is believed until a rotation is over and it is no longer named."""
    return [*reversed(settings.previous_secret_keys), settings.secret_key]
