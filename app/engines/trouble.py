"""The one error of this package, worded for the person at the terminal."""


class EngineTrouble(Exception):
    """An embedded engine cannot be found, started or reached; the text says plainly what to do."""
