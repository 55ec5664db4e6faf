"""What rows about people say together: days that have passed, and two who would hold one post."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise

from tickets.directory.exchange.kind import RowChange, TextRow
from tickets.file_errors import RowError, wrong_row
from tickets.promises.plan import RESPONSIBLE_LEADER

# After every day that can be written.
_NEVER = "9999-12-31"


def wrong_dates(change: RowChange, *, today: str) -> RowError | None:
    """A change holds from today or later: who was told of what yesterday was told as it stood then."""
    before, after = change.before or {}, change.after
    if after["from"] != before.get("from", "") and after["from"]:
        if after["from"] < today:
            return wrong_row(change.number, "past", after["from"], column="from")
        if before and before["from"] <= today:
            return wrong_row(change.number, "began_already", before["from"], column="from")
    if after["to"] != before.get("to", "") and after["to"] and after["to"] < today:
        return wrong_row(change.number, "past", after["to"], column="to")
    return None


def holders_overlap(
    changes: Sequence[RowChange], standing: Sequence[TextRow], *, key_of: Callable[[TextRow], str], today: str
) -> list[RowError]:
    """A post has one holder at a time; deputies and duty officers may be several, as may the leaders of the city.

    Each of those answers for a field or an area of their own.
    """
    changed = {key_of(one.after) for one in changes}
    holders: dict[tuple[str, str], list[tuple[TextRow, int]]] = defaultdict(list)
    for row, number in [
        *((one, 0) for one in standing if key_of(one) not in changed),
        *((one.after, one.number) for one in changes),
    ]:
        if row["post"] not in ("", RESPONSIBLE_LEADER) and row["holding"] == "holder":
            holders[row["unit"], row["post"]].append((row, number))
    return [error for rows in holders.values() if len(rows) > 1 for error in _of_a_post(rows, today)]


def _of_a_post(rows: Sequence[tuple[TextRow, int]], today: str) -> list[RowError]:
    ordered = sorted(rows, key=lambda one: (one[0]["from"] or today, one[1]))
    errors = []
    for (earlier, first), (later, second) in pairwise(ordered):
        begins, ends = later["from"] or today, earlier["to"] or _NEVER
        # On the day of the change both may be named: the one goes when the other comes.
        if begins < ends and (first or second) and earlier["person"] != later["person"]:
            other = earlier if second else later
            errors.append(wrong_row(second or first, "overlapping_holders", other["name"], column="post"))
    return errors
