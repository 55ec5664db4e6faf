"""What gunicorn serves as the web process."""

from app.settings import load_settings
from app.storage.database import refuse_unsafe_start
from app.web.factory import create_app

_settings = load_settings()
refuse_unsafe_start(_settings)
application = create_app(_settings)
application.watchdog.is_armed = True
