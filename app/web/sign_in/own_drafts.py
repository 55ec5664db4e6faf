"""Where the forms of one's own pages tell what is typed into them; what is kept is shown to nobody else."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from app.web.frame.access import signed_in
from app.web.pieces.kept_drafts import keep_told
from app.web.pieces.typed_forms import TOLD_BY_NUMBER, numbered
from tickets.errors import NotFound
from tickets.states import DraftForm

blueprint = Blueprint("own_drafts", __name__)


@blueprint.post("/my/drafts/<form>/<int:number>")
@signed_in()
def own_draft(form: str, number: int) -> ResponseReturnValue:
    if form not in TOLD_BY_NUMBER:
        raise NotFound("form", form)
    return keep_told(DraftForm(form), numbered(number))
