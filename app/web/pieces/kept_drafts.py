"""Unsent words as they come from a page's script: kept for their owner, unless the form itself was sent meanwhile."""

import re
from collections.abc import Mapping

from flask import g, request
from flask.typing import ResponseReturnValue

from app.web.frame.once import has_acted
from tickets.states import DraftForm
from tickets.work import drafts
from tickets.work.drafts import About

# Names of fields that people type into; what a page puts into hidden fields itself is none of theirs.
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,39}")
_OWN = frozenset({"csrf_token", "once", "next", "call", "asked", "website"})


def typed_fields(form: Mapping[str, str]) -> dict[str, str]:
    return {name: words for name, words in form.items() if _FIELD.fullmatch(name) and name not in _OWN}


def keep_told(form: DraftForm, about: About) -> ResponseReturnValue:
    """Keep what the page tells; 410 when the form has been sent, and what comes late must not bring it back."""
    if has_acted():
        return "", 410
    keep_typed(form, about)
    return "", 204


def keep_typed(form: DraftForm, about: About) -> None:
    """Keep what this request's form holds: it was refused, or only passed by with another button."""
    keep_fields(form, about, request.form)


def keep_fields(form: DraftForm, about: About, fields: Mapping[str, str]) -> None:
    """Keep these words of a form; nothing left in it, it is no draft any more."""
    drafts.keep(g.session, form, about, staff_id=g.viewer.staff_id, fields=typed_fields(fields), now=g.now)


def discard(form: DraftForm, about: About) -> None:
    drafts.discard(g.session, form, about, staff_id=g.viewer.staff_id)


def kept(form: DraftForm, about: About) -> dict[str, str]:
    return drafts.kept(g.session, form, about, staff_id=g.viewer.staff_id)
