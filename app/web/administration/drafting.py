"""Who may write drafts of rules, and who may let them hold."""

from flask import g

from app.web.administration.blueprint import ADMINISTERING, DRAFTING_CHAINS
from tickets.errors import NotAllowed
from tickets.people.roles import Viewer
from tickets.promises.rule_drafts import RuleKind


def may_draft_chains(viewer: Viewer) -> bool:
    """A chain is the whole city's, and so is who steers it: nobody of one unit alone."""
    return viewer.holds(*ADMINISTERING) or viewer.covers_city(*DRAFTING_CHAINS)


def must_draft_chains() -> None:
    """Raises NotAllowed."""
    if not may_draft_chains(g.viewer):
        raise NotAllowed("draft_chain")


def must_draft(kind: str) -> None:
    """Chains are drafted by who steers the city too, anything else by administrators alone. Raises NotAllowed."""
    if kind == RuleKind.CHAIN:
        must_draft_chains()
    elif not may_publish(g.viewer):
        raise NotAllowed("draft_rule")


def may_publish(viewer: Viewer) -> bool:
    return viewer.holds(*ADMINISTERING)
