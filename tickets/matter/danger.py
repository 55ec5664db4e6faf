"""Whether somebody is in danger now: signs of it, weighed against past, question, exercise, rumour and "it is over"."""

from bisect import bisect_left
from collections.abc import Sequence

from tickets.matter.leaning import NO_LEANING, lean_anywhere
from tickets.matter.phrases import LONGEST_PHRASE, Span
from tickets.matter.reading import LEANING, NOTHING_READ, Certainty, Indication, Sign, signs, words_of
from tickets.matter.rulebook import MarkedText, MatterRulebook

_ENOUGH, _WORTH_ASKING = 2, 1
# Tried hand by hand on 5,900 texts, with weights that learned from all other hands: with what patterns find, above the
# first stand 96 in 100 that tell of danger, above the second 98, and 4 and 8 of what is mostly made to sound like it.
_LEANS, _LEANS_A_LITTLE = -1.75, -2.1
# What few words call danger beside an accusation may be what somebody is accused of: "cán bộ ngủ, dân gọi không ra".
_LEANS_BESIDE = -1.3
# What speaks against danger now, and how much; a call for help weighs against each of them.
_FRAMES = {
    "@past": 2,
    "@asks": 2,
    "@training": 3,
    "@proposes": 2,
    "@rumour": 3,
    "@over": 2,
    "@false_alarm": 3,
    "@money_talk": 1,
    "@nuisance": 1,
}
_HELP = "help"
# What is told of as happening again and again, where nothing says that it happens now: somebody must look, and nobody
# is sent at once. Of these kinds alone: who bleeds or does not wake for long is in danger, and who is beaten, too. To
# call for long ("kêu hoài không ai tới") is no habit. What gives shocks or holds people "every time it rains" can be
# asked about; what does so "all day" does so now.
_HABIT, _HABITUAL = "@habit", frozenset({"animal", "traffic"})
_EACH_TIME, _AT_TIMES = "@each_time", frozenset({"electricity", "lift"})
_SAYS_NOW = ("@now", "@lately", "@calling", "@help", "@panic", "@blood", "@trapped", "@pleading", "@state")
# A doubt or a denial this many words before a sign takes it back.
_DOUBT_REACHES, _DENIAL_REACHES = 3, 1


def read_danger(found: MarkedText, rules: MatterRulebook, *, accuses: bool = False) -> Indication:
    """Doubtful where a person must ask; a miss may cost a life, a false alarm a click. `accuses`: it may accuse."""
    kept = [sign for sign in signs(rules.danger, found) if not _is_denied(sign, found)]
    told = [sign for sign in kept if sign.pattern.says != _HELP]
    cries = [sign for sign in kept if sign.pattern.says == _HELP]
    weight = _weighed(told, cries, found)
    # Where patterns say enough, single words are not asked.
    asked = NO_LEANING if weight >= _ENOUGH else lean_anywhere(found, rules.leanings.get("is_emergency", {}))
    certainty = _certainty(weight, asked.score, _LEANS_BESIDE if accuses else _LEANS)
    if certainty is Certainty.NO:
        return NOTHING_READ
    if certainty is Certainty.YES and _is_habit(told, found):
        certainty = Certainty.DOUBTFUL
    strongest = sorted(told or cries, key=lambda sign: -sign.pattern.weight)
    kinds = tuple(dict.fromkeys(sign.pattern.says for sign in strongest)) or (LEANING,)
    return Indication(certainty, kinds, words_of([*strongest, *cries], found) or asked.because)


def _certainty(weight: int, leaning: float, least: float) -> Certainty:
    if weight >= _ENOUGH or leaning > least or (weight >= _WORTH_ASKING and leaning > _LEANS_A_LITTLE):
        return Certainty.YES
    return Certainty.DOUBTFUL if weight >= _WORTH_ASKING or leaning > _LEANS_A_LITTLE else Certainty.NO


def _is_habit(told: Sequence[Sign], found: MarkedText) -> bool:
    """ "Chó thả rông cắn người hoài": what was borne so far can be asked about."""
    kinds = {sign.pattern.says for sign in told}
    habitual = _HABITUAL if found.hits.get(_HABIT) else frozenset()
    if found.hits.get(_EACH_TIME):
        habitual = habitual | _HABITUAL | _AT_TIMES
    return bool(kinds) and kinds <= habitual and not any(found.hits.get(name) for name in _SAYS_NOW)


def _weighed(told: Sequence[Sign], cries: Sequence[Sign], found: MarkedText) -> int:
    """What the patterns say together; a cry for help alone says something only where it is a strong one."""
    if not told and not any(sign.pattern.weight > 1 for sign in cries):
        return 0
    return _weight(told, found) + _weight_of_cries(cries, told) - _framed(found)


def _weight(told: Sequence[Sign], found: MarkedText) -> int:
    """A strong sign is enough, two kinds say more; a feared or imagined one is a weak one, and a weak one nothing."""
    by_kind: dict[str, int] = {}
    for sign in told:
        weight = sign.pattern.weight - (1 if _is_feared(sign, found) else 0)
        by_kind[sign.pattern.says] = max(by_kind.get(sign.pattern.says, 0), weight)
    strongest = sorted(by_kind.values(), reverse=True)[:2]
    return sum(strongest)


def _weight_of_cries(cries: Sequence[Sign], told: Sequence[Sign]) -> int:
    return max((sign.pattern.weight for sign in cries), default=0) if told else 1


def _framed(found: MarkedText) -> int:
    against = sum(weight for name, weight in _FRAMES.items() if found.hits.get(name))
    return max(0, against - (1 if found.hits.get("@now") else 0))


def _is_denied(sign: Sign, found: MarkedText) -> bool:
    first = min(sign.spans, key=lambda span: span.start)
    return _is_behind("@negation", first, found, _DENIAL_REACHES)


def _is_feared(sign: Sign, found: MarkedText) -> bool:
    """Feared or imagined, in whichever part: "xe ben chạy ẩu, suýt tông người"."""
    return any(_is_behind("@hypothetical", span, found, _DOUBT_REACHES) for span in sign.spans)


def _is_behind(name: str, part: Span, found: MarkedText, reach: int) -> bool:
    """Whether one of these words ends shortly before a part of a sign."""
    at = found.text.at
    spans: Sequence[Span] = found.hits.get(name, ())
    # As many words apart as numbers, or more: what begins further ahead than a phrase is long cannot reach.
    near = spans[bisect_left(spans, (part.start - reach - LONGEST_PHRASE,)) : bisect_left(spans, (part.start,))]
    return any(span.end <= part.start and at[part.start] - at[span.end - 1] <= reach for span in near)
