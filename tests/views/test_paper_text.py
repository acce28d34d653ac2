"""Text on paper: every letter is drawn by a font that has it, or told as one that none has."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reportlab.pdfbase import pdfmetrics

from dashboard.views import paper_text
from dashboard.views.paper_text import font, in_sight, runs, width, wrapped

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=60)


def test_the_fonts_of_the_lock_file_are_there() -> None:
    face = pdfmetrics.getFont(font(bold=False)).face
    assert face.name == b"DejaVuSans"
    for letter in "ÅßłΩЖאب€−–×":
        assert ord(letter) in face.charToGlyph, letter


def test_latin_greek_cyrillic_and_hebrew_are_of_one_font() -> None:
    for text in ("Łódź", "Αθήνα", "Москва", "שלום"):
        assert [name for name, _ in runs(text)] == ["Document"], text


EAST_ASIAN = [
    ("東京カフェ", "HeiseiKakuGo-W5"), ("北京", "STSong-Light"), ("서울", "HYSMyeongJo-Medium"),
]  # fmt: skip


@pytest.mark.parametrize("text", [text for text, _ in EAST_ASIAN])
def test_chinese_japanese_and_korean_are_of_another_font(text: str) -> None:
    assert runs(f"A {text}") == (("Document", "A "), ("Document-East-Asian", text))


@pytest.mark.parametrize(("text", "name"), EAST_ASIAN)
def test_where_that_font_is_missing_they_are_left_to_the_reader_s(
    monkeypatch: pytest.MonkeyPatch, text: str, name: str
) -> None:
    monkeypatch.setattr(paper_text, "east_asian_font", lambda: None)
    runs.cache_clear()
    assert runs(f"A {text}") == (("Document", "A "), (name, text))
    runs.cache_clear()


def test_what_no_font_has_is_a_question_mark_and_no_empty_box() -> None:
    assert runs("Café 🦄") == (("Document", "Café "), ("Document", "?"))


def test_writing_from_the_right_is_put_as_it_is_seen() -> None:
    assert in_sight("שלום 12") == "12 םולש"
    # Arabic letters are joined: none of them stands in its lone form.
    assert in_sight("سلام") == "\ufee1\ufefc\ufeb3"
    assert in_sight("Robot 12") == "Robot 12"


@given(WORDS)
def test_every_letter_is_drawn_or_told(text: str) -> None:
    drawn = runs(text, bold=True)
    for name, part in drawn:
        face = getattr(pdfmetrics.getFont(name).face, "charToGlyph", None)
        assert face is None or all(ord(letter) in face for letter in part)
    assert width(text, 9) >= 0


@given(st.text("abc WWW iii", max_size=200), st.integers(20, 200))
def test_lines_fit_and_nothing_is_lost(text: str, room: int) -> None:
    lines = list(wrapped(text, 9, room))
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(width(line, 9) <= room for line in lines)
