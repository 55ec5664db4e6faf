"""Signed values with an age go by the time that nodes share: one signed where a clock is ahead is good elsewhere."""

from flask import Flask, current_app
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import TimestampSigner, URLSafeTimedSerializer

from app.storage.carried_time import CarriedTime


class SharedTimeSigner(TimestampSigner):
    """Seconds of the carried time instead of this machine's."""

    def get_timestamp(self) -> int:
        time: CarriedTime = current_app.time  # type: ignore[attr-defined]
        return int(time.now().timestamp())


class SharedTimeSerializer(URLSafeTimedSerializer):
    """What it makes has an age by the carried time."""

    default_signer = SharedTimeSigner


class SharedTimeSessions(SecureCookieSessionInterface):
    """The browser's own signed cookie."""

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        serializer = super().get_signing_serializer(app)
        if serializer is not None:
            serializer.signer = SharedTimeSigner
        return serializer
