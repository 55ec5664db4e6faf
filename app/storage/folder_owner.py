"""What root makes in our folders belongs to whom they belong to.

Commands of the operator (`migrate`, `restore`, `media copy`, `spool replay`) are run as root; the processes run as
another user, who could neither read what they leave nor write beside it.
"""

import os
from pathlib import Path


def make_folder(folder: Path, *, mode: int = 0o750) -> None:
    """Make a folder, and those above it that are missing."""
    if folder.is_dir():
        return
    make_folder(folder.parent, mode=mode)
    folder.mkdir(mode=mode, exist_ok=True)
    leave_to_the_owner(folder)


def leave_to_the_owner(made: Path) -> None:
    if os.geteuid() == 0:
        owner = made.parent.stat()
        os.chown(made, owner.st_uid, owner.st_gid)
