"""Whether a text says that an answer did not help: it counts only of somebody whom an answer was given to."""

from tickets.matter.reading import NOTHING_READ, Certainty, Indication, signs, words_of
from tickets.matter.rulebook import MarkedText, MatterRulebook

_ENOUGH = 2


def read_not_solved(found: MarkedText, rules: MatterRulebook) -> Indication:
    kept = signs(rules.not_solved, found)
    if not kept:
        return NOTHING_READ
    weight = max(sign.pattern.weight for sign in kept)
    certainty = Certainty.YES if weight >= _ENOUGH else Certainty.DOUBTFUL
    kinds = tuple(dict.fromkeys(sign.pattern.says for sign in kept))
    return Indication(certainty, kinds, words_of(kept, found), min(sign.start for sign in kept))
