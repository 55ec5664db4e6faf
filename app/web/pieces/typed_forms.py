"""Forms of people's own pages: kept while they are typed, shown again as they were, gone once they are sent."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.web.frame.once import form_key, is_first
from app.web.pieces import kept_drafts
from tickets.states import DraftForm
from tickets.work.drafts import ABOUT_NOTHING, About

# Told by app/web/sign_in/own_drafts.py; other forms say what they are about and have addresses of their own.
TOLD_BY_NUMBER = frozenset(
    {
        DraftForm.OWN_LEAVE,
        DraftForm.LEAVE,
        DraftForm.ROTATION,
        DraftForm.TURN,
        DraftForm.CHANGED_TURN,
        DraftForm.MAINTENANCE,
        DraftForm.DAYS_OFF,
        DraftForm.RETIRING,
        DraftForm.CLOCKS,
        DraftForm.INCIDENT,
        DraftForm.GUIDANCE,
        DraftForm.CHANGED_GUIDANCE,
    }
)


@dataclass(frozen=True, slots=True)
class TypedForm:
    """A form as its page draws it: what stands in it, its key and the address its words are told to."""

    fields: Mapping[str, str]
    key: str
    draft_url: str
    once: str

    @property
    def is_draft(self) -> bool:
        return bool(self.fields)


def numbered(number: int) -> About:
    """What a form is about, by the number of its unit, turn or rule; 0: it is about nothing."""
    return About(str(number)) if number else ABOUT_NOTHING


def typed_form(form: DraftForm, number: int = 0) -> TypedForm:
    """With what this person typed into it and has not sent, refused or not."""
    return form_about(form, numbered(number), key=str(number), draft_url=f"/my/drafts/{form.value}/{number}")


def form_about(form: DraftForm, about: About, *, key: str, draft_url: str) -> TypedForm:
    return TypedForm(kept_drafts.kept(form, about), f"{form.value}:{key}", draft_url, form_key())


def was_refused(form: DraftForm, number: int = 0) -> None:
    """Keep what the request sent, so that its page, opened again later, shows it too."""
    kept_drafts.keep_typed(form, numbered(number))


def was_sent(form: DraftForm, number: int = 0) -> None:
    """No draft any more; what its page still tells of it comes too late."""
    is_first()
    kept_drafts.discard(form, numbered(number))
