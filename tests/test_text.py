"""What may be written, and what is found in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.text import printable, shown, unprintable


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


@pytest.mark.parametrize(
    "hidden",
    ["\u200b", "\u2060", "\ufeff", "\xad", "\u3164", "\u115f", "\u1160", "\uffa0", "\u2800",
     "\u034f", "\u180e", "\u200c", "\u200d", "\u200e", "\u200f", "\u061c", "\U000e0041", "\ud800"],
)  # fmt: skip
def test_two_names_that_look_the_same_are_the_same(hidden: str) -> None:
    for text in (f"Acme{hidden}", f"{hidden}Acme", f"Ac{hidden}me"):
        assert unprintable(text) == f"U+{ord(hidden):04X}"
        assert printable(text) == "Acme"
        assert shown(text, most=50) == text.replace(hidden, "\ufffd")


@pytest.mark.parametrize(
    "text", ["\u3164", "\u2800\u2800", "\u0301", "\ufe0f", " \u3164 ", "\u20dd\u0300"]
)
def test_what_looks_blank_is_no_name(text: str) -> None:
    assert unprintable(text)
    assert printable(text).strip() == ""
    assert "\ufffd" in shown(text, most=50)


@pytest.mark.parametrize(
    "text",
    ["\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\U0001f468\u200d\U0001f469",
     "\u0915\u094d\u200d\u0937", "\u2600\ufe0f", "\u8fbb\U000e0100", "\u05d0\u200e1", "na\xefve"],
)  # fmt: skip
def test_joiners_and_marks_stay_where_a_script_needs_them(text: str) -> None:
    assert unprintable(text) is None
    assert printable(text) == shown(text, most=50) == text


@given(st.text())
def test_what_is_left_may_be_written(text: str) -> None:
    for paragraphs in (False, True):
        assert unprintable(printable(text, paragraphs=paragraphs), paragraphs=paragraphs) is None
    kept = shown(text, most=1_000)
    assert not kept.strip() or unprintable(kept.replace("\ufffd", "?")) is None
