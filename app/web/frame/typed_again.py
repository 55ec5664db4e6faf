"""What was typed into a form that could not be taken now: shown on the error page, and sent again from there."""

from dataclasses import dataclass

from flask import g, request

from app.web.frame.own_pages import From, comes_from

# Whoever looks at the screen meanwhile must not read these, and nobody has typed much of them.
_SECRETS = frozenset({"password", "repeated", "pin"})
_SIGNING_IN = "sign_in"
# Longer than what is chosen from a list: somebody's own words.
_WORDS_FROM = 12
_CSRF = "csrf_token"


@dataclass(frozen=True, slots=True)
class TypedAgain:
    """A form as it came. `words` is what a person would miss; `files` names what must be chosen again."""

    address: str
    fields: tuple[tuple[str, str], ...]
    words: tuple[str, ...]
    files: tuple[str, ...]


def typed_again() -> TypedAgain | None:
    """None where nothing was typed, what was typed is secret, or another site's page typed it in somebody's name."""
    # As it came, where it was taken apart: every form of the page.
    form = g.get("whole_form", request.form)
    if request.method != "POST" or not form or request.blueprint == _SIGNING_IN:
        return None
    if _SECRETS & set(form) or comes_from() is From.ELSEWHERE:
        return None
    fields = tuple((name, value) for name, values in form.lists() for value in values)
    words = tuple(value for name, value in fields if name != _CSRF and _are_words(value))
    return TypedAgain(request.full_path.rstrip("?"), fields, words, sent_files())


def sent_files() -> tuple[str, ...]:
    """The names of the files that came with the form."""
    return tuple(file.filename for files in request.files.listvalues() for file in files if file.filename)


def _are_words(value: str) -> bool:
    return len(value.strip()) >= _WORDS_FROM and any(letter.isspace() for letter in value.strip())
