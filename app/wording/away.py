"""What a proxy says in our place while no process of ours answers: a page in every language, and one for programs."""

import json

from flask_babel import force_locale
from flask_babel import gettext as _
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.settings import ROOT, Settings
from app.wording.messages import message_app
from tickets.people.phones import readable_phone
from tickets.states import LOCALES


def away_page(settings: Settings) -> str:
    """A page that fetches nothing from us. Whoever is shown it has told no proxy their language, so it is in each."""
    with message_app(settings).app_context():
        said = [_said(locale) for locale in LOCALES]
    environment = Environment(loader=FileSystemLoader(ROOT / "templates"), undefined=StrictUndefined, autoescape=True)
    page = environment.get_template("errors/away.html")
    return page.render(said=said, phone=settings.city_line, phone_words=readable_phone(settings.city_line))


def away_problem() -> str:
    """The same for programs, as RFC 9457 shapes it."""
    detail = (
        "No process of the service answers. What was sent may not have been saved: send it again in a minute, with the "
        "same Idempotency-Key."
    )
    told = {"type": "about:blank", "title": "Service unavailable", "status": 503, "detail": detail, "errors": []}
    return json.dumps(told) + "\n"


def _said(locale: str) -> dict[str, str]:
    with force_locale(locale):
        return {
            "locale": locale,
            "title": _("This service is interrupted"),
            "words": _("This page cannot be opened right now. What you were just sending may not have reached us."),
            "typed": _(
                "Were you sending a form? Go back in your browser, and send it again in a minute: it counts once."
            ),
            "emergency": _("In danger, call at once:"),
            "call": _("Or call us, day or night:"),
            "again": _("Open it again"),
        }
