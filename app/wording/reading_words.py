"""The words for what is read from a text: the fields, the rules that told, and the keys that put them right."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import LazyString, lazy_pgettext

from app.wording.codes import word_of
from app.wording.contact_codes import NOISES
from tickets.states import ReadField

READ_FIELDS: Mapping[str, LazyString] = {
    ReadField.DANGER: lazy_pgettext("read", "Danger"),
    ReadField.CONDUCT: lazy_pgettext("read", "Accusation of officials"),
    ReadField.CATEGORY: lazy_pgettext("read", "Category"),
    ReadField.PLACE: lazy_pgettext("read", "Place"),
    ReadField.NOISE: lazy_pgettext("read", "No matter at all"),
    ReadField.PRAISE: lazy_pgettext("read", "Praise"),
}
# What a rule tells of, as `tickets/reference_data/matter` names it; words of a text that lean tell by no pattern.
READING_RULES: Mapping[str, LazyString] = {
    **NOISES,
    "leaning": lazy_pgettext("rule", "how far single words lean"),
    "animal": lazy_pgettext("rule", "animal"),
    "chemical": lazy_pgettext("rule", "chemicals"),
    "child": lazy_pgettext("rule", "child"),
    "collapse": lazy_pgettext("rule", "collapse"),
    "drowning": lazy_pgettext("rule", "drowning"),
    "electricity": lazy_pgettext("rule", "electricity"),
    "explosion": lazy_pgettext("rule", "explosion"),
    "fire": lazy_pgettext("rule", "fire"),
    "gas": lazy_pgettext("rule", "gas"),
    "help": lazy_pgettext("rule", "cry for help"),
    "injury": lazy_pgettext("rule", "injury"),
    "kidnap": lazy_pgettext("rule", "kidnapping"),
    "lift": lazy_pgettext("rule", "lift"),
    "medical": lazy_pgettext("rule", "illness"),
    "panic": lazy_pgettext("rule", "panic"),
    "state": lazy_pgettext("rule", "state of somebody"),
    "suicide": lazy_pgettext("rule", "suicide"),
    "traffic": lazy_pgettext("rule", "traffic accident"),
    "trapped": lazy_pgettext("rule", "people trapped"),
    "tree": lazy_pgettext("rule", "tree"),
    "violence": lazy_pgettext("rule", "violence"),
    "cjk": lazy_pgettext("rule", "Chinese, Japanese or Korean"),
    "complaint": lazy_pgettext("rule", "complaint"),
    "english": lazy_pgettext("rule", "English"),
    "exam": lazy_pgettext("rule", "exam"),
    "favour": lazy_pgettext("rule", "favour"),
    "force": lazy_pgettext("rule", "force"),
    "harass": lazy_pgettext("rule", "harassment"),
    "insult": lazy_pgettext("rule", "insult"),
    "money": lazy_pgettext("rule", "money"),
    "neglect": lazy_pgettext("rule", "neglect"),
    "threat": lazy_pgettext("rule", "threat"),
    "weak": lazy_pgettext("rule", "a weak sign"),
    "place_unique": lazy_pgettext("rule", "one place"),
    "place_split": lazy_pgettext("rule", "a place that was divided"),
    "place_ambiguous": lazy_pgettext("rule", "several places"),
    "place_none": lazy_pgettext("rule", "no place known"),
}
DANGER_READ: Mapping[str, LazyString] = {
    "yes": lazy_pgettext("read", "somebody is in danger"),
    "doubtful": lazy_pgettext("read", "somebody may be in danger"),
    "no": lazy_pgettext("read", "no danger"),
}


def read_field_word(code: str) -> str:
    """What was read."""
    return word_of(READ_FIELDS, code)


def reading_rule_word(rule: str) -> str:
    """What told it; a rule of the city's own has no word of ours and stands as it is named."""
    words = READING_RULES.get(rule)
    return str(words) if words is not None else rule


def danger_read_word(code: str) -> str:
    """What was read of danger."""
    return word_of(DANGER_READ, code)
