"""Sheets of paper that text and rules are put on; how many there are is known when all are full."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO
from typing import Literal, NamedTuple

from reportlab.lib.pagesizes import letter
from reportlab.pdfgen.canvas import Canvas

from dashboard.views.paper_text import runs, width

WIDE, HIGH = letter
MARGIN = 54.0
LEFT, RIGHT, TOP, BOTTOM = MARGIN, WIDE - MARGIN, HIGH - MARGIN, MARGIN + 24
INK, QUIET, LINE = 0.08, 0.36, 0.8


class Style(NamedTuple):
    """How a text is set; `grey` is 0 for black and 1 for white."""

    size: float = 9
    is_bold: bool = False
    grey: float = INK


class _Text(NamedTuple):
    x: float
    y: float
    text: str
    style: Style


class _Rule(NamedTuple):
    y: float
    left: float
    grey: float


@dataclass
class Sheets:
    """The sheets so far; `y` is where the next line goes on the last of them."""

    y: float = TOP
    sheets: list[list[_Text | _Rule]] = field(default_factory=lambda: [[]])

    def put(
        self, x: float, text: str, style: Style, *, align: Literal["left", "right"] = "left"
    ) -> None:
        """Put a text at the present height; one to the right ends at `x`."""
        if align == "right":
            x -= width(text, style.size, bold=style.is_bold)
        self.sheets[-1].append(_Text(x, self.y, text, style))

    def rule(self, *, left: float = LEFT, grey: float = LINE) -> None:
        """Draw a line to the right margin, above the next line of text."""
        self.sheets[-1].append(_Rule(self.y + 9, left, grey))

    def has_room(self, height: float) -> bool:
        """Whether so much fits on the present sheet."""
        return self.y - height >= BOTTOM

    def turn(self) -> None:
        """Begin a sheet."""
        self.sheets.append([])
        self.y = TOP

    def drawn(self, *, title: str, author: str, foot: str, is_dated: bool = True) -> bytes:
        """Return them as a PDF, each with its foot and number.

        Where it is not dated, equal sheets are equal bytes.
        """
        made = BytesIO()
        canvas = Canvas(made, pagesize=letter, invariant=not is_dated)
        canvas.setTitle(title)
        canvas.setAuthor(author)
        canvas.setCreator("Billing dashboard")
        for number, sheet in enumerate(self.sheets, start=1):
            for one in sheet:
                _draw(canvas, one)
            page = f"Page {number} of {len(self.sheets)}"
            _draw(canvas, _Text(LEFT, MARGIN, foot, Style(7.5, grey=QUIET)))
            x = RIGHT - width(page, 7.5)
            _draw(canvas, _Text(x, MARGIN, page, Style(7.5, grey=QUIET)))
            canvas.showPage()
        canvas.save()
        return made.getvalue()


def _draw(canvas: Canvas, one: _Text | _Rule) -> None:
    if isinstance(one, _Rule):
        canvas.setStrokeGray(one.grey)
        canvas.setLineWidth(0.6)
        canvas.line(one.left, one.y, RIGHT, one.y)
        return
    canvas.setFillGray(one.style.grey)
    x = one.x
    for name, part in runs(one.text, bold=one.style.is_bold):
        canvas.setFont(name, one.style.size)
        canvas.drawString(x, one.y, part)
        x += canvas.stringWidth(part, name, one.style.size)
