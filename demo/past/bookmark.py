"""How far the past is made, kept beside the data: a start that was cut short is gone on with."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from demo.settings import write_private

NAME = "demo-past"


@dataclass(frozen=True, slots=True)
class Bookmark:
    """When the past ends, and how many of its steps are made."""

    today: str
    steps: int = 0
    is_done: bool = False

    @classmethod
    def of(cls, today: datetime) -> Bookmark:
        """Return the one of a past of which nothing is made yet."""
        return cls(today.isoformat())

    @classmethod
    def read(cls, data: Path) -> Bookmark | None:
        """Return the one that is kept in `data`; None where no past was begun."""
        path = data / NAME
        return cls(**json.loads(path.read_text())) if path.exists() else None

    def keep(self, data: Path) -> None:
        """Keep it in `data`."""
        write_private(data / NAME, json.dumps(asdict(self)))
