"""What may be chosen in a citizen's form, in the reader's language; the last known stays when the database is away."""

from sqlalchemy.orm import Session

from tickets.directory.categories import category_tree

CategoryChoices = list[tuple[str, list[tuple[str, str]]]]

# Shown again while the database does not answer, so that a form filled in meanwhile looks as it did before.
_last_known: dict[str, CategoryChoices] = {}


def category_options(session: Session, locale: str) -> CategoryChoices:
    """Categories of the second level under those of the first, as (group, [(code, name)])."""

    def name(category: object) -> str:
        return str(getattr(category, "name_en" if locale == "en" else "name"))

    options = [
        (name(group.category), [(child.code, name(child)) for child in group.children])
        for group in category_tree(session)
        if group.children
    ]
    _last_known[locale] = options
    return options


def last_known_categories(locale: str) -> CategoryChoices:
    return _last_known.get(locale, [])
