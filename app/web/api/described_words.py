"""What the API's document says, for the page that people read: the document itself is written in English alone."""

from flask_babel import LazyString, lazy_gettext


def _l(said: str) -> tuple[str, LazyString]:
    return said.rstrip("."), lazy_gettext(said)


DESCRIBED = dict(
    (
        _l(
            "The contact centre of the city: open tickets, follow and work them, read the directory. "
            "Errors are application/problem+json in the language of Accept-Language, Vietnamese or English; "
            "lists are paged with a cursor, times are UTC in ISO 8601."
        ),
        _l("Levels that have fired on the tickets this token may see, newest first"),
        _l(
            "With `waiting_for` (an e-mail) what waits for this person's answer, as their page has it: emergencies "
            "first, then by level, day of the due date and people waiting; `count` is the number on their page and in "
            "their menu: 100 stands for more than 99."
        ),
        _l("Acknowledge a level, with an instruction or a new date"),
        _l(
            "`by` is the e-mail of the person it was raised to, or of whoever answers for it today; "
            "it may be left out when it was raised to one person."
        ),
        _l("Promises kept, by unit and clock"),
        _l("Service level, speed of answer, handling time, abandonment"),
        _l("Messages that did not leave, by outage, newest first"),
        _l("Send again all messages written between two instants that did not leave"),
        _l("One audited step."),
        _l("From what somebody says about a place to the units responsible"),
        _l("Reference data of one kind, row by row"),
        _l(
            "In the columns of its file (`./hotline export`), in no particular order. Kinds that name people "
            "or rules (`people`, `posts`, `rota`, `leave`, `responsibilities`, `policies`, …) need the scope `admin`."
        ),
        _l("Administrative procedures"),
        _l("Where tickets wait"),
        _l("The tickets this token may see, newest first"),
        _l("Make the ticket a duplicate of another, or undo that"),
        _l("With `master` it is answered together with that ticket; without, it is worked on by itself again."),
        _l("Appeal against the result of a closed ticket, in the citizen's name"),
        _l("Once for each closure, within 30 days. The answer is the appeal's own ticket, with its PIN."),
        _l("Open a ticket"),
        _l(
            "Send `Idempotency-Key` to be able to repeat the request safely. Words that nobody could work on (a "
            "greeting, an advertisement) without a place, unit, kind or dossier open none: 202, and a person looks "
            "at them."
        ),
        _l("One ticket"),
        _l("Change priority or category"),
        _l("What citizen and agent said to each other, oldest first"),
        _l("Answer the citizen by their channel, keep what the citizen said, or write an internal note"),
        _l("Everything that happened to the ticket, oldest first"),
        _l("Move the ticket: resolve, hold, reopen, withdraw"),
        _l("The bodies that answer today"),
        _l("What the city and each unit lack before anybody should rely on them, and which are live"),
        _l("What a text is about, without keeping it"),
        _l("What the city answers to what many ask, as it is in force, newest first"),
        _l("Who would be told, level by level, of a matter of this unit that is late at an instant"),
    )
)


def described_word(said: str | None) -> str:
    """A sentence of the document in the reader's language."""
    plain = " ".join((said or "").split()).rstrip(".")
    word = DESCRIBED.get(plain)
    return str(word) if word is not None else plain
