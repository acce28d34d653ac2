"""What to do about a part that failed, by what its log says."""

from __future__ import annotations

import shutil
from pathlib import Path

from demo.embedded.errors import tail
from demo.up.report import short
from demo.up.settings import CannotStart, Settings

# A new cluster takes some 50 MB, a demo that runs for hours as much again for each.
LEAST_MEGABYTES = 300
KNOWN = {
    "No space left on device": "The disk is full. Make room, then start again. No data is lost.",
    "Address already in use": "Its port is in use. Choose another with PORT.",
    "Permission denied": "A file of the data belongs to another user. Choose another DATA_DIR.",
    "database files are incompatible": (
        "The data is from another version of PostgreSQL. Choose another DATA_DIR, or delete the "
        "data with `make reset`."
    ),
    "Can't locate revision": (
        "The data is from a newer release. Check that release out again, or delete the data with "
        "`make reset`."
    ),
    "Cannot allocate memory": "There is not enough memory. Stop another program, then start again.",
}


def end_of(log: Path) -> str:
    """Return the end of a part's log, with its name."""
    return f"the end of {short(log)}:{tail(log)}"


def advised(text: str) -> str:
    """Return what a part said when it failed, and what to do where that is known."""
    return "\n    ".join([text, *(what for phrase, what in KNOWN.items() if phrase in text)])


def check_disk(settings: Settings) -> None:
    """Raise CannotStart where the data would not have room."""
    free = shutil.disk_usage(settings.data).free // 1_000_000
    if free < LEAST_MEGABYTES:
        raise CannotStart(
            f"The disk of {short(settings.data)} has {free} MB left; {LEAST_MEGABYTES} MB are "
            "required. Nothing was started. Make room, or choose another DATA_DIR."
        )
