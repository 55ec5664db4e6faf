"""What the hourly trial is promised: two minutes, and one level whose holder is the test recipient (R26)."""

from datetime import datetime

from sqlalchemy.orm import Session

from tickets.people.actor import SYSTEM
from tickets.promises.loading import load_rulebook
from tickets.promises.plan import TRIAL, TRIAL_PRIORITY, ChainLevel, EscalationChain
from tickets.promises.policies import end_policy, save_chain, save_policy
from tickets.promises.policy import Match, PolicyTarget, SlaPolicy
from tickets.states import ClockKind

TARGET_SECONDS = 120
# Why its promise ended the moment it was made: no citizen's ticket is held to it.
TRIAL_ITSELF = "trial"
_CALENDAR = "24x7"
_CHAIN = EscalationChain(TRIAL, (ChainLevel(1, (TRIAL,), offset_seconds=0, channels=("sms",)),))
_TARGET = PolicyTarget(
    priority=TRIAL_PRIORITY,
    clock=ClockKind.RESOLVE,
    target_seconds=TARGET_SECONDS,
    calendar_key=_CALENDAR,
    warn=(),
    chain=TRIAL,
)


def promise_the_trial(session: Session, *, now: datetime) -> bool:
    """Write its policy and chain where there are none, and take the policy out of force at once: it is for no citizen.

    False while there is no calendar that is always open to count it in.
    """
    book = load_rulebook(session)
    if book.trial:
        return True
    if _CALENDAR not in book.newest_calendars:
        return False
    save_chain(session, _CHAIN, actor=SYSTEM, now=now)
    save_policy(session, SlaPolicy(TRIAL, Match(), (_TARGET,), ""), actor=SYSTEM, now=now)
    end_policy(session, TRIAL, reason=TRIAL_ITSELF, actor=SYSTEM, now=now)
    return True
