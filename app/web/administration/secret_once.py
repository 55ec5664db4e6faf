"""Showing a secret exactly once: the page that carries it is the answer to the form, and nothing keeps it."""

from flask import Response, render_template


def secret_page(*, title: str, words: str, secret: str, back: str) -> Response:
    page = render_template("administration/secret.html", title=title, words=words, secret=secret, back=back)
    response = Response(page, mimetype="text/html")
    response.headers["Cache-Control"] = "no-store"
    return response
