"""The ledger as a page and as a file: every level ever raised, with its proof and what happened since."""

from flask import Response, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.paper.workbook import XLSX_TYPE
from app.web.frame.access import signed_in
from app.web.frame.menu import in_menu
from app.web.leadership.blueprint import READING_THE_LEDGER, blueprint
from app.web.pieces.ledger_file import ledger_download
from app.web.pieces.ledger_filters import address, asked, ledger_filter
from app.web.pieces.ledger_paper import month_pdf, month_xlsx
from app.web.pieces.unit_choices import unit_options
from escalation.queries.follow_up import latest_work
from escalation.queries.ledger import LedgerFilter, export, history
from tickets.city import month_between, zone
from tickets.promises.plan import HIGHEST_LEVEL
from tickets.states import ClockKind, Role, StepResult


@blueprint.get("/leadership/ledger")
@in_menu(_l("Ledger"), order=6, icon="document", only=(Role.AUDITOR,))
@signed_in(*READING_THE_LEDGER)
def ledger() -> ResponseReturnValue:
    given, mine = asked(), request.args.get("mine", "") == "1"
    wanted = ledger_filter(given, staff_id=g.viewer.staff_id if mine else None)
    page = history(g.session, g.viewer, wanted, after=request.args.get("after"))
    kept = {**given, "mine": "1" if mine else ""}
    return render_template(
        "leadership/ledger.html",
        levels=page.levels,
        work=latest_work(g.session, g.viewer, {one.ticket_id for one in page.levels}),
        asked=kept,
        is_filtered=any(kept.values()),
        units=unit_options(),
        highest_level=HIGHEST_LEVEL,
        clocks=list(ClockKind),
        results=[result for result in StepResult if result is not StepResult.VOID],
        next_url=address("/leadership/ledger", {**kept, "after": page.next}) if page.next else None,
        first_url=address("/leadership/ledger", kept) if request.args.get("after") else None,
        download_url=address("/leadership/ledger.csv", kept),
        month=g.now.astimezone(zone()).date().isoformat()[:7],
    )


@blueprint.get("/leadership/ledger.csv")
@signed_in(*READING_THE_LEDGER)
def download() -> Response:
    mine = request.args.get("mine", "") == "1"
    return ledger_download(ledger_filter(asked(), staff_id=g.viewer.staff_id if mine else None))


@blueprint.get("/leadership/ledger/month")
@signed_in(*READING_THE_LEDGER)
def month_on_paper() -> ResponseReturnValue:
    """A month as it is filed: pages to print and sign, or a sheet to count in."""
    typed, form = request.args.get("month", "")[:7], request.args.get("form", "pdf")
    try:
        first, end = month_between(typed, zone())
    except ValueError:
        flash(_("This is not a month."), "danger")
        return redirect("/leadership/ledger", code=303)
    if first > g.now:
        flash(_("This month has not begun: there is nothing to file."), "danger")
        return redirect("/leadership/ledger", code=303)
    found = list(export(g.session, g.viewer, LedgerFilter(fired_from=first, fired_to=end)))
    found.reverse()
    words = f"{typed[5:]}/{typed[:4]}"
    if form == "xlsx":
        answer = Response(month_xlsx(found, month=words), mimetype=XLSX_TYPE)
    else:
        form, answer = "pdf", Response(month_pdf(found, month=words), mimetype="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="ledger-{typed}.{form}"'
    return answer
