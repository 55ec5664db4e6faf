"""What the house does by itself is said in words, in the reader's language."""

from app.clockwork.schedule import RHYTHMS
from app.web.administration.jobs_by_themselves import job_words
from app.web.frame.application import HotlineApp


def test_every_job_is_named_in_both_languages(app: HotlineApp) -> None:
    with app.test_request_context(headers={"Accept-Language": "vi"}):
        vietnamese = job_words()
    with app.test_request_context(headers={"Accept-Language": "en"}):
        english = job_words()

    assert set(RHYTHMS) == set(vietnamese), "a job would be shown by its name in the code"
    assert [name for name in RHYTHMS if vietnamese[name] == english[name]] == []
