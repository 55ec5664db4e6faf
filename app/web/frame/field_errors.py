"""The faults of a request, field by field."""


class FieldErrors(Exception):
    """Everything that is wrong with a request, at once: field, code, and a sentence in the caller's language."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__(errors)
        self.errors = errors


def field_error(field: str, code: str, message: str) -> dict[str, str]:
    return {"field": field, "code": code, "message": message}
