"""What a view takes, said for the OpenAPI document; reading and judging it is the view's own (`reading.py`)."""

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import BaseModel

View = TypeVar("View", bound=Callable[..., Any])


def takes_body(model: type[BaseModel]) -> Callable[[View], View]:
    """The view reads a JSON body of this shape."""
    return _describe(body=model, content_type="application/json")


def takes_query(model: type[BaseModel]) -> Callable[[View], View]:
    """The view reads these query parameters."""
    return _describe(args=[(model, "query")])


def _describe(**facts: Any) -> Callable[[View], View]:
    # APIFlask builds its document from this attribute of a view; its own `input` would also validate, and it loses
    # the code of a fault that our problem+json tells.
    def mark(view: View) -> View:
        spec = getattr(view, "_spec", {})
        view._spec = {**spec, **facts}  # type: ignore[attr-defined]
        return view

    return mark
