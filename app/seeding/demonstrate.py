"""The process that plays the demonstration behind a running `up`: it notes how far it is, and ends."""

import os
import sys
from functools import partial

from app.log_setup import set_up_logging
from app.seeding.prepare import demonstrate
from app.settings import Settings, load_settings
from app.storage import play_progress
from app.storage.play_progress import PlayProgress

# Whoever opens the first pages goes first.
NICENESS = 5


def main(words: list[str]) -> int:
    """`words`: how many tickets there shall be at least, if any number was asked for."""
    set_up_logging()
    settings = load_settings()
    os.nice(NICENESS)
    play_progress.note(settings.data_dir, PlayProgress(0))
    try:
        demonstrate(
            settings,
            tickets=int(words[0]) if words else None,
            say=partial(print, flush=True),
            percent=partial(_note, settings),
        )
    except BaseException:
        play_progress.note(settings.data_dir, PlayProgress(0, failed=True))
        raise
    play_progress.forget(settings.data_dir)
    return 0


def _note(settings: Settings, percent: int) -> None:
    # The last per cent is the commit.
    play_progress.note(settings.data_dir, PlayProgress(min(99, max(0, percent))))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
