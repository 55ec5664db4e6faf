"""What a text is about, read from its words alone: danger, an accusation of officials, "not solved". Nothing is stored.

Words and patterns stand in `reference_data/matter`; every reading says which words of the text told it.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

from tickets.matter.about_officials import accuses_head, read_about_officials
from tickets.matter.courtesy import Courtesy, read_courtesy
from tickets.matter.danger import read_danger
from tickets.matter.not_solved import DONE_BY_NOW, read_not_solved
from tickets.matter.reading import LEANING, NOTHING_READ, Certainty, Indication
from tickets.matter.rulebook import look, rulebook

__all__ = ["Certainty", "Indication", "MatterReading", "read_matter"]


@dataclass(frozen=True, slots=True)
class MatterReading:
    """`accuses_head`: the accused may be whoever heads the body, so that its own head must not decide about it."""

    danger: Indication
    about_officials: Indication
    not_solved: Indication
    accuses_head: bool
    courtesy: Courtesy
    is_english: bool

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
        says_more = self.may_be_danger or self.may_accuse or self.says_not_solved
        return not says_more and (self.courtesy.is_all or self.courtesy.is_advert)

    @property
    def says_not_solved(self) -> bool:
        """Of an answer that was given; somebody in danger now speaks of no answer."""
        return not self.is_danger and self.not_solved.certainty is not Certainty.NO

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
def read_matter(said: str) -> MatterReading:
    """Read a whole text; what stands beyond 20,000 characters is not read."""
    rules = rulebook()
    found = look(said, rules)
    answered = read_not_solved(found, rules)
    return MatterReading(
        danger=_beside(answered, read_danger(found, rules)),
        about_officials=_beside(answered, read_about_officials(found, rules)),
        not_solved=answered,
        accuses_head=accuses_head(found),
        courtesy=read_courtesy(found),
        is_english=found.text.is_english,
    )


def _beside(answered: Indication, leaning: Indication) -> Indication:
    """Words about an answer weigh more than a mere leaning of single words: "nước chảy lại rồi em" is no emergency."""
    if leaning.kinds != (LEANING,):
        return leaning
    if answered is DONE_BY_NOW:
        return NOTHING_READ
    begins_with_it = answered.certainty is not Certainty.NO and answered.begins_at <= 1
    return replace(leaning, certainty=Certainty.DOUBTFUL) if begins_with_it else leaning
