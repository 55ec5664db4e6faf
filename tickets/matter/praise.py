"""Whether somebody praises who served them: no promise begins, and the unit and its lead hear of it."""

from tickets.matter.reading import NOTHING_READ, Certainty, Indication, signs, words_of
from tickets.matter.rulebook import MarkedText, MatterRulebook

_PRAISES = 2
# What is wrong or wanted beside it makes the praise a courtesy.
# How the rules call what only sounds like it ("không hài lòng").
_DENIED = "denied"
_AGAINST = ("@turn", "@wants", "@trouble", "@negative", "@bribe", "@insult", "@neglect")


def read_praise(found: MarkedText, rules: MatterRulebook) -> Indication:
    kept = signs(rules.praise, found)
    if any(sign.pattern.says == _DENIED for sign in kept):
        return NOTHING_READ
    weight = sum({sign.pattern: sign.pattern.weight for sign in kept}.values())
    against = sum(bool(found.hits.get(name)) for name in _AGAINST)
    if weight - against < _PRAISES:
        return NOTHING_READ
    return Indication(Certainty.YES, ("praise",), words_of(kept, found))
