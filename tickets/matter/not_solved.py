"""Whether a text says that an answer did not help: it counts only of somebody whom an answer was given to."""

from collections.abc import Sequence

from tickets.matter.reading import NOTHING_READ, Certainty, Indication, Sign, signs, words_of
from tickets.matter.rulebook import MarkedText, MatterRulebook

DONE_BY_NOW = Indication(Certainty.NO, ("done_now",))
_ENOUGH = 2
# What the rules call words of being done, the same behind "now" or "but", and words that speak of another day.
_DONE, _DONE_NOW, _PAST = "done", "done_now", "past"
# Around words of being done: "chưa hết ngập", "xong đâu", "xong một nửa", "báo là xong rồi".
_DENIED_BEFORE = frozenset({"chua", "khong", "chang", "cha", "van", "not", "isn't", "never", "nothing", "nobody"})
_DENIED_AFTER = frozenset({"dau", "chua", "khong", "a", "ha", "sao", "mot", "phan", "doan", "khuc", "half", "partly"})
_REPORTED = frozenset(
    {"bao", "noi", "ghi", "keu", "hua", "rep", "reply", "nhan", "loi", "said", "says", "say", "told", "marked", "claim"}
)
_LOOKS_BACK = 4


def read_not_solved(found: MarkedText, rules: MatterRulebook) -> Indication:
    told = signs(rules.not_solved, found)
    kept = [sign for sign in told if sign.pattern.says not in (_DONE, _DONE_NOW, _PAST)]
    if not kept:
        return NOTHING_READ
    if _is_done_by_now(kept, told, found):
        return DONE_BY_NOW
    weight = max(sign.pattern.weight for sign in kept)
    certainty = Certainty.YES if weight >= _ENOUGH else Certainty.DOUBTFUL
    kinds = tuple(dict.fromkeys(sign.pattern.says for sign in kept))
    return Indication(certainty, kinds, words_of(kept, found), min(sign.start for sign in kept))


def _is_done_by_now(kept: Sequence[Sign], told: Sequence[Sign], found: MarkedText) -> bool:
    """Whether what was not done is done since: "chưa xong hôm qua nhưng nay xong rồi"."""
    done = [sign for sign in told if sign.pattern.says in (_DONE, _DONE_NOW) and not _is_denied(sign, found)]
    if not done:
        return False
    last = max(span.end - 1 for sign in done for span in sign.spans)
    # What is not done comes first, or was the state of another day: "nay xong rồi, hôm qua thì chưa".
    open_still = [sign for sign in kept if sign.last_word > last]
    past = [sign for sign in told if sign.pattern.says == _PAST]
    return all(any(was.start <= sign.start <= was.last_word for was in past) for sign in open_still)


def _is_denied(sign: Sign, found: MarkedText) -> bool:
    """Denied, done by half, asked, or somebody else's word only."""
    words = [word.plain for word in found.text.words]
    said = max(sign.spans, key=lambda span: span.start)
    # What stands before "now" belongs to what was: "hôm qua thì chưa, nay xong rồi".
    begins = sign.start if sign.pattern.says == _DONE_NOW else 0
    own = {at for span in sign.spans for at in range(span.start, span.end)}
    before = [words[at] for at in range(max(begins, said.start - _LOOKS_BACK), said.start) if at not in own]
    after = words[said.end : said.end + 1]
    return bool(_DENIED_BEFORE & {*before[-2:]} or _DENIED_AFTER & {*after} or _REPORTED & {*before})
