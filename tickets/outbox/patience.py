"""For how long a message is tried, and after which pauses; pure.

What a provider cannot take tonight is still wanted tomorrow: an outage of some hours must not end a single message.
"""

import random
from datetime import datetime, timedelta

# A level, its answer, and what the city answers a citizen: worth reading a day later.
LONG = timedelta(hours=24)
# Thanks, references and answers to keys of a telephone.
SHORT = timedelta(hours=6)
_WORTH_LONG = frozenset(
    {
        "escalation_level", "warning", "instruction", "nobody_reachable", "nobody_on_duty", "gathered", "codes_locked",
        "instruction_answered", "instruction_overdue", "delegated", "delegation_declined",
        "delegation_overdue",
        "ticket_resolved", "ticket_reply", "ticket_question", "opened_again", "daily_list",
    }
)  # fmt: skip
# For how long whoever claims a message has it alone.
SENDING_LEASE = timedelta(seconds=60)
# For how long a text waits for an earlier one to the same person that is tried again: as long as its longest pause.
ORDER_KEPT_FOR = timedelta(minutes=10)
# And one about a life for an earlier urgent one: whose telephone was off may have it on again by now.
URGENT_ORDER_KEPT_FOR = timedelta(seconds=30)
# What is due for so long and was never taken hangs, and holds up nobody behind it.
HANGS_AFTER = timedelta(hours=1)
# However old it is: when we ourselves were away for a day, the first refusal is not the last word.
FEWEST_SENDINGS = 8
_FIRST_DELAY_SECONDS = 5.0
_LONGEST_DELAY_SECONDS = 600.0


def patience_with(template: str, *, is_urgent: bool) -> timedelta:
    return LONG if is_urgent or template in _WORTH_LONG else SHORT


def has_patience(template: str, *, is_urgent: bool, since: datetime, now: datetime) -> bool:
    """Whether a message that is due since then is still worth another try."""
    return now - since < patience_with(template, is_urgent=is_urgent)


def retry_delay(attempts: int) -> timedelta:
    """Doubling from five seconds to ten minutes, with jitter so that a thousand failures do not return together."""
    # Beyond the twentieth doubling there is nothing to count.
    ceiling = min(_LONGEST_DELAY_SECONDS, _FIRST_DELAY_SECONDS * 2 ** min(max(0, attempts - 1), 20))
    return timedelta(seconds=random.uniform(ceiling / 2, ceiling))  # noqa: S311 - spreads load, guards nothing
