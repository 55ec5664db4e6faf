"""What agents' corrections have taught of kinds of matter: its words, how often it spoke, and the switch."""

from datetime import timedelta

from flask import flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.web.administration.blueprint import LOOKING, blueprint
from app.web.administration.matter_words import WORDING, WORDS
from app.web.frame.access import signed_in
from app.web.frame.current import rules
from app.web.pieces.names import in_locale
from app.wording.table_faults import TABLE_FAULTS
from tickets.matter.kept import WordEdit, newest_version, publish_words, rows_of, words_in_force
from tickets.matter.learned import LEAST_CORRECTED
from tickets.matter.learning import learning_now, proposed_short_forms, switch_learning
from tickets.matter.lists import WordList, WordRow
from tickets.matter.word_drafts import check_edit
from tickets.queries.reading_figures import RuleFigure, learned_figures
from tickets.routing.decision import LEARNED_RULE
from tickets.sheets.values import BadValue

LEARNED_WORDS = f"{WORDS}/learned"
_SPOKE_OVER = timedelta(days=30)
_MOST_WORDS = 12


@blueprint.get(LEARNED_WORDS)
@signed_in(*LOOKING)
def learned_words() -> ResponseReturnValue:
    names = {one.code: in_locale(one.name, one.name_en) for one in rules().routing.categories.values()}
    return render_template(
        "administration/matter_learning.html",
        learning=learning_now(g.session),
        names=names,
        spoke=_spoke(),
        least=LEAST_CORRECTED,
        most_words=_MOST_WORDS,
        forms=proposed_short_forms(g.session, words_in_force(g.session).shorthand, now=g.now),
        may_write=g.viewer.holds(*WORDING),
    )


@blueprint.post(LEARNED_WORDS)
@signed_in(*WORDING)
def switch_learned() -> ResponseReturnValue:
    """`do`: "on" or "off"; anything else changes nothing."""
    wanted = request.form.get("do", "")
    if wanted not in ("on", "off"):
        flash(_("Nothing changed."), "info")
    elif switch_learning(g.session, is_on=wanted == "on", actor=g.actor, now=g.now):
        said = {
            "on": _("What corrections have taught is used again."),
            "off": _("Only the rules are used from now on."),
        }
        flash(said[wanted], "success")
    return redirect(LEARNED_WORDS, code=303)


@blueprint.post(f"{LEARNED_WORDS}/forms")
@signed_in(*WORDING)
def accept_short_form() -> ResponseReturnValue:
    """One that is proposed now, published at once as a word of the city; anything else is no longer proposed."""
    wanted = request.form.get("form", "")
    proposed = proposed_short_forms(g.session, words_in_force(g.session).shorthand, now=g.now)
    one = next((one for one in proposed if one.form == wanted), None)
    if one is None:
        flash(_("This short form is no longer proposed."), "info")
        return redirect(LEARNED_WORDS, code=303)
    edit = WordEdit(None, WordRow(WordList.SHORTHAND, one.form, 0, one.means))
    rows = [kept.row for kept in rows_of(g.session, newest_version(g.session))]
    try:
        check_edit(edit, [*rows, WordRow(WordList.SHORTHAND, one.form, 0, one.means)])
    except BadValue as bad:
        flash(str(TABLE_FAULTS[bad.code]), "warning")
        return redirect(LEARNED_WORDS, code=303)
    publish_words(g.session, [edit], reason=_("a short form from corrections"), actor=g.actor, now=g.now)
    flash(_("“%(form)s” is read as “%(means)s” from now on.", form=one.form, means=one.means), "success")
    return redirect(LEARNED_WORDS, code=303)


def _spoke() -> dict[str, RuleFigure]:
    """How often each learned kind was told of tickets that this viewer may see, and how often it was put right."""
    found = learned_figures(g.session, g.viewer, since=g.now - _SPOKE_OVER, until=g.now)
    return {one.rule.removeprefix(LEARNED_RULE): one for one in found}
