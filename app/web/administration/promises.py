"""Promises as they stand with their versions, and a file of new ones: first what it would do, then done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal, InvalidOperation

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.seeding.imports import FileRefused, bring_in, take_out
from app.web.administration.blueprint import ADMINISTERING, LOOKING_AT_RULES, blueprint
from app.web.administration.file_faults import FaultLine, fault_lines
from app.web.administration.rule_past import words_of_rules
from app.web.administration.rule_words import opening_words
from app.web.frame.access import signed_in
from app.web.frame.fault_words import fault_words
from app.web.frame.menu import in_menu
from app.web.pieces.typed_forms import typed_form, was_refused, was_sent
from app.wording.contact_codes import outbound_channel_word
from app.wording.rule_names import rule_name
from escalation.firing.actions import ACTIONS
from tickets.directory.exchange import ImportOutcome
from tickets.errors import InvalidInput
from tickets.file_errors import RowError
from tickets.outbox.limits import limit_name, limits_now, set_limits
from tickets.people.roles import visible_tickets
from tickets.promises.plan import Reaching
from tickets.promises.policies import known_names
from tickets.promises.policy_file import MAX_RETIRING_REASON, parse_policies
from tickets.promises.reach_times import reach_times, set_reach_times
from tickets.promises.retiring import Retirement, retire, retirement_of
from tickets.promises.rule_drafts import RuleKind, drafts_of
from tickets.promises.rule_versions import rules_now
from tickets.states import DraftForm, Priority

_HERE = "/administration/promises"
# A file travels through the page that shows what it would do; larger ones go through the command line.
_LONGEST_FILE = 400_000


@dataclass(frozen=True, slots=True)
class Preview:
    """What a file would do: how much is in it, which rules get a new version, and what is wrong with it."""

    text: str
    policies: int
    rows: int
    chains: int
    changed: tuple[str, ...]
    closed: tuple[str, ...]
    faults: list[FaultLine]


@blueprint.get(_HERE)
@in_menu(_l("Promises"), order=5, under="administration")
@signed_in(*LOOKING_AT_RULES)
def promises() -> ResponseReturnValue:
    return _page()


@blueprint.get(f"{_HERE}.yaml")
@signed_in(*LOOKING_AT_RULES)
def policies_file() -> Response:
    response = Response(take_out(g.session, "policies"), mimetype="application/yaml")
    response.headers["Content-Disposition"] = 'attachment; filename="policies.yaml"'
    return response


@blueprint.post(f"{_HERE}/preview")
@signed_in(*ADMINISTERING)
def preview() -> ResponseReturnValue:
    text = _given_text()
    if text is None:
        return _page(error=_("Choose a YAML file in UTF-8 of at most 400 kB."), status=400)
    shown = _previewed(text)
    return _page(shown=shown, status=400 if shown.faults else 200)


@blueprint.post(f"{_HERE}/apply")
@signed_in(*ADMINISTERING)
def apply() -> ResponseReturnValue:
    text = request.form.get("text", "").replace("\r\n", "\n")
    try:
        done = bring_in(g.session, "policies", text, actor=g.actor, now=g.now)
    except FileRefused:
        # Something it names has gone since it was looked at.
        return _page(shown=_previewed(text), status=400)
    if done.changed:
        flash(
            ngettext("%(num)d rule has a new version.", "%(num)d rules have a new version.", len(done.changed)),
            "success",
        )
    for name in done.closed:
        flash(_("“%(name)s” is retired.", name=rule_name(name)), "success")
    if not (done.changed or done.closed):
        flash(_("Nothing changed: these rules are already in force."), "info")
    return redirect(_HERE, code=303)


@blueprint.post(f"{_HERE}/retire/preview")
@signed_in(*ADMINISTERING)
def retire_preview() -> ResponseReturnValue:
    """What retiring a promise would do; nothing changes before it is confirmed."""
    return _page(retiring=_retirement(request.form.get("policy", "")))


@blueprint.post(f"{_HERE}/retire")
@signed_in(*ADMINISTERING)
def retire_policy() -> ResponseReturnValue:
    name, reason = request.form.get("policy", ""), request.form.get("reason", "").strip()
    if not reason or len(reason) > MAX_RETIRING_REASON:
        was_refused(DraftForm.RETIRING, _rule_id(name))
        return _page(retiring=_retirement(name), reason_error=_reason_error(reason), status=400)
    rule_id = _rule_id(name)
    try:
        retire(g.session, name, reason=reason, actor=g.actor, now=g.now)
    except InvalidInput:
        # What would have taken its place has gone since it was looked at.
        was_refused(DraftForm.RETIRING, rule_id)
        return _page(retiring=_retirement(name), status=409)
    was_sent(DraftForm.RETIRING, rule_id)
    flash(_("“%(name)s” is retired.", name=rule_name(name)), "success")
    return redirect(_HERE, code=303)


def _rule_id(name: str) -> int:
    return next((version.rule_id for policy, version in rules_now(g.session).policies if policy.name == name), 0)


@blueprint.post(f"{_HERE}/reach-times")
@signed_in(*ADMINISTERING)
def change_reach_times() -> ResponseReturnValue:
    """How long each way of a person, or in an emergency the person, is given before the next is tried; and calls."""
    try:
        given = {priority: _reaching(priority) for priority in Priority}
        set_reach_times(g.session, given, actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        return _page(reach_error={wrong.field: fault_words(wrong)}, status=400)
    flash(_("It holds for everything reported from now on."), "success")
    return redirect(_HERE, code=303)


@blueprint.post(f"{_HERE}/message-limits")
@signed_in(*ADMINISTERING)
def change_message_limits() -> ResponseReturnValue:
    """How many messages one person is sent on a channel; what is more waits, or leaves as one list."""
    try:
        given = [replace(one, most=int(_number(limit_name(one), "no_such_limit"))) for one in limits_now(g.session)]
        set_limits(g.session, given, actor=g.actor, now=g.now)
    except InvalidInput as wrong:
        return _page(reach_error={wrong.field: fault_words(wrong)}, status=400)
    flash(_("It holds for everything sent from now on."), "success")
    return redirect(_HERE, code=303)


def _reaching(priority: Priority) -> Reaching:
    """Minutes and pauses as they are typed: half a minute is 0,5 or 0.5."""
    within = _number(priority.value, "no_such_reach_time")
    calls = _number(f"{priority.value}_calls", "no_such_number_of_calls")
    pause = _number(f"{priority.value}_pause", "no_such_call_pause")
    return Reaching(timedelta(seconds=int(within * 60)), int(calls), timedelta(seconds=int(pause)))


def _number(name: str, fault: str) -> Decimal:
    typed = request.form.get(name, "").strip().replace(",", ".")[:8]
    try:
        number = Decimal(typed)
        if not number.is_finite():
            raise InvalidOperation
    except InvalidOperation:
        raise InvalidInput(name, fault) from None
    return number


def _retirement(name: str) -> Retirement:
    return retirement_of(g.session, name, scope=visible_tickets(g.viewer))


def _reason_error(reason: str) -> str:
    if not reason:
        return _("Say why: it is kept in the audit trail.")
    return _("At most %(num)d characters, please.", num=MAX_RETIRING_REASON)


def _given_text() -> str | None:
    file = request.files.get("file")
    raw = file.read(_LONGEST_FILE + 1) if file and file.filename else request.form.get("text", "").encode()
    if not raw.strip() or len(raw) > _LONGEST_FILE:
        return None
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return None


def _previewed(text: str) -> Preview:
    wanted = parse_policies(text, known=known_names(g.session, actions=ACTIONS))
    done, wrong = (ImportOutcome(), wanted.errors) if wanted.errors else _tried(text)
    return Preview(
        text=text,
        policies=len(wanted.policies),
        rows=sum(len(policy.rows) for policy in wanted.policies),
        chains=len(wanted.chains),
        changed=done.changed,
        closed=done.closed,
        faults=fault_lines(wrong),
    )


def _tried(text: str) -> tuple[ImportOutcome, Sequence[RowError]]:
    """Done for real and taken back: the preview cannot differ from what applying it does."""
    attempt = g.session.begin_nested()
    try:
        return bring_in(g.session, "policies", text, actor=g.actor, now=g.now), ()
    except FileRefused as refused:
        return ImportOutcome(), refused.errors
    finally:
        attempt.rollback()


def _page(
    *,
    shown: Preview | None = None,
    retiring: Retirement | None = None,
    reason_error: str = "",
    error: str = "",
    reach_error: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    now_in_force = rules_now(g.session)
    page = render_template(
        "administration/promises.html",
        rules_now=now_in_force,
        may_write=g.viewer.holds(*ADMINISTERING),
        drafts=drafts_of(g.session, g.viewer.staff_id, RuleKind.POLICY),
        **words_of_rules(now_in_force),
        opening_words=opening_words,
        shown=shown,
        retiring=retiring,
        retiring_form=typed_form(DraftForm.RETIRING, _rule_id(retiring.name)) if retiring is not None else None,
        reason_error=reason_error,
        error=error,
        reach_error=reach_error or {},
        reach_rows=_reach_rows(),
        limit_fields=_limit_fields(),
    )
    return Response(page, status, mimetype="text/html")


def _reach_rows() -> list[tuple[str, dict[str, str]]]:
    """By priority, what stands in each field: as it holds, or as it was just typed."""
    rows = []
    for priority, rule in reach_times(g.session).items():
        code = priority.value
        stand = {
            code: f"{rule.within / timedelta(minutes=1):g}",
            f"{code}_calls": str(rule.most_calls),
            f"{code}_pause": f"{rule.call_pause.total_seconds():g}",
        }
        rows.append((code, {name: request.form.get(name, value) for name, value in stand.items()}))
    return rows


def _limit_fields() -> list[tuple[str, str, str]]:
    """Of each limit its field, what stands beside it, and its number as it holds or as it was just typed."""
    return [
        (
            limit_name(one),
            _("%(channel)s within %(num)d minutes", channel=outbound_channel_word(one.channel), num=one.seconds // 60),
            request.form.get(limit_name(one), str(one.most)),
        )
        for one in limits_now(g.session)
    ]
