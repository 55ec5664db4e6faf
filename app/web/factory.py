"""The Flask application: one request is one transaction, and every endpoint says who may call it."""

import secrets
from typing import Any

from flask import g, request
from flask_babel import Babel
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import Engine
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from app.delivery.wake_after_commit import Waker
from app.error_reports import report_errors
from app.log_setup import set_up_logging
from app.reference import Reference
from app.settings import ROOT, Settings
from app.storage.database import make_engine, session_factory
from app.web.blueprints import BLUEPRINTS
from app.web.frame.access import check_access
from app.web.frame.application import HotlineApp
from app.web.frame.asset_files import PUBLISHED, publish
from app.web.frame.compression import compress
from app.web.frame.counting_requests import CountsOfApp, count_at
from app.web.frame.error_answers import register_errors
from app.web.frame.limits import limiter
from app.web.frame.node_counts import NodeCounts
from app.web.frame.own_pages import refuse_forms_from_elsewhere
from app.web.frame.page_context import page_context
from app.web.frame.page_templates import register_page_words
from app.web.frame.pool_watch import watch_pools
from app.web.frame.presentation import register_presentation
from app.web.frame.request_watch import RequestWatch, note_page_group, note_viewer, page_groups
from app.web.frame.response_headers import add_headers, static_headers
from app.web.frame.signing_keys import signing_keys
from app.wording.locale import chosen_locale
from app.wording.translations import install_catalogues

# A caller hears silence while we wait: webhooks get short limits of their own, the fail-safe document does the rest.
WEBHOOK_STATEMENT_TIMEOUT_MS = 300
STATIC = ROOT / "app" / "static"


def create_app(settings: Settings, *, engine: Engine | None = None) -> HotlineApp:
    """The application for these settings; `engine` replaces the ones made from `settings.database_url`."""
    set_up_logging()
    report_errors(settings, process="web")
    main = engine or make_engine(settings.database_url)
    webhooks = engine or make_engine(
        settings.database_url,
        pool_size=8,
        statement_timeout_ms=WEBHOOK_STATEMENT_TIMEOUT_MS,
        connect_timeout=2,
        pool_timeout=1,
    )
    app = HotlineApp(settings, main, webhooks, gate=check_access)
    app.monitoring_sessions = session_factory(
        engine or make_engine(settings.database_url, pool_size=2, connect_timeout=2, pool_timeout=1)
    )
    app.reference = Reference.from_settings(settings)
    app.counts = NodeCounts(settings.data_dir / "counts")
    if engine is None:
        watch_pools(app.counts, {"pages": main, "telephone": webhooks})
    _configure(app)
    install_catalogues(app, cache_dir=settings.data_dir / "locales")
    Babel(app, locale_selector=chosen_locale, default_timezone=settings.timezone)
    # Before all that may refuse a request: whoever is refused quotes its number too.
    app.before_request(_begin)
    app.before_request(note_page_group)
    app.before_request(refuse_forms_from_elsewhere)
    csrf = CSRFProtect(app)
    count_at(app, settings)
    limiter.init_app(app)
    for blueprint in BLUEPRINTS:
        # The API alone describes itself; APIFlask asks every blueprint.
        if not hasattr(blueprint, "enable_openapi"):
            blueprint.enable_openapi = False  # type: ignore[attr-defined]
        app.register_blueprint(blueprint)
        if getattr(blueprint, "without_csrf", False):
            csrf.exempt(blueprint)
    register_page_words(app)
    register_presentation(app)
    register_errors(app)
    app.context_processor(page_context)
    app.after_request(note_viewer)
    app.after_request(add_headers)
    app.after_request(compress)
    app.after_commit.append(Waker(settings))
    static = _with_files(app)
    # In production a proxy stands before us: without this, all citizens behind it would share one rate limit. Only the
    # address is taken from it, counted from our side, since what comes before our own proxies' entries anybody can
    # write; signatures and links stand on the configured public address.
    behind = ProxyFix(static, x_for=settings.trusted_proxies, x_proto=0) if settings.production else static
    app.wsgi_app = RequestWatch(behind, app.counts, page_groups(app.view_functions.values()))  # type: ignore[method-assign]
    return app


def _with_files(app: HotlineApp) -> WhiteNoise:
    """Static files, answered before the application is asked; those under a published name may be kept for ever."""
    folder = app.settings.data_dir / "static"
    app.extensions["hotline_assets"] = publish(STATIC, into=folder)
    static = WhiteNoise(
        app.wsgi_app,
        prefix="static/",
        immutable_file_test=PUBLISHED,
        allow_all_origins=False,
        add_headers_function=static_headers,
    )
    for files in (STATIC, folder):
        static.add_files(str(files), prefix="static/")
    return static


def _configure(app: HotlineApp) -> None:
    settings = app.settings
    config: dict[str, Any] = {
        "SECRET_KEY": settings.secret_key,
        "SECRET_KEY_FALLBACKS": list(settings.previous_secret_keys),
        "WTF_CSRF_SECRET_KEY": signing_keys(settings),
        "SESSION_COOKIE_NAME": "hotline_form",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": settings.base_url.startswith("https://"),
        "WTF_CSRF_TIME_LIMIT": None,
        # Its look at the sender needs to know of https, which only the proxy does: see `own_pages`.
        "WTF_CSRF_SSL_STRICT": False,
        "MAX_FORM_MEMORY_SIZE": 1024 * 1024,
        "MAX_FORM_PARTS": 200,
        "RATELIMIT_STORAGE_URI": CountsOfApp.ADDRESS,
        "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,
        "RATELIMIT_SWALLOW_ERRORS": True,
        "RATELIMIT_HEADERS_ENABLED": True,
        # The API's document says these itself, for all of its operations alike.
        "AUTO_VALIDATION_ERROR_RESPONSE": False,
        "AUTO_AUTH_ERROR_RESPONSE": False,
        "AUTO_404_RESPONSE": False,
        "HOTLINE_METRICS_TOKEN": settings.metrics_token,
        "HOTLINE_LIVE_ORIGIN": settings.live_base_url,
        "HOTLINE_DEFAULT_LOCALE": settings.default_locale,
    }
    app.config.update(config)
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


def _begin() -> None:
    given = request.headers.get("X-Request-ID", "")
    safe = given.replace("-", "").isalnum() and given.isascii() and 8 <= len(given) <= 64
    g.request_id = given if safe else secrets.token_hex(12)
    g.viewer = None
