"""Whether a text says that an answer did not help, or that all is well: it counts only of somebody who was answered."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from tickets.matter.leaning import lean
from tickets.matter.phrases import LONGEST_PHRASE, Span
from tickets.matter.reading import LEANING, NOTHING_READ, Certainty, Indication, Sign, signs, words_of
from tickets.matter.rulebook import MarkedText, MatterRulebook

DONE_BY_NOW = Indication(Certainty.NO, ("done_now",))
_ENOUGH = 2
# Tried on texts that were kept out of learning: of 1,700 that say nothing of an answer three stand above it.
_LEANS = -1.0
# What the rules call words of being done, the same behind "now" or "but", what is denied to have come again
# ("không ngập nữa"), and words that speak of another day.
_DONE, _DONE_NOW, _DENIED, _PAST = "done", "done_now", "denied", "past"
# What says so only in a few words: "vẫn", "không thấy" tell anything in a story.
_HINT = "hint"
_SAYS_DONE = (_DONE, _DONE_NOW, _DENIED)
# Around words of being done: "chưa hết ngập", "xong đâu", "xong một nửa", "báo là xong rồi", "tưởng xong rồi".
_DENIED_BEFORE = frozenset({"chua", "khong", "chang", "cha", "van", "not", "isn't", "never", "nothing", "nobody"})
_DENIED_AFTER = frozenset({"dau", "chua", "khong", "ha", "sao", "mot", "phan", "doan", "khuc", "half", "partly"})
_ASKED_AFTER = frozenset({"à"})
_REPORTED = frozenset(
    {"bao", "noi", "ghi", "keu", "hua", "rep", "reply", "nhan", "loi", "said", "says", "say", "told", "marked", "claim"}
)
_NOES = frozenset({"khong", "chang", "khoi", "het"})
_NOBODY = frozenset({"gi", "ai", "dau", "nao"})
_LOOKS_BACK = 4
_GOES_ON = 3
_THOUGHT_REACHES = 5
# In more words than these, somebody who is content and tells of what is wrong tells something new; and in more than
# those it is a story of its own, unless it gives thanks.
_FEW_WORDS, _A_STORY = 6, 16
_THANKS, _TROUBLE, _TURN, _NOW, _THOUGHT, _BY_HALF = "@thanks", "@trouble", "@turn", "@by_now", "@thought", "@by_half"
_WANTS = "@wants"
# The whole answer to "is it done?".
_NOT_YET = frozenset({"chua", "chua co", "chua dau", "no", "not yet", "khong duoc"})
# A bare "no" may answer "is it solved?" and "not solved?" alike: whoever says it is asked.
NO_ALONE = "no_alone"
_NO = frozenset({"khong", "khong he", "kg", "hem", "hk", "hog", "nope", "nah", "no no", "khong khong"})


def read_not_solved(found: MarkedText, rules: MatterRulebook) -> Indication:
    """Of what is denied and what is said to be done, the last word counts; doubtful where each may be of its own."""
    told, marks = signs(rules.not_solved, found), _marks_of(found)
    done = [sign for sign in told if sign.pattern.says in _SAYS_DONE and not _is_denied(sign, found, marks)]
    open_still = [sign for sign in told if _says_open(sign) and not _is_hint_in_a_story(sign, found)]
    kept = _not_taken_back(open_still, done, marks)
    # "hư lại rồi" says more than the "lại rồi" in it.
    done = _no_part_of(kept, done)
    if not kept:
        if (answer := _bare_answer(found)) is not None:
            return answer
        return DONE_BY_NOW if done and not _tells_more(done, found) else _leans(found, rules)
    certainty = _certainty(kept, done, told, found)
    if certainty is Certainty.NO:
        return DONE_BY_NOW
    kinds = tuple(dict.fromkeys(sign.pattern.says for sign in kept))
    return Indication(certainty, kinds, words_of(kept, found), min(sign.start for sign in kept))


def _leans(found: MarkedText, rules: MatterRulebook) -> Indication:
    """What no pattern knows is asked about: people contradict an answer in a hundred ways."""
    leaning = lean(found, rules.leanings.get("is_not_solved", {}))
    if leaning.score <= _LEANS:
        return NOTHING_READ
    # Nobody knows where it begins: a kind of matter named beside it says more.
    return Indication(Certainty.DOUBTFUL, (LEANING,), leaning.because, len(found.text.words))


def _says_open(sign: Sign) -> bool:
    return sign.pattern.says not in (*_SAYS_DONE, _PAST)


def _is_hint_in_a_story(sign: Sign, found: MarkedText) -> bool:
    return sign.pattern.says == _HINT and len(found.text.words) > _A_STORY


def _certainty(kept: Sequence[Sign], done: Sequence[Sign], told: Sequence[Sign], found: MarkedText) -> Certainty:
    if done:
        last = max(span.end - 1 for sign in done for span in sign.spans)
        # What is not done comes first, or was the state of another day: "nay xong rồi, hôm qua thì chưa".
        past = {at for sign in told if sign.pattern.says == _PAST for at in range(sign.start, sign.last_word + 1)}
        if all(sign.start in past for sign in kept if sign.last_word > last):
            return Certainty.NO if _turns(kept, done, past, found) else Certainty.DOUBTFUL
    weight = max(sign.pattern.weight for sign in kept)
    return Certainty.YES if weight >= _ENOUGH else Certainty.DOUBTFUL


def _turns(kept: Sequence[Sign], done: Sequence[Sign], past: Set[int], found: MarkedText) -> bool:
    """Whether what is done is the same that was not: "chưa xong … nay xong", and not "rác chưa dọn, đèn sửa rồi"."""
    if any(sign.pattern.says == _DONE_NOW for sign in done) or all(sign.start in past for sign in kept):
        return True
    first = min(sign.start for sign in kept)
    last = max(sign.last_word for sign in done)
    marks = (span for name in (_TURN, _NOW, _THOUGHT) for span in found.hits.get(name, ()))
    return any(first - 2 <= span.start <= last for span in marks) or bool(found.hits.get(_THANKS))


@dataclass(frozen=True, slots=True)
class _Marks:
    """Where "I thought" stands, where it turns to what is so, and where something is done by half."""

    thoughts: Sequence[Span]
    turns: Sequence[int]
    by_half: Set[int]


def _marks_of(found: MarkedText) -> _Marks:
    turns = sorted({span.start for name in (_TURN, _NOW) for span in found.hits.get(name, ())})
    by_half = {span.start for span in found.hits.get(_BY_HALF, ())}
    return _Marks(found.hits.get(_THOUGHT, ()), turns, by_half)


def _not_taken_back(open_still: Sequence[Sign], done: Sequence[Sign], marks: _Marks) -> list[Sign]:
    """Without what is denied to have come again, or was only thought until it was seen to be done."""
    denied = {at for sign in done if sign.pattern.says == _DENIED for at in _words_of(sign)}
    last = max((sign.last_word for sign in done), default=-1)
    ends = _longest_of(done)
    left = [sign for sign in open_still if denied.isdisjoint(_words_of(sign)) and not _is_of_content(sign, ends)]
    return [sign for sign in left if not (sign.last_word < last and _is_thought(sign, marks))]


def _longest_of(done: Sequence[Sign]) -> Mapping[int, int]:
    """Where the longest of these words ends, by where it begins."""
    ends: dict[int, int] = {}
    for sign in done:
        for span in sign.spans:
            ends[span.start] = max(ends.get(span.start, 0), span.end)
    return ends


def _is_of_content(sign: Sign, ends: Mapping[int, int]) -> bool:
    """Whether its "no" belongs to words of content: "không sao, ổn rồi" is no "không ổn"."""
    if len(sign.spans) == 1:
        return False
    no, what = sign.spans[:2]
    return no.end < ends.get(no.start, 0) < what.end


def _no_part_of(kept: Sequence[Sign], done: Sequence[Sign]) -> list[Sign]:
    """Without what belongs to something that begins before it and is not done."""
    begins: dict[int, int] = {}
    for sign in kept:
        for at in _words_of(sign):
            begins[at] = min(begins.get(at, sign.start), sign.start)
    return [sign for sign in done if not any(begins.get(at, sign.start) < sign.start for at in _words_of(sign))]


def _words_of(sign: Sign) -> set[int]:
    return {at for span in sign.spans for at in range(span.start, span.end)}


def _is_thought(sign: Sign, marks: _Marks) -> bool:
    """Behind "I thought", up to the word that says what is so: "tưởng chưa xong ai dè xong rồi"."""
    near = bisect_left(marks.thoughts, (sign.start - _THOUGHT_REACHES - LONGEST_PHRASE,))
    for span in marks.thoughts[near : bisect_left(marks.thoughts, (sign.start,))]:
        turn = bisect_left(marks.turns, span.end)
        turns = turn < len(marks.turns) and marks.turns[turn] <= sign.last_word
        if 0 <= sign.start - span.end < _THOUGHT_REACHES and not turns:
            return True
    return False


def _is_denied(sign: Sign, found: MarkedText, marks: _Marks) -> bool:
    """Denied, done by half, asked, only thought, or somebody else's word only."""
    words = found.text.words
    own = _words_of(sign)
    last = max(sign.spans, key=lambda span: span.start)
    # "không thấy ai làm gì hết": it only makes the "no" stronger.
    if last.start > 0 and words[last.start].plain == "het" and words[last.start - 1].plain in _NOBODY:
        return True
    # What stands before "now" belongs to what was: "hôm qua thì chưa, nay xong rồi".
    begins = sign.start if sign.pattern.says == _DONE_NOW else 0

    def before(at: int, reach: int) -> set[str]:
        return {words[n].plain for n in range(max(begins, at - reach), at) if n not in own}

    # "vẫn không bị lại" denies as much as "không bị lại".
    denies = _DENIED_BEFORE - {"van"} if sign.pattern.says == _DENIED else _DENIED_BEFORE
    if any(denies & before(span.start, 2 if span is last else 1) for span in sign.spans) or _REPORTED & before(
        last.start, _LOOKS_BACK
    ):
        return True
    after = words[last.end : last.end + 1]
    # "không cần nữa đâu" says the more surely what it denies.
    is_stressed = bool(after) and after[0].plain == "dau" and words[sign.start].plain in _NOES
    if not is_stressed and any(word.plain in _DENIED_AFTER or word.exact in _ASKED_AFTER for word in after):
        # "xong rồi, không cần xuống nữa" goes on, "xong rồi không?" asks.
        return after[0].plain != "khong" or len(words) - last.end < _GOES_ON
    return _is_thought(sign, marks) or last.end in marks.by_half or last.end + 1 in marks.by_half


