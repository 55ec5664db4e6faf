"""What gunicorn serves as the web process."""

from app.factory import create_app
from app.settings import load_settings

application = create_app(load_settings())
