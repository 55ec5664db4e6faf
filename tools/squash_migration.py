"""Write the one first migration anew from the metadata: allowed until the first release tag, as nobody uses it yet.

Run as `python -m tools.squash_migration` from the repository; starts an empty embedded PostgreSQL to compare against.
"""

import tempfile
from pathlib import Path

from alembic import command

from app.engines import start_engines
from app.storage.database import alembic_config
from tickets.schema.reference_version import keeping_statements

VERSIONS = Path(__file__).resolve().parent.parent / "app" / "migrations" / "versions"

# Sequences of the public references, one a year: gaps are fine, a row lock held until commit would not be.
SEQUENCES = """    for year in range(2025, 2051):
        op.execute(f"create sequence ticket_number_{year} maxvalue 9999999")
"""
# Written out: a migration says for ever what it did, whatever the code comes to say.
REFERENCE_VERSION = "".join(f"    op.execute({statement!r})\n" for statement in keeping_statements())
AFTER_TABLES = SEQUENCES + REFERENCE_VERSION


def squash() -> Path:
    for old in VERSIONS.glob("*.py"):
        old.unlink()
    with tempfile.TemporaryDirectory() as folder:
        engines = start_engines(Path(folder))
        try:
            command.revision(
                alembic_config(engines.owner_database_url),
                message="The first schema",
                autogenerate=True,
                rev_id="0001",
            )
        finally:
            engines.stop()
    (written,) = VERSIONS.glob("*.py")
    source = written.read_text()
    end = "    # ### end Alembic commands ###\n"
    source = source.replace(f"{end}\n\ndef downgrade", f"{AFTER_TABLES}\n\ndef downgrade", 1)
    source = "\n".join(line for line in source.split("\n") if "###" not in line)
    target = VERSIONS / "0001_first.py"
    written.unlink()
    target.write_text(source)
    return target


if __name__ == "__main__":
    print(f"wrote {squash().name}")
