"""Draft the next migration: what `tickets/schema/` says now against what the migrations so far have made.

Run as `python -m tools.new_migration NAME` from the repository, for example `ticket_weight`; starts an empty embedded
PostgreSQL to compare against. Read what it wrote before you keep it: it must run while the city works (no lock for
longer than a second, old code on the new schema), and a renamed column looks to it like one dropped and one added.
"""

import re
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory

from app.engines import start_engines
from app.storage.database import alembic_config

NAME = re.compile(r"[a-z][a-z0-9_]{2,40}")


def draft(name: str) -> Path:
    """The file written: the number after the newest one, then `name`."""
    with tempfile.TemporaryDirectory() as folder:
        engines = start_engines(Path(folder))
        try:
            config = alembic_config(engines.owner_database_url)
            command.upgrade(config, "head")
            scripts = ScriptDirectory.from_config(config)
            number = f"{int(scripts.get_current_head() or '0') + 1:04d}"
            command.revision(config, message=name.replace("_", " "), autogenerate=True, rev_id=number)
            written = Path(ScriptDirectory.from_config(config).get_revision(number).path)
        finally:
            engines.stop()
    source = written.read_text("utf-8")
    written.unlink()
    target = written.with_name(f"{number}_{name}.py")
    target.write_text("\n".join(line for line in source.split("\n") if "###" not in line), "utf-8")
    return target


if __name__ == "__main__":
    if len(sys.argv) != 2 or not NAME.fullmatch(sys.argv[1]):
        sys.exit("Give the migration a name of small letters, digits and _, for example: ticket_weight")
    print(f"wrote {draft(sys.argv[1]).name}")
