"""What may be written, and what is found in it."""

import pytest

from dashboard.text import printable, unprintable


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Outage credit \u2013 50 %",
        "\u05e9\u05dc\u05d5\u05dd\u200f!",
        "\u65e5\u672c",
        "\U0001f600",
        "e\u0301",
    ],
)
def test_ordinary_text_of_any_script_may_stay(text: str) -> None:
    assert unprintable(text) is None
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "found", "left"),
    [
        ("a\0b", "U+0000", "ab"),
        ("a\r\nb", "U+000D", "a b"),
        ("a\tb", "U+0009", "a b"),
        ("a\x7f\x9fb", "U+007F", "ab"),
        ("a\u202eb\u202c", "U+202E", "ab"),
        ("a\u2067b", "U+2067", "ab"),
        ("a\u2028b", "U+2028", "ab"),
    ],
)
def test_what_does_not_show_is_named_and_can_be_taken_out(text: str, found: str, left: str) -> None:
    assert unprintable(text) == found
    assert printable(text) == left


def test_paragraphs_keep_their_lines() -> None:
    assert unprintable("one\r\n\ttwo", paragraphs=True) is None
    assert printable("one\r\n\0two", paragraphs=True) == "one\r\ntwo"
