"""What we keep about people who contact us, for how long, and what they may ask of us."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from app.web.frame.access import public

blueprint = Blueprint("privacy", __name__)


@blueprint.get("/privacy")
@public
def page() -> ResponseReturnValue:
    return render_template("public/privacy.html")
