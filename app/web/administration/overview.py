"""Whether everything works: health, processes, what waits, outages, and when each job was last seen to work."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import g, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.phone.spool import depth as spool_depth
from app.phone.spool import refused_count
from app.storage.schema_state import schema_differences
from app.web.administration.blueprint import ADMINISTERING, blueprint
from app.web.administration.clocks import state_words
from app.web.administration.jobs_by_themselves import jobs_by_themselves
from app.web.frame.access import signed_in
from app.web.frame.current import settings
from app.web.frame.menu import in_menu
from app.web.monitoring.canary_check import canary_check
from app.web.monitoring.client_faults import faults_by_kind
from app.web.monitoring.clock_checks import read_clocks
from app.web.monitoring.health import backlog_checks, known_schema, process_checks
from app.web.monitoring.held_check import held_now
from app.web.monitoring.leader_checks import leader_check
from app.wording.refusals import schema_words
from app.wording.spoken_time import moment_phrase
from escalation.firing.gaps import recent_gaps
from telephony.provider.kept_accounts import undecided_names
from tickets.audit import unsealed
from tickets.outbox.letters import dead_count, waiting_count
from tickets.outbox.troubles import refused_accounts
from tickets.process_beats import SILENT_AFTER, TICKING
from tickets.queries.lacks import Lack, lacking
from tickets.schema import ProcessBeat, WebhookRefusal

_OUTAGES_OF = timedelta(days=30)
_REFUSALS_OF = timedelta(hours=24)
# Counted by day, so today and yesterday.
_CLIENT_FAULTS_OF = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    is_well: bool
    words: str


@blueprint.get("/administration")
@in_menu(_l("Administration"), order=5, icon="settings", hotkey="g a")
@in_menu(_l("Overview"), order=1, under="administration")
@signed_in(*ADMINISTERING)
def overview() -> ResponseReturnValue:
    beats = g.session.scalars(
        select(ProcessBeat).where(ProcessBeat.name != TICKING).order_by(ProcessBeat.kind, ProcessBeat.name)
    ).all()
    return render_template(
        "administration/overview.html",
        checks=_checks(),
        processes=[(beat, g.now - beat.beat_at <= SILENT_AFTER) for beat in beats],
        jobs=jobs_by_themselves(g.session, now=g.now),
        spool=spool_depth(settings().data_dir),
        spool_refused=refused_count(settings().data_dir),
        waiting=_up_to(waiting_count(g.session)),
        unsealed=_up_to(unsealed.count(g.session)),
        dead=_up_to(dead_count(g.session)),
        refused=refused_accounts(g.session),
        client_faults=sum(faults_by_kind(g.session, since=g.now - _CLIENT_FAULTS_OF).values()),
        refusals=_refusals(g.session, since=g.now - _REFUSALS_OF),
        outages=recent_gaps(g.session, since=g.now - _OUTAGES_OF),
        lacks=[*map(_undecided_words, undecided_names(g.session)), *_lacks()],
        clocks_are_well=read_clocks(g.session).are_well,
        has_mail_server=bool(settings().smtp_url),
    )


def _checks() -> list[Check]:
    names = {
        "scheduler": _("Scheduler"),
        "worker": _("Worker"),
        "leader": _("A scheduler leads"),
        "escalation": _("Escalation steps on time"),
        "outbox": _("Messages are sent on time"),
        "sending_account": _("Carriers accept our account"),
        "canary": _("The hourly trial gets through"),
    }
    found = (
        process_checks(g.session, now=g.now)
        | leader_check(g.session, now=g.now)
        | backlog_checks(g.session, now=g.now)
        | canary_check(g.session)
    )
    database = Check(_("Database"), True, _("healthy"))
    return [
        database,
        _schema_check(),
        _held(),
        *_clocks(),
        *(Check(names.get(name, name), said == "ok", _said(said)) for name, said in found.items()),
    ]


def _held() -> Check:
    """What no page can mend: whoever administers the server ends that process."""
    held = held_now(g.session, now=g.now)
    said = [
        _(
            "process %(pid)s of the database (%(role)s) has locked %(tables)s",
            **one | {"tables": ", ".join(one["tables"])},
        )
        for one in held
    ]
    return Check(_("Locks on tables"), not held, "; ".join(said) or _("healthy"))


def _clocks() -> list[Check]:
    """One line, and one more for every scheduler that has trouble with its clock."""
    troubled = [one for one in read_clocks(g.session).schedulers if not one.clock.is_well]
    if not troubled:
        return [Check(_("Clocks"), True, _("healthy"))]
    return [Check(_("Clock of %(process)s", process=one.name), False, state_words(one.clock)) for one in troubled]


def _schema_check() -> Check:
    connection = g.session.connection()
    fault = known_schema().fault(connection, now=g.now)
    if fault is None:
        return Check(_("Tables"), True, _("healthy"))
    return Check(_("Tables"), False, schema_words(fault, "; ".join(schema_differences(connection)[:5])))


def _lacks() -> list[str]:
    return [_lack_words()[lack] for lack in lacking(g.session, now=g.now)]


def _undecided_words(name: str) -> str:
    return _(
        "%(name)s keeps voice and text of citizens abroad, and no decision that allows it is recorded. "
        "Who calls or writes is answered; where citizens call, nothing is sent by it.",
        name=name,
    )


def _lack_words() -> dict[Lack, str]:
    """What is missing, what follows from it, and where it is mended."""
    return {
        Lack.DIRECTORY: _("There is no directory: no contact can be received. Run ./hotline migrate."),
        Lack.QUEUES: _("No unit has a queue: no contact can be received. Run ./hotline migrate."),
        Lack.TRIAGE: _(
            "There is no triage for matters without a unit: no contact can be received. Run ./hotline migrate."
        ),
        Lack.CITY_LINE: _("No number is set as the city's hotline. Import the lines."),
        Lack.CATEGORIES: _("There are no categories. Run ./hotline migrate."),
        Lack.CALENDARS: _("There is no calendar: no promise can be counted. Run ./hotline migrate."),
        Lack.PROMISES: _("No promise is in force: nothing falls due. Import promises."),
        Lack.CHAINS: _("There is no escalation chain: nothing is reported upwards. Import promises."),
        Lack.ADMINISTRATOR: _("There is no administrator. Run ./hotline user add."),
        Lack.AGENTS: _("There are no agents: nobody takes calls or tickets. Add people."),
        Lack.HOLDERS: _("Nobody holds a post: reports to higher levels reach nobody."),
        Lack.TRIAL_PHONE: _("The hourly trial has no telephone: whether reports arrive is not tried. Choose one."),
    }


def _said(state: str) -> str:
    """What the health check says to machines, in words: `ok`, `has never run`, `silent since …`, `late since …`."""
    if state == "ok":
        return _("healthy")
    kind, _since, instant = state.partition(" since ")
    if not instant:
        return _("has never run")
    moment = moment_phrase(datetime.fromisoformat(instant), g.now)
    if " is refused by " in kind:
        return _("refused since %(moment)s; messages wait until it works again", moment=moment)
    return (
        _("no signal since %(moment)s", moment=moment)
        if kind == "silent"
        else _("late since %(moment)s", moment=moment)
    )


def _up_to(number: int) -> str:
    """'' for none, so that a page can ask whether there is any."""
    if not number:
        return ""
    return str(number) if number < unsealed.MOST_COUNTED else f"{number}+"


def _refusals(session: Session, *, since: datetime) -> int:
    return session.scalar(select(func.count()).where(WebhookRefusal.at >= since)) or 0
