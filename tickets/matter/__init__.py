"""What a text is about, read from its words alone: danger, an accusation of officials, "not solved". Nothing is stored.

Words and patterns stand in `reference_data/matter`; every reading says which words of the text told it.
"""

from dataclasses import dataclass
from functools import lru_cache

from tickets.matter.about_officials import accuses_head, read_about_officials
from tickets.matter.courtesy import Courtesy, read_courtesy
from tickets.matter.danger import read_danger
from tickets.matter.not_solved import DONE_BY_NOW, read_not_solved
from tickets.matter.reading import Certainty, Indication
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
    def says_done_by_now(self) -> bool:
        """That it was not done, and is: nothing is asked for."""
        says_more = self.may_be_danger or self.may_accuse
        return self.not_solved is DONE_BY_NOW and not says_more


# A form asks once while it is written, its page and its ticket once more each: the same text within a second.
@lru_cache(maxsize=256)
def read_matter(said: str) -> MatterReading:
    """Read a whole text; what stands beyond 20,000 characters is not read."""
    rules = rulebook()
    found = look(said, rules)
    return MatterReading(
        danger=read_danger(found, rules),
        about_officials=read_about_officials(found, rules),
        not_solved=read_not_solved(found, rules),
        accuses_head=accuses_head(found),
        courtesy=read_courtesy(found),
    )
