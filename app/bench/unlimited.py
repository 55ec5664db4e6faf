"""The product without its rate limits: eight clients of a benchmark share one address, as no eight citizens do."""

from app.settings import load_settings
from app.web.factory import create_app
from app.web.frame.application import HotlineApp
from app.web.frame.limits import limiter


def create() -> HotlineApp:
    limiter.enabled = False
    return create_app(load_settings())
