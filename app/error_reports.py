"""Unexpected errors to Sentry where a DSN is set; without one nothing leaves the installation."""

from app.settings import Settings


def report_errors(settings: Settings, *, process: str) -> None:
    """Start reporting for this process: no personal data, no request bodies, no traces."""
    if not settings.sentry_dsn:
        return
    import sentry_sdk  # noqa: PLC0415  (half a second of start-up that only those pay who use it)

    sentry_sdk.init(
        dsn=settings.sentry_dsn,
        server_name=process,
        send_default_pii=False,
        max_request_body_size="never",
        include_local_variables=False,
    )
