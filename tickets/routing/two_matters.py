"""Whether a text tells of two matters, each for somebody else: a report has one place, one kind and one promise."""

from dataclasses import dataclass

from tickets.matter.further import told_apart
from tickets.routing.decision import RoutingRules, guess_category
from tickets.routing.rule_rows import CategoryRule

# In fewer words nobody tells of a matter; "ngoài ra còn ngập" goes on with the one before.
_LEAST_WORDS = 4


@dataclass(frozen=True, slots=True)
class TwoMatters:
    """Both parts of a text, in the citizen's words, and what each is about."""

    first: str
    first_category: CategoryRule
    second: str
    second_category: CategoryRule


def two_matters(said: str, rules: RoutingRules) -> TwoMatters | None:
    """None for a text about one matter, and where the kind of one of the parts cannot be told from its words."""
    for first, second in told_apart(said):
        if min(len(first.split()), len(second.split())) < _LEAST_WORDS:
            continue
        kinds = guess_category(first, rules), guess_category(second, rules)
        if kinds[0] is not None and kinds[1] is not None and kinds[0][0].id != kinds[1][0].id:
            return TwoMatters(first, kinds[0][0], second, kinds[1][0])
    return None
