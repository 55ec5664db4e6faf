"""How well words are read: what rules said in a month, what people put right, and what was missed."""

from flask import g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.web.frame.access import signed_in
from app.web.frame.current import rules
from app.web.pieces.names import in_locale
from app.web.supervisor.blueprint import STEERING, blueprint
from app.wording.reading_words import reading_rule_word
from tickets.city import month_between, zone
from tickets.queries.reading_figures import reading_figures
from tickets.routing.decision import LEARNED_RULE
from tickets.states import ReadField


@blueprint.get("/supervisor/reading")
@signed_in(*STEERING)
def reading_figures_page() -> ResponseReturnValue:
    """A month, by default this one; what is typed and is none is said so."""
    this_month = g.now.astimezone(zone()).date().isoformat()[:7]
    typed = request.args.get("month", "")[:7] or this_month
    wrong, status = "", 200
    try:
        since, until = month_between(typed, zone())
    except ValueError:
        wrong, status = _("This is not a month."), 400
        since, until = month_between(this_month, zone())
    page = render_template(
        "supervisor/reading.html",
        fields=reading_figures(g.session, g.viewer, since=since, until=until),
        month=typed,
        wrong=wrong,
        rule_word=_rule_word,
    )
    return page, status


def _rule_word(field: ReadField, rule: str) -> str:
    """A kind of matter by its name, everything else by the word for the rule."""
    if field is ReadField.CATEGORY:
        is_learned, code = rule.startswith(LEARNED_RULE), rule.removeprefix(LEARNED_RULE)
        known = next((c for c in rules().routing.categories.values() if c.code == code), None)
        name = in_locale(known.name, known.name_en) if known is not None else code
        return _("%(kind)s (from corrections)", kind=name) if is_learned else name
    return reading_rule_word(rule)
