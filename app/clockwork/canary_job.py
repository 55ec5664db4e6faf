"""The hourly trial of the chain (R26): followed while one is under way, begun when it is due."""

import structlog

from app.clockwork.node import Node
from app.phone.chain_trial import begin_trial, has_telephone
from app.storage.database import transaction
from app.storage.secret_keys import keys_of
from escalation.canary import trial
from tickets.city import day_of
from tickets.directory.loading import load_places
from tickets.people.actor import SYSTEM
from tickets.queries.lacks import BLOCKING, lacking
from tickets.routing.rules import load_rules

log = structlog.get_logger()


def try_the_chain(node: Node) -> None:
    """The places are read and forgotten again: once an hour a tenth of a second is cheaper than keeping them."""
    with transaction(node.factory) as session:
        ended = [run.missing for run in trial.follow(session, now=node.now(session))]
    for missing in ended:
        if missing is not None:
            log.error("canary.failed", missing=missing.value)
            node.wake()
    with transaction(node.factory) as session:
        now = node.now(session)
        may_begin = trial.is_due(session, now=now) and has_telephone(session, node.settings)
        if not may_begin or BLOCKING.intersection(lacking(session, now=now)):
            return
        rules, keys = load_rules(session, on=day_of(now)), keys_of(session, node.settings)
        begin_trial(session, node.settings, actor=SYSTEM, keys=keys, places=load_places(session), rules=rules, now=now)
