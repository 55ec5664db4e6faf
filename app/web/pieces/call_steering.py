"""The provider told what to do with a call, once what was decided is committed."""

from collections.abc import Sequence

from flask import Response, after_this_request

from app.phone.call_control import LegChange, tell_provider
from app.web.frame.current import settings


def tell_after_commit(changes: Sequence[LegChange]) -> None:
    """Once the transaction is over: a slow provider must hold no row, and no screen either."""

    @after_this_request
    def tell(response: Response) -> Response:
        tell_provider(settings(), changes)
        return response
