"""What gunicorn serves as the web process."""

from app.processes.start import settings_to_serve_with
from app.web.factory import create_app

application = create_app(settings_to_serve_with())
application.counts.begin_anew()
application.watchdog.is_armed = True
