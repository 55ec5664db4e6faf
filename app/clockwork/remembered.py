"""What one scheduler remembers of what its rounds have read, so that the next reads only what is new since.

It saves time and proves nothing: who begins to lead knows none of it, and reads everything once.
"""

from dataclasses import dataclass, field
from datetime import datetime

from escalation.queries.open_levels import OpenLevels
from tickets.matter.learning import Lesson
from tickets.queries.reported import ReportedLately
from tickets.work.problems import Evidence


@dataclass
class Remembered:
    reported: ReportedLately = field(default_factory=ReportedLately)
    evidence: Evidence = field(default_factory=Evidence)
    open_levels: OpenLevels = field(default_factory=OpenLevels)
    # What was learned from last, and when.
    lesson: tuple[Lesson, datetime] | None = None
