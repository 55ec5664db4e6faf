"""Where a page can be opened again: its own address, or for the answer to a form the page the form stood on."""

from flask import current_app, request

from app.web.frame.response_headers import BAR_ALONE


def page_address() -> str:
    """The address of this page for a link, a return after signing in, and the browser's history.

    An answer to a form has none of its own: asking for it again would send the form again, or find nothing.
    """
    if request.method == "GET":
        return request.full_path.rstrip("?")
    if request.args.get("next") == BAR_ALONE:
        return BAR_ALONE
    path, pages = request.path, current_app.url_map.bind(request.host)
    while path and not pages.test(path, "GET"):
        path = path.rpartition("/")[0]
    return path or "/"
