"""What a text is about, from its words alone: danger, an accusation, "not solved", noise, praise, kinds of matter.

Nothing is stored.

Words and patterns stand in `reference_data/matter`; every reading says which words of the text told it.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

from tickets.matter.about_officials import accuses_head, read_about_officials
from tickets.matter.categories import CategoryRead, read_categories
from tickets.matter.courtesy import Courtesy, read_courtesy
from tickets.matter.danger import read_danger
from tickets.matter.language import WrittenIn, read_language
from tickets.matter.noise import NOTICE, SILENCE, read_noise, read_talk
from tickets.matter.not_solved import DONE_BY_NOW, read_not_solved
from tickets.matter.praise import read_praise
from tickets.matter.reading import LEANING, NOTHING_READ, Certainty, Indication
from tickets.matter.rulebook import MarkedText, MatterRulebook, look
from tickets.matter.rulebook import rulebook as shipped_words
from tickets.matter.text import MAX_READ

__all__ = [
    "CategoryRead",
    "Certainty",
    "Indication",
    "MatterReading",
    "MatterRulebook",
    "WrittenIn",
    "read_matter",
    "shipped_words",
]

_OFFICES = ("@official", "@agency")
# What nobody writes who only asks where a parcel is.
_CRIES = ("@help", "@panic", "@state", "@blood", "@trapped", "@pleading")
# In so many words somebody answers whether it is done, and tells hardly anything beside.
_AN_ANSWER = 30
_FEW_OF_STRANGERS = 14


@dataclass(frozen=True, slots=True)
class MatterReading:
    """`accuses_head`: the accused may be whoever heads the body, so that its own head must not decide about it."""

    danger: Indication
    about_officials: Indication
    not_solved: Indication
    accuses_head: bool
    courtesy: Courtesy
    noise: Indication
    praise: Indication
    categories: tuple[CategoryRead, ...]
    written_in: WrittenIn

    @property
    def is_english(self) -> bool:
        """Whether an answer should be in English: short reports, too, without any of the small words of English."""
        return self.written_in is WrittenIn.ENGLISH

    @property
    def is_danger(self) -> bool:
        return self.danger.certainty is Certainty.YES

    @property
    def may_be_danger(self) -> bool:
        return self.danger.certainty is not Certainty.NO

    @property
    def may_accuse(self) -> bool:
        return self.about_officials.certainty is not Certainty.NO

    @property
    def asks_for_nothing(self) -> bool:
        """Thanks, a nod or an advertisement, and no danger, accusation or complaint with it."""
        says_more = self.may_be_danger or self.may_accuse or self.contradicts
        return not says_more and (self.courtesy.is_all or self.courtesy.is_advert)

    @property
    def is_noise(self) -> bool:
        """Nothing that anybody could work on; what may be danger, an accusation or a complaint never is."""
        says_more = self.may_be_danger or self.may_accuse or self.contradicts
        return not says_more and self.noise.certainty is not Certainty.NO

    @property
    def is_praise(self) -> bool:
        """Praise and nothing that is wrong with it."""
        says_more = self.may_be_danger or self.may_accuse or self.contradicts
        return not says_more and not self.is_noise and self.praise.certainty is not Certainty.NO

    @property
    def says_not_solved(self) -> bool:
        """Of an answer that was given; somebody in danger now speaks of no answer."""
        return not self.is_danger and self.not_solved.certainty is not Certainty.NO

    @property
    def contradicts(self) -> bool:
        """Says so in words that rules know, and not only by the lean of its words: of whoever was not answered, too."""
        return self.says_not_solved and self.not_solved.kinds != (LEANING,)

    @property
    def may_be_solved(self) -> bool:
        """Something in it says that it is not, and not enough: who was answered is asked before anything opens."""
        return self.says_not_solved and self.not_solved.certainty is Certainty.DOUBTFUL

    @property
    def says_done_by_now(self) -> bool:
        """That it is done, whatever it was before: nothing is asked for."""
        says_more = self.may_be_danger or self.may_accuse
        return self.not_solved is DONE_BY_NOW and not says_more


# A form asks once while it is written, its page and its ticket once more each: the same text within a second.
@lru_cache(maxsize=256)
def read_matter(said: str, words: MatterRulebook | None = None) -> MatterReading:
    """Read a whole text by a city's words, else by those of this release.

    What stands beyond 20,000 characters is not read.
    """
    rules, said = words or shipped_words(), said[:MAX_READ]
    found = look(said, rules)
    answered = read_not_solved(found, rules)
    about_officials = read_about_officials(found, rules)
    danger = read_danger(found, rules, accuses=about_officials is not NOTHING_READ)
    danger, about_officials = _beside(answered, danger, found), _beside(answered, about_officials, found)
    courtesy = read_courtesy(found)
    noise = read_noise(said, found, rules, courtesy)
    praise = read_praise(found, rules)
    danger = _beside_strangers(noise, courtesy, danger, found)
    # "chúc cả tổng đài ngủ ngon" accuses nobody, whichever of its words would elsewhere.
    about_officials = NOTHING_READ if courtesy.is_all else _beside_strangers(noise, courtesy, about_officials, found)
    about_officials = _beside_need(danger, about_officials, found)
    answered = _of_strangers(noise, answered, found)
    danger = _beside_talk(danger, found, rules)
    is_said = answered is not NOTHING_READ and answered.kinds != (LEANING,)
    nothing_else = all(read is NOTHING_READ for read in (danger, noise, praise)) and not is_said
    if nothing_else and not courtesy.gives_thanks:
        noise = read_talk(found, rules)
    return MatterReading(
        danger=danger,
        about_officials=about_officials,
        not_solved=answered,
        accuses_head=accuses_head(found),
        courtesy=courtesy,
        noise=noise,
        praise=praise,
        categories=read_categories(found, rules, danger=danger, about_officials=about_officials),
        written_in=read_language(said, found.text, rules.shorthand),
    )


def _beside(answered: Indication, leaning: Indication, found: MarkedText) -> Indication:
    """Words about an answer weigh more than a mere leaning of single words: "nước chảy lại rồi em" is no emergency.

    In a longer text something else may be done: "nhà riêng của ông ấy vừa đổ xong tầng ba".
    """
    if leaning.kinds != (LEANING,):
        return leaning
    if answered is DONE_BY_NOW and len(found.text.words) <= _AN_ANSWER:
        return NOTHING_READ
    begins_with_it = answered.certainty is not Certainty.NO and answered.begins_at <= 1
    return replace(leaning, certainty=Certainty.DOUBTFUL) if begins_with_it else leaning


def _beside_talk(danger: Indication, found: MarkedText, rules: MatterRulebook) -> Indication:
    """A mere doubt by single words is none where they are those of friends: "ad ơi có người yêu chưa"."""
    is_doubt = danger.kinds == (LEANING,) and danger.certainty is Certainty.DOUBTFUL
    if not is_doubt or any(found.hits.get(name) for name in _CRIES):
        return danger
    return NOTHING_READ if read_talk(found, rules) is not NOTHING_READ else danger


def _of_strangers(noise: Indication, answered: Indication, found: MarkedText) -> Indication:
    """A few words of testers and friends answer nothing of ours: "test lần 3, xem có lên chưa"; silence never does."""
    if noise.kinds == (SILENCE,):
        return NOTHING_READ
    is_open = answered.certainty is Certainty.DOUBTFUL
    is_theirs = is_open and noise.kinds == (NOTICE,) and len(found.text.words) <= _FEW_OF_STRANGERS
    return NOTHING_READ if is_theirs else answered


def _beside_need(danger: Indication, accused: Indication, found: MarkedText) -> Indication:
    """Who is in danger and names no office accuses none by single words alone."""
    is_known = danger.certainty is Certainty.YES and danger.kinds != (LEANING,)
    is_elsewhere = is_known and not any(found.hits.get(name) for name in _OFFICES)
    return NOTHING_READ if is_elsewhere and accused.kinds == (LEANING,) else accused


def _beside_strangers(noise: Indication, courtesy: Courtesy, read: Indication, found: MarkedText) -> Indication:
    """What machines and strangers send is known by its words, and so are mere thanks: without a cry no leaning of
    single words makes an emergency or an accusation of it.
    """
    is_nobody = noise.kinds in ((NOTICE,), (SILENCE,)) or courtesy.is_all
    is_leaning = read.kinds == (LEANING,) and is_nobody
    return NOTHING_READ if is_leaning and not any(found.hits.get(name) for name in _CRIES) else read
