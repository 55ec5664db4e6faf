"""Search by reference, phone, dossier number or words; a reference leads straight to its ticket."""

from flask import g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app.web.console.blueprint import READING, blueprint
from app.web.frame.access import signed_in
from tickets.queries.search import LONGEST_QUERY, FoundBy, SearchResult, search


@blueprint.get("/console/search")
@signed_in(*READING)
def find() -> ResponseReturnValue:
    query = request.args.get("q", "").strip()[:LONGEST_QUERY]
    found = search(g.session, g.viewer, query) if query else SearchResult((), FoundBy.NOTHING)
    if found.by is FoundBy.REFERENCE and len(found.items) == 1:
        return redirect(f"/console/tickets/{found.items[0].reference}", code=303)
    return render_template("console/search.html", query=query, found=found)
