"""Words for what has none of its own yet."""

from flask_babel import force_locale

from app.wording.codes import matter_words


def test_a_call_nobody_has_written_about_is_named_by_what_is_known_of_it(app):
    with app.app_context(), force_locale("vi"):
        assert matter_words("", "Phường Sài Gòn") == "Cuộc gọi · Phường Sài Gòn"
        assert matter_words("", None, "emergency") == "Cuộc gọi khẩn cấp · chưa ghi nội dung"
    with app.app_context(), force_locale("en"):
        assert matter_words("", "Sai Gon Ward", "normal") == "A call · Sai Gon Ward"


def test_a_subject_is_shown_as_it_was_written(app):
    with app.app_context(), force_locale("en"):
        assert matter_words("Đèn đường hỏng", "Phường Sài Gòn") == "Đèn đường hỏng"
