"""Telling one level, counted naively: who is tried by which way, one after the other, until somebody has it (A3).

It knows no rows and no states of messages: a list of people with two ways each, and how the last of these went.
"""

from dataclasses import dataclass, field

WAYS = ("sms", "email")
# An urgent matter gives each way ten minutes; the story looks every fifteen.
GIVEN = 10


@dataclass
class Search:
    """One level that was raised at a minute, and everybody who may be told of it in this order."""

    people: list[int]
    leaves_at: int
    tried: list[tuple[int, str, str]] = field(default_factory=list)
    is_reached: bool = False
    is_over: bool = False

    @property
    def next_way(self) -> tuple[int, str] | None:
        every = [(who, way) for who in self.people for way in WAYS]
        return every[len(self.tried)] if len(self.tried) < len(every) else None

    @property
    def is_waiting(self) -> bool:
        return self.waits_for_leaving and not self.is_over

    @property
    def told(self) -> list[int]:
        """The first at once, the others as the search comes to them."""
        known = [self.people[0], *(who for who, _way, _outcome in self.tried)]
        following = [self.next_way[0]] if self.waits_for_leaving and self.next_way else []
        return list(dict.fromkeys([*known, *following]))

    waits_for_leaving: bool = True

    def leaves(self, outcome: str) -> None:
        """The way that was next has been taken, and this came of it."""
        assert self.next_way is not None
        self.tried.append((*self.next_way, outcome))
        self.waits_for_leaving = False
        self.is_reached |= outcome == "delivered"

    def is_looked_at(self, now: int) -> bool:
        """What failed is looked at once, what said nothing when its time is over."""
        if self.is_over:
            return False
        if not self.waits_for_leaving and self.tried[-1][2] in ("failed", "suppressed"):
            return True
        return now >= self.leaves_at + GIVEN

    def goes_on(self, at: int, *, stands: bool) -> None:
        """Somebody looks: it is known by somebody, or its promise does not run, or the next is tried from then on."""
        if self.is_reached or not stands or (self.next_way is None and not self.waits_for_leaving):
            self.is_over = True
            return
        self.leaves_at, self.waits_for_leaving = at, True
