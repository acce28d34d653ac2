"""What people read is plain American English: a list of words that a native reader trips over.

A word that must stand goes to `MAY_STAY` with its reason.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.written import Written, everything, of_python, of_template

# What to write instead.
INSTEAD = {
    r"somebody|anybody|everybody": "a person, someone, anyone, everyone, or who it is",
    r"nobody": "no one, or say it of the thing",
    r"whoever": "anyone who",
    r"anew": "again",
    r"mend|mends|mended|mending": "fix",
    r"by (?:itself|themselves)": "automatically, or who does it",
    r"at the (?:least|most)": "at least, at most",
    r"any more": "no longer",
    r"for ever": "forever",
    r"can not": "cannot",
    r"should (?:we|you|it) not": "if … not",
    r"(?:tells|told|tell) of": "reports, or names",
    r"ha(?:s|ve|d) to be": "must be",
    r"under way": "in progress",
    r"in the midst of": "during",
    r"of late": "recently",
    r"sign of life": "seen",
    r"parked": "on hold",
    r"foreign lines?": "line added at Stripe",
    r"lanes?": "priority",
    r"(?<![./])sandbox(?![./])": "the Stripe simulator",
    r"please|successfully|oops": "leave it out",
    r"catalogues?|colours?|behaviours?|misbehaviours?|neighbours?": "American spelling",
}
WORDS = re.compile(
    "|".join(rf"(?P<w{at}>\b(?:{word})\b)" for at, word in enumerate(INSTEAD)).replace(" ", r"\s+"),
    re.IGNORECASE,
)
# Path (or a folder of it), what is written there, and why it stays.
MAY_STAY = (
    ("CHANGELOG.md", "by itself", "alone, not automatically"),
    ("dashboard/accounts/passwords.py", "nobody", "a password of no account, never shown"),
    ("simulator/resources/payment.py", "please", "Stripe's own sentence"),
    ("docs/decisions", "by itself", "alone, not automatically"),
    ("docs/decisions", "parked", "the state in the database"),
)


def found_in(pieces: Iterator[Written]) -> Iterator[str]:
    """Yield a line for each word of the list: where it is, and what to write instead."""
    for piece in pieces:
        for match in WORDS.finditer(piece.text):
            said = " ".join(match[0].split())
            instead = list(INSTEAD.values())[int((match.lastgroup or "w0")[1:])]
            line = piece.line + piece.text.count("\n", 0, match.start())
            if not any(
                piece.path.startswith(place) and said.lower() == word for place, word, _ in MAY_STAY
            ):
                yield f"{piece.path}:{line}: “{said}” (write: {instead})"


def test_no_page_message_or_document_has_a_word_of_the_list() -> None:
    found = list(found_in(everything()))
    assert not found, "\n".join(found)


def test_every_exception_is_still_needed() -> None:
    pieces = list(everything())
    for place, word, _ in MAY_STAY:
        assert any(
            piece.path.startswith(place) and re.search(rf"\b{word}\b", piece.text, re.IGNORECASE)
            for piece in pieces
        ), (place, word)


@pytest.mark.parametrize(
    ("name", "source", "words"),
    [
        ("a.html", '<p class="nobody">{# nobody #}Nobody</p>', ["Nobody"]),
        ("a.html", '<a title="Begin anew">{{ link("By itself now") }}</a>', ["By itself", "anew"]),
        ("a.html", '{{ status("sync", "parked") }}', []),
        ("a.py", '"""Nobody."""\nx = "parked"\ny = f"Wait, {x}, for ever."\n', ["for ever"]),
    ],
)
def test_only_what_people_read_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, source: str, words: list[str]
) -> None:
    monkeypatch.setattr("tests.support.written.ROOT", tmp_path)
    path = tmp_path / name
    path.write_text(source)
    pieces = of_template(path) if name.endswith(".html") else of_python(path)
    found = list(found_in(pieces))
    assert [one.split("“")[1].split("”")[0] for one in found] == words
