"""The cookie of somebody who gave reference and PIN: it opens one ticket's page for two hours, in one browser."""

from flask import Response, current_app, request

from app.web.public import signed

FOLLOW_COOKIE = "hotline_follow"


def let_follow(response: Response, ticket_id: int) -> Response:
    response.set_cookie(
        FOLLOW_COOKIE,
        signed.follow_token(ticket_id),
        max_age=signed.FOLLOW_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        path="/track",
    )
    return response


def end_following(response: Response) -> Response:
    response.delete_cookie(FOLLOW_COOKIE, path="/track")
    return response


def followed_ticket_id() -> int | None:
    """The ticket this browser may follow."""
    return signed.read_follow(request.cookies.get(FOLLOW_COOKIE, ""))
