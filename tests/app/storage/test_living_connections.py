"""A connection that the server has ended is replaced before anybody uses it, without asking the server each time."""

from sqlalchemy import text

from app.storage.database import make_engine
from app.storage.living_connections import has_something_to_say


def test_connections_that_the_server_ended_are_replaced_unnoticed(database):
    engine = make_engine(database.url.render_as_string(hide_password=False), pool_size=3)
    try:
        with engine.connect() as one, engine.connect() as other:
            ended = [c.scalar(text("select pg_backend_pid()")) for c in (one, other)]
        with database.connect() as killer:
            for pid in ended:
                killer.execute(text("select pg_terminate_backend(:pid, 5000)"), {"pid": pid})

        with engine.connect() as again, engine.connect() as another:
            living = [c.scalar(text("select pg_backend_pid()")) for c in (again, another)]
    finally:
        engine.dispose()

    assert not set(living) & set(ended)


def test_only_a_connection_whose_server_has_spoken_gives_reason_to_ask(database):
    engine = make_engine(database.url.render_as_string(hide_password=False), pool_size=1)
    try:
        with engine.connect() as connection, database.connect() as killer:
            pid = connection.scalar(text("select pg_backend_pid()"))
            driver = connection.connection.driver_connection
            before = has_something_to_say(driver)
            killer.execute(text("select pg_terminate_backend(:pid, 5000)"), {"pid": pid})
            after = has_something_to_say(driver)
            connection.invalidate()
    finally:
        engine.dispose()

    assert (before, after) == (False, True)
