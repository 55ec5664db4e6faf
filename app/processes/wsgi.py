"""What gunicorn serves as the web process."""

import gc

from app.processes.start import settings_to_serve_with
from app.web.factory import create_app

application = create_app(settings_to_serve_with())
application.counts.begin_anew()
application.watchdog.is_armed = True
# What was made until here stays, and is shared by all workers as long as none writes to it: their collectors leave it
# alone. Each of them walked all of it once before its first answer, for a sixth of a second.
gc.freeze()
