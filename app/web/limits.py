"""How often one address may call what guesses or costs; never on a provider's webhooks."""

from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

limiter = Limiter(get_remote_address, default_limits=[], strategy="fixed-window")
