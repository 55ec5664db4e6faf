"""A message is looked up once per language, and still said in the language of whoever reads."""

from flask import render_template_string
from flask_babel import force_locale
from markupsafe import Markup

from app.web.frame.application import HotlineApp
from app.wording import codes
from app.wording.language import gettext, language, ngettext


def test_a_message_follows_the_language_back_and_forth(app: HotlineApp) -> None:
    with app.test_request_context():
        for _again in range(2):
            with force_locale("vi"):
                assert (language(), gettext("just now"), codes.status_word("new")) == ("vi", "vừa xong", "Mới")
            with force_locale("en"):
                assert (language(), gettext("just now"), codes.status_word("new")) == ("en", "just now", "New")


def test_a_number_chooses_the_form_of_its_language(app: HotlineApp) -> None:
    with app.test_request_context():
        with force_locale("en"):
            assert [ngettext("%(num)d hour", "%(num)d hours", n) for n in (1, 2)] == ["1 hour", "2 hours"]
        with force_locale("vi"):
            assert [ngettext("%(num)d hour", "%(num)d hours", n) for n in (1, 2)] == ["1 giờ", "2 giờ"]


def test_what_is_put_into_a_message_of_a_page_never_becomes_markup(app: HotlineApp) -> None:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        page = render_template_string("{{ _('with %(name)s', name=name) }}", name="<b>Lan</b>")
        number = render_template_string("{{ ngettext('%(num)d hour', '%(num)d hours', n) }}", n=3)
        percent = render_template_string("{{ _('5%% done') }} {{ _('%(n)s%% done', n=7) }}")

    assert page == "with &lt;b&gt;Lan&lt;/b&gt;"
    assert number == "3 hours"
    assert percent == "5% done 7% done"


def test_a_word_with_two_meanings_is_told_apart_by_where_it_is_said(app: HotlineApp) -> None:
    said = "{{ _('Answer') }} {{ pgettext('call', 'Answer') }}"

    with app.test_request_context(headers={"Accept-Language": "vi"}):
        vietnamese = render_template_string(said)
    with app.test_request_context(headers={"Accept-Language": "en"}):
        english = render_template_string(said)

    assert vietnamese == "Trả lời Nghe máy"
    assert english == "Answer Answer"


def test_outside_of_a_request_words_are_english() -> None:
    assert (language(), gettext("just now"), codes.status_word("new")) == ("en", "just now", "New")


def test_a_drawing_kept_from_before_is_never_given_to_somebody_else(app: HotlineApp) -> None:
    badge = "{% from 'components/badges.html' import level_badge %}{{ level_badge(2, long=True) }}"
    icon = "{% from 'components/icons.html' import icon %}{{ icon('phone', label) }}"
    with app.test_request_context():
        with force_locale("vi"):
            vietnamese = render_template_string(badge)
        with force_locale("en"):
            english = render_template_string(badge)
        as_markup = render_template_string(icon, label=Markup("<b>"))
        as_text = render_template_string(icon, label="<b>")

    assert "Đã báo cáo" in vietnamese
    assert "Reported to the unit" in english
    assert ('aria-label="<b>"' in as_markup, 'aria-label="&lt;b&gt;"' in as_text) == (True, True)
