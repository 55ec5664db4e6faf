"""The numbered list: what has reached me, since when, by whose delay; then what I have answered for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Response, g, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from app.web.frame.access import signed_in
from app.web.frame.menu import in_menu
from app.web.frame.once import form_key
from app.web.leadership.blueprint import READING_THE_LEDGER, TOLD, blueprint
from app.web.leadership.own_desk import own_desk, waiting_count
from app.web.pieces.ledger_filters import address
from app.wording.codes import matter_words
from app.wording.raised_words import desk_sentence, matter_for_outsiders
from escalation.acknowledging.levels_above import passes_up_to
from escalation.acknowledging.locked_level import LONGEST_INSTRUCTION
from escalation.acknowledging.right import KnownStanding
from escalation.firing.recipients import mark_read
from escalation.queries.asked import asked_about
from escalation.queries.board import RunningChain, chains_of
from escalation.queries.desk import DeskLine
from escalation.queries.follow_up import Work, ended_since, latest_work, said_since
from tickets.outbox import posting
from tickets.states import DraftForm
from tickets.work import drafts

_FOLLOWED_FOR = timedelta(days=14)
_HERE = "/leadership"


@dataclass(frozen=True, slots=True)
class Item:
    """One matter of the list; `work` is None when the ticket itself is not open to the reader."""

    chain: RunningChain
    sentence: str
    told_at: datetime
    work: Work | None
    # A date of mine does not move the promise: my own unit owes it.
    for_own_unit: bool
    # Asked by a colleague, they ask nobody further.
    is_delegated: bool
    # The level that is told where this one is passed up; None: nobody else is above, or it has come.
    passes_up_to: int | None

    @property
    def stands_still(self) -> bool:
        """Answered for, and nobody has done anything since."""
        answered = self.chain.raised.answered
        return answered is not None and self.work is not None and not self.work.since(answered.at)


@blueprint.get(_HERE)
@in_menu(_l("Reported to me"), order=4, icon="bell", hotkey="g l", counting=waiting_count)
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
    waiting_from, answered_from = place_asked("after"), place_asked("answered_after")
    desk = own_desk(waiting_after=waiting_from, answered_after=answered_from)
    waiting, answered = desk.waiting, desk.answered
    items = _items([*waiting.lines, *answered.lines], desk.standing)
    unread = [item.chain.raised.step_id for item in items if _is_unread(item)]
    # Showing the list is reading it: the supervisors' board says so to those who wait for an answer.
    mark_read(g.session, g.viewer.staff_id, step_ids=unread, now=g.now)
    read = {item.chain.raised.ticket_id for item in items}
    posting.mark_notices_of_tickets_read(g.session, g.viewer.staff_id, ticket_ids=read, now=g.now)
    done = [item for item in items if item.chain.raised.answered is not None]
    page = render_template(
        "leadership/reached.html",
        waiting=[item for item in items if item.chain.raised.answered is None],
        waiting_count=waiting.count,
        waiting_next=address(_HERE, {"after": waiting.next}) if waiting.next else None,
        waiting_first=_HERE if waiting_from else None,
        answered=done,
        answered_count=answered.count,
        answered_next=address(_HERE, {"answered_after": answered.next}) if answered.next else None,
        answered_first=_HERE if answered_from else None,
        here={"after": waiting_from, "answered_after": answered_from},
        asked=asked_about(g.session, {item.chain.raised.step_id for item in items}),
        further=said_since(g.session, {item.chain.raised.step_id: item.chain.raised.ticket_id for item in done}),
        me=g.viewer.staff_id,
        ended=ended_since(g.session, g.viewer, since=g.now - _FOLLOWED_FOR, now=g.now),
        may_read_ledger=g.viewer.holds(*READING_THE_LEDGER),
        refused_step=step_id,
        # A level that stands on no list of theirs any more: what was typed is shown above them.
        refused_elsewhere=bool(errors) and step_id not in {item.chain.raised.step_id for item in items},
        typed=typed or {},
        errors=errors or {},
        longest=LONGEST_INSTRUCTION,
        drafts=drafts.kept_of_all(g.session, DraftForm.INSTRUCTION, staff_id=g.viewer.staff_id),
        once=form_key(),
    )
    return Response(page, status, mimetype="text/html")


def place_asked(name: str) -> str:
    """From which line on a list is asked for, by the address or by the form that was sent from it."""
    return (request.form.get(name) or request.args.get(name, ""))[:120]


def _items(lines: list[DeskLine], standing: KnownStanding) -> list[Item]:
    chains = chains_of(g.session, [line.step_id for line in lines])
    of_step = {line.step_id: line for line in lines}
    work = latest_work(g.session, g.viewer, {chain.raised.ticket_id for chain in chains})
    above = passes_up_to(g.session, list(of_step), staff_id=g.viewer.staff_id, now=g.now, known=standing)
    return [_item(chain, work.get(chain.raised.ticket_id), of_step[chain.raised.step_id], above) for chain in chains]


def _item(chain: RunningChain, work: Work | None, line: DeskLine, above: Mapping[int, int]) -> Item:
    raised = chain.raised
    told_at = next((p.told_at for p in raised.told if p.staff_id == g.viewer.staff_id), raised.fired_at)
    matter = matter_words(raised.subject) if work is not None else matter_for_outsiders(raised)
    place = raised.place if work is not None else ""
    sentence = desk_sentence(raised, matter=matter, place=place, people=line.people, since=told_at, now=g.now)
    return Item(
        chain, sentence, told_at, work, line.right.for_own_unit, line.right.is_delegated, above.get(raised.step_id)
    )


def _is_unread(item: Item) -> bool:
    return any(p.staff_id == g.viewer.staff_id and p.read_at is None for p in item.chain.raised.told)
