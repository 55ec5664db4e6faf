"""Why a backup cannot be taken, read or restored."""


class BackupTrouble(Exception):
    """The text says plainly what is wrong and what to do; nothing was changed unless it says so."""
