"""A web process on a port of its own, which built-in telephones ring."""

import threading

import pytest
import requests
from sqlalchemy import select
from werkzeug.serving import make_server

from app.settings import Settings
from app.web.factory import create_app
from tickets.schema import Line


@pytest.fixture
def web(committed, tmp_path):
    """The web process on a port of its own."""
    server = make_server("127.0.0.1", 0, None, threaded=True)
    settings = Settings(
        database_url=committed.url,
        redis_url=committed.redis_url,
        secret_key="a-test-key-of-sufficient-length-0123456789abcdef",
        public_base_url=f"http://127.0.0.1:{server.server_port}",
        data_dir=tmp_path,
        demo=True,
        _env_file=None,
    )
    server.app = create_app(settings)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    requests.get(f"{settings.base_url}/health/live", timeout=10)
    # Places and rules are read before a real first call, too.
    for warming in [thread for thread in threading.enumerate() if thread.name == "warm-up"]:
        warming.join(60)
    yield settings
    server.shutdown()
    server.server_close()


@pytest.fixture
def line(committed):
    with committed.factory() as session:
        return session.scalars(select(Line).where(Line.is_city)).one().phone
