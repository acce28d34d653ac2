"""The commands of docs/deploying.md, as they stand there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "deploying.md"
FENCE = re.compile(r"^```(.*)$")


@dataclass(frozen=True, slots=True)
class Block:
    """Commands under a heading. `kind`: "sh", "sh network", "sh yours": what its reader knows."""

    heading: str
    kind: str
    text: str


def blocks(page: Path = PAGE) -> Iterator[Block]:
    """Yield every block of the page in order."""
    heading, kind, lines = "", None, []
    for line in page.read_text().splitlines():
        fence = FENCE.match(line)
        if fence and kind is None:
            kind, lines = fence[1].strip(), []
        elif fence:
            yield Block(heading, str(kind), "\n".join(lines))
            kind = None
        elif kind is not None:
            lines.append(line)
        elif line.startswith("## "):
            heading = line.removeprefix("## ")
