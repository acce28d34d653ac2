"""What the guide for contributors says a new thing touches is what one that is there touches."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.environment import ROOT

GUIDE = ROOT / "docs" / "contributing.md"
LOOKED_IN = ("dashboard", "jobs", "templates", "docs", "README.md")
# Any of them may name an example; none is touched because of one.
NOT_IN = ("docs/decisions", "docs/contributing.md")
TEXTS = {".py", ".html", ".md"}
CODE = re.compile(r"`([^`]+)`")


class Kind(NamedTuple):
    """A kind of thing: the words that an example is known by, and the files told of it."""

    name: str
    words: list[str]
    files: set[str]
    tests: list[str]


def kinds() -> Iterator[Kind]:
    """Yield what the guide tells of each kind."""
    _, *sections = GUIDE.read_text().split("\n## ")
    for section in sections:
        name, _, text = section.partition("\n")
        example = text.partition("Example: ")[2].partition(". ")[0].partition(".\n")[0]
        files = set(re.findall(r"^- `([^`]+)`: ", text, re.MULTILINE))
        tests = CODE.findall(text.partition("Tests: ")[2])
        yield Kind(
            name, CODE.findall(example), files, [one for one in tests if one[:6] == "tests/"]
        )


def texts() -> Iterator[tuple[str, str]]:
    """Yield the path of each text of the tree, and the text with its path."""
    for top in LOOKED_IN:
        place = ROOT / top
        for path in [place] if place.is_file() else sorted(place.rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.suffix in TEXTS and not name.startswith(NOT_IN):
                yield name, f"{name}\n{path.read_text()}"


def naming(words: list[str]) -> set[str]:
    """Return the files in whose text or path one of the words stands."""
    wanted = re.compile("|".join(rf"\b{re.escape(word)}\b" for word in words))
    return {name for name, text in texts() if wanted.search(text)}


@pytest.mark.parametrize("kind", list(kinds()), ids=lambda kind: kind.name)
def test_a_kind_is_told_with_every_file_that_its_example_is_named_in(kind: Kind) -> None:
    assert kind.words
    assert kind.files == naming(kind.words)


@pytest.mark.parametrize("kind", list(kinds()), ids=lambda kind: kind.name)
def test_a_kind_is_told_with_tests_that_there_are(kind: Kind) -> None:
    assert kind.tests
    assert [one for one in kind.tests if not Path(ROOT, one).is_file()] == []
