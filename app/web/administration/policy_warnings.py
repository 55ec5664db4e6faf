"""What a draft of a promise may do without its writer having meant it: said before it is published, never refused."""

from collections.abc import Mapping

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.web.administration.policy_form import fields_of_policy, rows_without_chain
from app.web.frame.current import rules
from app.wording.codes import clock_word, priority_word
from app.wording.rule_names import rule_name
from tickets.promises.rule_versions import rules_now

_MATTERS = ("category", "level", "channel")


def policy_warnings(session: Session, fields: Mapping[str, str]) -> list[str]:
    """Another promise for the same matters, as when the kind of matter was forgotten; and rows that tell nobody."""
    warnings = [
        _(
            "“%(name)s” holds for the same matters; where both give a time, yours counts from now on. "
            "Is a kind of matter or a unit missing?",
            name=rule_name(name),
        )
        for name in _for_the_same_matters(session, fields)
    ]
    silent = [f"{clock_word(clock)} ({priority_word(priority)})" for clock, priority in rows_without_chain(fields)]
    if silent:
        rows = ", ".join(silent)
        warnings.append(_("Nobody is told when these are overdue: %(rows)s. Choose a chain for them.", rows=rows))
    return warnings


def _for_the_same_matters(session: Session, fields: Mapping[str, str]) -> list[str]:
    # In force, a policy names its unit by id; a form, like a file, by code.
    codes = {"": "", **{str(one.id): one.code for one in rules().routing.units.values()}}
    wanted = [fields.get(name, "") for name in (*_MATTERS, "unit")]
    others = [
        policy for policy, _version in rules_now(session).policies if policy.name != fields.get("name", "").strip()
    ]
    matched = [(one.name, fields_of_policy(one)) for one in others]
    return [name for name, its in matched if [*(its[one] for one in _MATTERS), codes.get(its["unit"])] == wanted]
