"""What is wrong with a file that operators bring in."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong and where, e.g. `line 12` or `policies[0].rows[3]`; `code` is looked up for words."""

    where: str
    code: str
    detail: str = ""
