"""Whether a text accuses an official or a body of the state: then the accused must not be the one who reads it."""

from tickets.matter.leaning import lean
from tickets.matter.patterns import Hits
from tickets.matter.phrases import Span
from tickets.matter.reading import LEANING, NOTHING_READ, Certainty, Indication, signs, words_of
from tickets.matter.rulebook import MarkedText, MatterRulebook, uncovered

_ENOUGH, _WORTH_ASKING = 2, 1
# Tried on 770 texts of hands that taught no weight: with what patterns find, 98 in 100 that accuse stand above these,
# and 6 in 100 others, most of which are made to sound like it.
_LEANS = -2.1
# Where nobody who could be one is named, or nothing of what they are accused of, single words must say more.
_LEANS_ALONE, _OFFICIAL, _SOMEBODY = -1.9, "@official", ("@official", "@agency")
_LEANS_IN_DOUBT = -1.0
# In few words that name neither, each weighs much.
_LEANS_IN_FEW_WORDS = -0.7
# Praise, and swindlers who only say that they are officials, speak against it.
_PRAISE = "@praise"
_FRAMES = {_PRAISE: 2, "@impostor": 3, "@elsewhere": 2, "@withdrawn": 3}
_NOBODY = "@not_official"
# Who is called so in the state's offices and in companies alike, and what tells of a company.
_EITHER, _COMPANY, _LANDLORDS = "@either", "@company", "@private"
_HEAD = "@head"
# Who asks for an official, or for help of one, in few words accuses none by a leaning alone.
_ASKED, _FEW_WORDS = "@asked", 14
_SAYS_MORE = ("@money", "@insult", "@threat", "@force", "@harass", "@favour", "@neglect", "@bribe", "@negative")


def read_about_officials(found: MarkedText, rules: MatterRulebook) -> Indication:
    """Doubtful is enough to keep it from the body concerned: a false alarm costs a click, a miss exposes a person."""
    # Without marks "tận tình" is "tán tỉnh" too: praise holds what only could be meant.
    other = [*_nobodies(found), *found.hits.get(_PRAISE, ())]
    told = MarkedText(found.text, uncovered(found.hits, other)) if other else found
    kept = signs(rules.officials, told)
    kinds = {sign.pattern.says for sign in kept}
    weight = max((sign.pattern.weight for sign in kept), default=0) + min(len(kinds) - 1, 1)
    against = [name for name in _FRAMES if found.hits.get(name)]
    weight -= sum(_FRAMES[name] for name in against)
    if not kept or weight < _WORTH_ASKING:
        if any(name != _PRAISE for name in against) or _only_asks(found):
            return NOTHING_READ
        return _leaning(told, rules, is_doubted=bool(against) or _is_of_private_people(found, told))
    certainty = Certainty.YES if weight >= _ENOUGH else Certainty.DOUBTFUL
    return Indication(certainty, tuple(sorted(kinds)), words_of(kept, told))


def _leaning(told: MarkedText, rules: MatterRulebook, *, is_doubted: bool) -> Indication:
    """`is_doubted`: beside praise, which may be ironical ("thanks, seven journeys for a stamp"), or private people."""
    if _only_names(told):
        return NOTHING_READ
    leaning = lean(told, rules.leanings.get("about_official", {}))
    is_somebody = any(told.hits.get(name) for name in _SOMEBODY)
    says_more = _says_more(told.hits)
    least = _LEANS if is_somebody and says_more else _LEANS_ALONE
    # "Đây là ảnh rác ở đó": of few words that name neither, each weighs too much.
    if not is_somebody and not says_more and len(told.text.words) <= _FEW_WORDS:
        least = _LEANS_IN_FEW_WORDS
    # Few examples are in English: where none is named in it, single words must say more.
    is_doubted = is_doubted or (told.text.is_english and not is_somebody)
    least = max(least, _LEANS_IN_DOUBT) if is_doubted else least
    return Indication(Certainty.DOUBTFUL, (LEANING,), leaning.because) if leaning.score > least else NOTHING_READ


def _is_of_private_people(found: MarkedText, told: MarkedText) -> bool:
    """Whether only landlords, shops and companies are named: "chủ trọ bắt đóng thêm tiền cọc" accuses no office."""
    is_named = any(found.hits.get(name) for name in (_LANDLORDS, _COMPANY))
    return is_named and not any(told.hits.get(name) for name in _SOMEBODY)


def _only_names(told: MarkedText) -> bool:
    """Whether in few words an official is named, and nothing of what one is accused of: "chủ tịch tiếp dân thứ năm"."""
    is_named = bool(told.hits.get(_OFFICIAL))
    return is_named and len(told.text.words) <= _FEW_WORDS and not _says_more(told.hits)


def _says_more(hits: Hits) -> bool:
    return any(hits.get(name) for name in _SAYS_MORE)


def _nobodies(found: MarkedText) -> list[Span]:
    """Who is no official: by the words, or because a company is spoken of and the words fit its staff as well."""
    staff = found.hits.get(_EITHER, ()) if found.hits.get(_COMPANY) else ()
    return [*found.hits.get(_NOBODY, ()), *staff]


def _only_asks(found: MarkedText) -> bool:
    asked = found.hits.get(_ASKED, ())
    if not asked or len(found.text.words) > _FEW_WORDS:
        return False
    return not _says_more(uncovered(found.hits, asked))


def accuses_head(found: MarkedText) -> bool:
    """Whether whoever heads the body is named: then its own head must not decide about it either."""
    return bool(found.hits.get(_HEAD))
