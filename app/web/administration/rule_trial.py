"""What publishing rules would do, as the worker finds it for a page; and publishing them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta
from typing import Any

from flask import flash, g, redirect
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from app.seeding.imports import FileRefused
from escalation.queries.last_month import LastMonth, ToldInMonth, ToldOfLevel
from escalation.queries.told_tonight import ToldTonight
from tickets.city import zone
from tickets.file_errors import RowError
from tickets.outbox.posting import POSTED
from tickets.promises.applying import begin_applying
from tickets.promises.foresight import Foresight
from tickets.promises.loading import PromiseRulebook, load_rulebook
from tickets.promises.previews import ask_for_preview
from tickets.promises.rule_drafts import DraftOf

_NIGHT_ENDS = time(7, 0)
_NIGHT = timedelta(hours=9)
# A page names this many people; the count is always told.
MOST_TOLD = 40
_NOTHING = Foresight()


@dataclass(frozen=True, slots=True)
class Trial:
    """What new rules would change."""

    policies: tuple[str, ...] = ()
    seen: Foresight = _NOTHING
    told: Sequence[ToldTonight] = ()
    night_ends: datetime | None = None
    seconds: float = 0.0
    last_month: LastMonth | None = None


_NUMBERS = ("tickets", "promises", "later", "earlier", "overdue")


def as_kept(found: Trial) -> dict[str, Any]:
    """What a page shows of it, as JSON; `as_trial` is the way back."""
    return {
        "policies": list(found.policies),
        "seen": {name: getattr(found.seen, name) for name in _NUMBERS},
        "told": [asdict(one) for one in found.told],
        "night_ends": found.night_ends.isoformat() if found.night_ends else None,
        "seconds": found.seconds,
        "last_month": _month_as_kept(found.last_month) if found.last_month is not None else None,
    }


def as_trial(kept: Mapping[str, Any]) -> Trial:
    return Trial(
        tuple(kept["policies"]),
        Foresight(**kept["seen"]),
        [ToldTonight(**one) for one in kept["told"]],
        datetime.fromisoformat(kept["night_ends"]),
        kept["seconds"],
        _month(kept["last_month"]) if kept["last_month"] else None,
    )


def _month_as_kept(month: LastMonth) -> dict[str, Any]:
    return {**asdict(month), "since": month.since.isoformat()}


def _month(kept: Mapping[str, Any]) -> LastMonth:
    levels = [ToldOfLevel(**one) for one in kept["levels"]]
    people = [ToldInMonth(**one) for one in kept["people"]]
    return LastMonth(datetime.fromisoformat(kept["since"]), kept["promises"], kept["is_all"], levels, people)


def count_draft(of: DraftOf, rules: str) -> ResponseReturnValue:
    """To the page of a draft, whose effects on open tickets the worker counts from now on."""
    ask_for_preview(g.session, of, rules, now=g.now)
    g.session.info[POSTED] = True
    return redirect(f"/administration/drafts/{of.kind.value}/{of.rule_id}", code=303)


def faults_of(publish: Callable[[], object]) -> tuple[RowError, ...]:
    """Why it would be refused."""
    attempt = g.session.begin_nested()
    try:
        publish()
    except FileRefused as refused:
        return refused.errors
    finally:
        attempt.rollback()
    return ()


def publish_for(
    publish: Callable[[], object], *, to: str, back: str, unused: str = "", unchanged: str = ""
) -> ResponseReturnValue:
    """Publish for matters that come from now on; `to` "open": for those in progress too. Raises FileRefused.

    `publish` says by its answer whether anything is new, `unchanged` is said where nothing is; `unused`: where no
    promise has changed by it.
    """
    before = load_rulebook(g.session)
    if not publish():
        flash(unchanged or _("Nothing changed: this is in force already."), "info")
        return redirect(back, code=303)
    policies = changed_policies(before, load_rulebook(g.session))
    if to == "open" and policies:
        application = begin_applying(g.session, policies, actor=g.actor, now=g.now)
        return redirect(f"/administration/applications/{application.id}", code=303)
    if unused and not policies:
        flash(unused, "warning")
        return redirect(back, code=303)
    flash(_("Published. It holds for matters that come from now on."), "success")
    return redirect(back, code=303)


def changed_policies(before: PromiseRulebook, after: PromiseRulebook) -> tuple[str, ...]:
    """Policies with a row that was not there, or is there no more."""
    moved = set(before.row_ids.items()) ^ set(after.row_ids.items())
    return tuple(sorted({name for (name, _priority, _clock), _row in moved}))


def tonight(now: datetime) -> datetime:
    """22:00 of this night, or now when that has passed: for which it is asked who stands where."""
    return max(now, next_morning(now) - _NIGHT)


def next_morning(now: datetime) -> datetime:
    """When this night is over."""
    local = now.astimezone(zone())
    morning = datetime.combine(local.date(), _NIGHT_ENDS, tzinfo=zone())
    return (morning if morning > local else morning + timedelta(days=1)).astimezone(now.tzinfo)
