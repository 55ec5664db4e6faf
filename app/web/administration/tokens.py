"""Tokens of connected systems: added and shown once, revoked at once."""

from collections.abc import Mapping

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.accounts.enrolment import add_token, revoke_token
from app.scopes import SCOPES
from app.web.administration.blueprint import ADMINISTERING, blueprint
from app.web.administration.secret_once import secret_page
from app.web.frame.access import signed_in
from app.web.frame.fault_words import fault_words
from app.web.frame.menu import in_menu
from app.web.pieces.unit_choices import unit_codes
from tickets.errors import InvalidInput, NotFound
from tickets.schema import ApiToken, Unit

_HERE = "/administration/tokens"


@blueprint.get(_HERE)
@in_menu(_l("API tokens"), order=7, under="administration")
@signed_in(*ADMINISTERING)
def tokens() -> ResponseReturnValue:
    return _page()


@blueprint.post(_HERE)
@signed_in(*ADMINISTERING)
def add_api_token() -> ResponseReturnValue:
    name = request.form.get("name", "").strip()[:80].replace("\0", "")
    scopes = [scope for scope in request.form.getlist("scope") if scope in SCOPES]
    try:
        if not scopes:
            raise InvalidInput("scope", "required")
        token = add_token(
            g.session, name=name, scopes=scopes, unit_code=request.form.get("unit", "")[:20], actor=g.actor, now=g.now
        )
    except InvalidInput as wrong:
        return _page(errors={wrong.field: fault_words(wrong)}, status=400)
    except NotFound:
        return _page(errors={"unit": _("There is no such unit.")}, status=400)
    return secret_page(
        title=_("Token of %(name)s", name=name),
        words=_("Copy it now: only its fingerprint is kept, and it cannot be shown again."),
        secret=token,
        back=_HERE,
    )


@blueprint.post(f"{_HERE}/<int:token_id>/revoke")
@signed_in(*ADMINISTERING)
def revoke(token_id: int) -> ResponseReturnValue:
    revoke_token(g.session, token_id, actor=g.actor, now=g.now)
    flash(_("The token is revoked."), "success")
    return redirect(_HERE, code=303)


def _page(*, errors: Mapping[str, str] | None = None, status: int = 200) -> Response:
    rows = g.session.execute(
        select(ApiToken, Unit.name, Unit.name_en)
        .join(Unit, Unit.id == ApiToken.unit_id)
        .order_by(ApiToken.revoked_at.is_not(None), ApiToken.name)
    ).all()
    page = render_template(
        "administration/tokens.html",
        rows=rows,
        scopes=SCOPES,
        units=unit_codes(),
        typed=request.form,
        chosen=request.form.getlist("scope"),
        errors=errors or {},
    )
    return Response(page, status, mimetype="text/html")
