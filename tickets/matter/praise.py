"""Whether somebody praises who served them: no promise begins, and the unit and its lead hear of it."""

from collections.abc import Sequence

from tickets.matter.reading import NOTHING_READ, Certainty, Indication, Sign, signs, words_of
from tickets.matter.rulebook import MarkedText, MatterRulebook, uncovered

_PRAISES = 2
# How the rules call what only sounds like it ("không hài lòng"), and a request that ends in thanks.
_DENIED, _ASKS = "denied", "asks"
# What is wrong or wanted beside it makes the praise a courtesy; words of what is well hold some of it ("sạch bong").
_AGAINST = ("@turn", "@wants", "@trouble", "@negative", "@bribe", "@insult", "@neglect")
_WRONG = ("@trouble", "@no", "@no_en", "@still", "@still_en", "@harm")
_WELL = ("@good", "@praise", "@thanks")


def read_praise(found: MarkedText, rules: MatterRulebook) -> Indication:
    kept = signs(rules.praise, found)
    if any(sign.pattern.says == _DENIED for sign in kept):
        return NOTHING_READ
    if _turns_to_blame(kept, found):
        return NOTHING_READ
    praising = [sign for sign in kept if sign.pattern.says != _ASKS]
    asked = sum({sign.pattern: sign.pattern.weight for sign in kept if sign.pattern.says == _ASKS}.values())
    weight = sum({sign.pattern: sign.pattern.weight for sign in praising}.values())
    if weight - asked < _PRAISES or weight - asked - _against(praising, found) < _PRAISES:
        return NOTHING_READ
    return Indication(Certainty.YES, ("praise",), words_of(praising, found))


def _turns_to_blame(kept: Sequence[Sign], found: MarkedText) -> bool:
    """Whether "but" stands behind all praise, and what is wrong or missing behind it."""
    last = max((sign.last_word for sign in kept), default=0)
    turn = min((span.start for span in found.hits.get("@turn", ()) if span.start > last), default=None)
    wrong = (span.start for name in _WRONG for span in found.hits.get(name, ()))
    return turn is not None and any(at > turn for at in wrong)


def _against(praising: Sequence[Sign], found: MarkedText) -> int:
    """How much is wrong or wanted beside the praise, and no part of it."""
    well = [span for name in _WELL for span in found.hits.get(name, ())]
    hits = {name: found.hits[name] for name in _AGAINST if name in found.hits}
    beside = uncovered(hits, [*well, *(span for sign in praising for span in sign.spans)])
    return sum(bool(beside.get(name)) for name in _AGAINST)