def _tells_more(done: Sequence[Sign], found: MarkedText) -> bool:
    """Whether something is asked, or wrong beside what is done, so that it may be a matter of its own."""
    words, thanks = found.text.words, found.hits.get(_THANKS, ())
    if found.hits.get(_WANTS) or words[-1].exact == "chưa" or (len(words) > _A_STORY and not thanks):
        return True
    if len(words) <= _FEW_WORDS:
        return False
    last = max(sign.last_word for sign in done)
    polite = {at for span in thanks for at in range(span.start, span.end)}
    return any(span.start > last and span.start not in polite for span in found.hits.get(_TROUBLE, ()))


def _bare_answer(found: MarkedText) -> Indication | None:
    """ "Not yet", and a "no" of which nobody knows what it denies."""
    polite = {
        at for name in (_THANKS, "@word") for span in found.hits.get(name, ()) for at in range(span.start, span.end)
    }
    left = [word.plain for at, word in enumerate(found.text.words) if at not in polite]
    said = " ".join(left)
    if said not in _NOT_YET and said not in _NO:
        return None
    words = (found.text.said(0, len(found.text.words)),)
    if said in _NOT_YET:
        return Indication(Certainty.YES, ("not_done",), words)
    return Indication(Certainty.DOUBTFUL, (NO_ALONE,), words)
