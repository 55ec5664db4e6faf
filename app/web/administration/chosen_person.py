"""Who is meant by a form that lists people and takes an address beside the list."""

from flask import g, request

from tickets.directory.staff import person_by_email
from tickets.errors import InvalidInput
from tickets.typed_text import typed_number


def chosen_person() -> int:
    """The account whose address was typed, else the one that was chosen. Raises InvalidInput for nobody."""
    typed = request.form.get("email", "").strip().replace("\0", "")
    if typed:
        found = person_by_email(g.session, typed[:254])
        if found is None:
            raise InvalidInput("email", "no_such_account")
        return found.id
    chosen = typed_number(request.form.get("person", ""))
    if chosen is None:
        raise InvalidInput("person", "required")
    return chosen
