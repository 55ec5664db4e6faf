"""What gunicorn serves as the web process."""

from app.database import refuse_unsafe_start
from app.factory import create_app
from app.settings import load_settings

_settings = load_settings()
refuse_unsafe_start(_settings)
application = create_app(_settings)
