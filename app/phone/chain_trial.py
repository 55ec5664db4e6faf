"""The trial of the chain with this installation's carrier: which telephone it texts, and how it is begun (R26)."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from app.phone.accounts import SIMULATED, sending_account
from app.settings import Settings
from escalation.canary import trial
from tickets.city import city
from tickets.directory.places import PlaceIndex
from tickets.directory.trial_recipient import TrialRecipient, appoint, choose_phone, recipient
from tickets.keys import Keys
from tickets.people.actor import SYSTEM, Actor
from tickets.promises.loading import load_rulebook
from tickets.promises.trial import promise_the_trial
from tickets.routing.rules import Rules
from tickets.schema import CanaryRun


def is_ready_for_trial(settings: Settings, to: TrialRecipient | None) -> bool:
    """Whether there is a telephone that our carrier reaches; the built-in one is unknown to every real carrier."""
    return to is not None and to.phone is not None and (to.phone != city().trial_phone or _is_built_in(settings))


def has_telephone(session: Session, settings: Settings) -> bool:
    """Whether a trial can be begun; with the built-in carrier it sets up its own."""
    return _is_built_in(settings) or is_ready_for_trial(settings, recipient(session))


def begin_trial(
    session: Session, settings: Settings, *, actor: Actor, keys: Keys, places: PlaceIndex, rules: Rules, now: datetime
) -> CanaryRun | None:
    """Open a trial, setting up what it needs; None where one is under way or has no telephone or calendar yet."""
    to = appoint(session, unit_id=rules.routing.operations_unit_id, now=now)
    if to.phone is None and _is_built_in(settings):
        # Nothing leaves the house, so that nobody has to be asked.
        choose_phone(session, to, city().trial_phone, actor=SYSTEM, now=now)
        to = recipient(session) or to
    if not is_ready_for_trial(settings, to) or not promise_the_trial(session, now=now):
        return None
    rules = replace(rules, promises=load_rulebook(session))
    return trial.begin(session, to, actor=actor, keys=keys, places=places, rules=rules, now=now)


def _is_built_in(settings: Settings) -> bool:
    account = sending_account(settings)
    return account is not None and account.name == SIMULATED
