"""Reading what a program sent: bodies and queries through pydantic models, every fault named with its field."""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from flask import request
from flask_babel import gettext as _
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

from app.web.frame.field_errors import FieldErrors, field_error

Model = TypeVar("Model", bound=BaseModel)


def _without_nul(text: str) -> str:
    # PostgreSQL cannot keep it, and no keyboard makes it.
    if "\0" in text:
        raise ValueError("nul")
    return text


# No NUL: said in the schema too, so that a program knows before it sends.
TypedWords = Annotated[str, StringConstraints(pattern=r"^[^\u0000]*$"), AfterValidator(_without_nul)]
# A text with at least one letter or digit of some script in it; blanks and control characters alone say nothing.
_LETTER = r"[0-9A-Za-z\u00C0-\u024F\u1780-\u17B3\u1E00-\u1EF9\u3041-\u3096\u30A1-\u30FA\u4E00-\u9FA5\uAC00-\uD7A3]"
Said = Annotated[
    str, StringConstraints(pattern=rf"^[^\u0000]*{_LETTER}[^\u0000]*$", min_length=1), AfterValidator(_without_nul)
]


class Body(BaseModel):
    """A request body: unknown fields are refused, for a misspelt one is a lost one."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


def read_body(model: type[Model]) -> Model:
    """The JSON body as `model`; raises FieldErrors."""
    try:
        data = request.get_json(silent=True)
    except RecursionError:
        data = None
    if not isinstance(data, dict):
        raise FieldErrors([field_error("", "json", _("Send a JSON object as application/json."))])
    return _validated(model, data)


def read_query(model: type[Model]) -> Model:
    """The query string as `model`; raises FieldErrors."""
    return _validated(model, request.args.to_dict())


def _validated(model: type[Model], data: Mapping[str, Any]) -> Model:
    try:
        return model.model_validate(data)
    except ValidationError as refused:
        raise FieldErrors([_told(dict(error)) for error in refused.errors()]) from None


def _told(error: dict[str, Any]) -> dict[str, str]:
    field = ".".join(str(part) for part in error["loc"])
    code = str(error["type"])
    return field_error(field, code, _message(code, error.get("ctx") or {}))


def _message(code: str, context: Mapping[str, Any]) -> str:
    limits = {name: str(context.get(name, "")) for name in ("max_length", "min_length", "ge", "le", "expected")}
    words = {
        "missing": _("This field is required."),
        "extra_forbidden": _("Unknown field."),
        "string_too_long": _("At most %(max_length)s characters.", **limits),
        "string_too_short": _("At least %(min_length)s characters.", **limits),
        "string_type": _("This must be text."),
        "bool_type": _("This must be true or false."),
        "bool_parsing": _("This must be true or false."),
        "int_parsing": _("This must be a whole number."),
        "greater_than_equal": _("At least %(ge)s.", **limits),
        "less_than_equal": _("At most %(le)s.", **limits),
        "instant": _("This must be a date and time with its offset, such as 2026-11-23T09:00:00+07:00."),
        "string_pattern_mismatch": _("This is not in the expected format."),
        "literal_error": _("This must be one of: %(expected)s.", **limits),
        "date_from_datetime_parsing": _("This must be a date such as 2026-11-23."),
        "date_parsing": _("This must be a date such as 2026-11-23."),
    }
    return words.get(code, _("This value cannot be used."))
