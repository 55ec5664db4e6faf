"""The numbered list: what has reached me, since when, by whose delay; then what I have answered for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Response, g, render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app.web.frame.access import signed_in
from app.web.frame.menu import in_menu
from app.web.frame.once import form_key
from app.web.leadership.blueprint import READING_THE_LEDGER, TOLD, blueprint
from app.wording.codes import matter_words
from app.wording.raised_words import delay_sentence, matter_for_outsiders
from escalation.acknowledging.acknowledge import LONGEST_INSTRUCTION
from escalation.acknowledging.right import RightToAnswer, rights_to_answer
from escalation.firing.recipients import mark_read
from escalation.queries.board import RunningChain, reached
from escalation.queries.follow_up import Work, ended_since, latest_work, said_since
from tickets.states import DraftForm
from tickets.work import drafts

_FOLLOWED_FOR = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Item:
    """One matter of the list; `work` is None when the ticket itself is not open to the reader."""

    chain: RunningChain
    sentence: str
    told_at: datetime
    work: Work | None
    # A date of mine does not move the promise: my own unit owes it.
    for_own_unit: bool

    @property
    def stands_still(self) -> bool:
        """Answered for, and nobody has done anything since."""
        answered = self.chain.raised.answered
        return answered is not None and self.work is not None and not self.work.since(answered.at)


@blueprint.get("/leadership")
@in_menu(_l("Reported to me"), order=4, icon="bell", hotkey="g l")
@signed_in(*TOLD)
def numbered_list() -> ResponseReturnValue:
    return show_list()


def show_list(
    *,
    step_id: int = 0,
    typed: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    """The page; a refused answer comes back in its own form, with everything that was typed."""
    items = _items()
    waiting = [item for item in items if item.chain.raised.answered is None]
    unread = [item.chain.raised.step_id for item in items if _is_unread(item)]
    # Showing the list is reading it: the supervisors' board says so to those who wait for an answer.
    mark_read(g.session, g.viewer.staff_id, step_ids=unread, now=g.now)
    answered = [item for item in items if item.chain.raised.answered is not None]
    page = render_template(
        "leadership/reached.html",
        waiting=waiting,
        answered=answered,
        further=said_since(g.session, {item.chain.raised.step_id: item.chain.raised.ticket_id for item in answered}),
        ended=ended_since(g.session, g.viewer.staff_id, since=g.now - _FOLLOWED_FOR),
        may_read_ledger=g.viewer.holds(*READING_THE_LEDGER),
        refused_step=step_id,
        typed=typed or {},
        errors=errors or {},
        longest=LONGEST_INSTRUCTION,
        drafts=drafts.kept_of_all(g.session, DraftForm.INSTRUCTION, staff_id=g.viewer.staff_id),
        once=form_key(),
    )
    return Response(page, status, mimetype="text/html")


def _items() -> list[Item]:
    chains, mine = _still_mine(reached(g.session, g.viewer.staff_id))
    work = latest_work(g.session, g.viewer, {chain.raised.ticket_id for chain in chains})
    return [
        _item(chain, work.get(chain.raised.ticket_id), for_own_unit=mine[chain.raised.step_id].for_own_unit)
        for chain in chains
    ]


def _still_mine(chains: list[RunningChain]) -> tuple[list[RunningChain], dict[int, RightToAnswer]]:
    """Without what I was told of for a post or a unit that is no longer mine; my own answers stay."""
    ids = [chain.raised.step_id for chain in chains]
    mine = rights_to_answer(g.session, ids, viewer=g.viewer, now=g.now)
    return [chain for chain in chains if chain.raised.step_id in mine], mine


def _item(chain: RunningChain, work: Work | None, *, for_own_unit: bool) -> Item:
    raised = chain.raised
    told_at = next((p.told_at for p in raised.told if p.staff_id == g.viewer.staff_id), raised.fired_at)
    matter = matter_words(raised.subject) if work is not None else matter_for_outsiders(raised)
    return Item(chain, delay_sentence(raised, matter=matter, since=told_at, now=g.now), told_at, work, for_own_unit)


def _is_unread(item: Item) -> bool:
    return any(p.staff_id == g.viewer.staff_id and p.read_at is None for p in item.chain.raised.told)
