"""Text on paper: which font draws which character, how wide it is, and writing from the right.

The fonts are those that `requirements/fonts.txt` names, else those of Debian's fonts-dejavu-core
and fonts-wqy-microhei. Without any, reportlab's own knows the West alone, and Chinese, Japanese and
Korean are left to the reader's. What none of them has is told as a question mark, never as an
empty box. See docs/decisions/invoices-as-pdf.md.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path

import arabic_reshaper
from bidi import get_display
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFont

ROOT = Path(__file__).resolve().parents[2]
INSTALLED, DEBIANS = ROOT / "build" / "fonts", Path("/usr/share/fonts/truetype")
FOLDERS = (INSTALLED / "rinoh_typeface_dejavusans", DEBIANS / "dejavu")
FILES = {False: "DejaVuSans.ttf", True: "DejaVuSans-Bold.ttf"}
OTHERWISE = {False: "Vera.ttf", True: "VeraBd.ttf"}
EAST_ASIAN_FONTS = (
    INSTALLED / "paperang_p2_fonts_cjk" / "fonts" / "wqy-microhei.ttc",
    DEBIANS / "wqy" / "wqy-microhei.ttc",
    DEBIANS / "droid" / "DroidSansFallbackFull.ttf",
)
# Left to the reader, a text is drawn as Korean or Japanese if some of its letters are; Han alone
# may be any of the three.
HANGUL = re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]")
KANA = re.compile("[\u3040-\u30ff\u31f0-\u31ff]")
EAST_ASIAN = re.compile("[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
UNKNOWN = "?"
# Holds a minus and its figure together on a screen; fonts have no shape for it.
JOINER = "\N{WORD JOINER}"
KEPT = 4096

Run = tuple[str, str]


@lru_cache(KEPT)
def runs(text: str, *, bold: bool = False) -> tuple[Run, ...]:
    """Return the text as it is drawn from left to right, in parts of one font each."""
    if text.isascii():
        return ((font(bold=bold), text),)
    drawn = in_sight(unicodedata.normalize("NFC", text).replace(JOINER, ""))
    parts = groupby(drawn, key=lambda letter: _font_of(letter, text, bold))
    return tuple(_run(name, "".join(letters), bold) for name, letters in parts)


@lru_cache(KEPT)
def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide the text is in points."""
    return float(
        sum(pdfmetrics.stringWidth(part, name, size) for name, part in runs(text, bold=bold))
    )


def wrapped(text: str, size: float, room: float, *, bold: bool = False) -> Iterator[str]:
    """Yield the text in lines that fit, broken between words where that can be."""
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if width(longer, size, bold=bold) <= room:
            line = longer
            continue
        if line:
            yield line
        *whole, line = _broken(word, size, room, bold)
        yield from whole
    yield line


def in_sight(text: str) -> str:
    """Return the letters from left to right as they are seen; Arabic ones in their joined forms."""
    if not RIGHT_TO_LEFT.search(text):
        return text
    return str(get_display(arabic_reshaper.reshape(text), base_dir="L"))


@cache
def font(*, bold: bool) -> str:
    """Return the name of the font that most text is drawn with, made known to reportlab."""
    found = (folder / FILES[bold] for folder in FOLDERS if (folder / FILES[bold]).is_file())
    path = next(found, OTHERWISE[bold])
    name = "Document-Bold" if bold else "Document"
    pdfmetrics.registerFont(TTFont(name, str(path)))
    return name


@cache
def east_asian_font() -> str | None:
    """Return the name of the font of Chinese, Japanese and Korean; None where none is here."""
    path = next((path for path in EAST_ASIAN_FONTS if path.is_file()), None)
    if path is None:
        return None
    pdfmetrics.registerFont(TTFont("Document-East-Asian", str(path), subfontIndex=0))
    return "Document-East-Asian"


def _broken(word: str, size: float, room: float, bold: bool) -> list[str]:
    """Return a word in pieces that fit; most words are one."""
    pieces = [""]
    for letter in word:
        if pieces[-1] and width(pieces[-1] + letter, size, bold=bold) > room:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def _font_of(letter: str, text: str, bold: bool) -> str | None:
    east_asian = east_asian_font()
    for name in filter(None, (font(bold=bold), east_asian)):
        drawn: TTFont = pdfmetrics.getFont(name)  # type: ignore[assignment]  # registered as one
        if ord(letter) in drawn.face.charToGlyph:
            return name
    return _of_readers(text) if east_asian is None and EAST_ASIAN.match(letter) else None


def _run(name: str | None, letters: str, bold: bool) -> Run:
    return (name, letters) if name else (font(bold=bold), UNKNOWN * len(letters))


def _of_readers(text: str) -> str:
    if HANGUL.search(text):
        return _of_reader("HYSMyeongJo-Medium")
    return _of_reader("HeiseiKakuGo-W5" if KANA.search(text) else "STSong-Light")


@cache
def _of_reader(name: str) -> str:
    pdfmetrics.registerFont(UnicodeCIDFont(name))
    return name
