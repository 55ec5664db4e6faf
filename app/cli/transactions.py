"""A command's work in the database: one transaction, and what the domain refuses said in a sentence."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from app.cli.commands import CommandRefused

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.settings import Settings


@contextmanager
def one_transaction(settings: "Settings", sentences: Mapping[str, str]) -> "Iterator[Session]":
    """Kept when the block ends well. Raises CommandRefused with the sentence of a refusal's code."""
    from app.storage.database import make_engine, session_factory, transaction
    from tickets.errors import InvalidInput, NotFound

    engine = make_engine(settings.database_url, pool_size=1)
    try:
        with transaction(session_factory(engine)) as session:
            yield session
    except NotFound as error:
        raise CommandRefused(f"There is no {error.kind} {error.key}.") from error
    except InvalidInput as error:
        raise CommandRefused(sentences.get(error.code, f"{error.field}: {error.code}")) from error
    finally:
        engine.dispose()
