"""A document as a PDF of our own: it can be had while Stripe is away, or its link has ended."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest
from threading import Lock

from dashboard.errors import BillingError
from dashboard.views.paper import Line, Paper
from dashboard.views.paper_pages import INK, LEFT, LINE, QUIET, RIGHT, Sheets, Style
from dashboard.views.paper_text import wrapped

ROW, NOTE_ROW, GAP = 13.0, 11.0, 7.0
NAME, QUANTITY, EACH, AMOUNT = LEFT, 352.0, 462.0, RIGHT
# How wide each may be before it is broken into lines.
NAME_ROOM, QUANTITY_ROOM, EACH_ROOM = 190.0, 100.0, 102.0
PARTIES, SUMS = 270.0, 330.0
SUM_ROOM = 160.0
PLAIN, BOLD, FAINT = Style(), Style(is_bold=True), Style(grey=QUIET)
NOTE, LABEL = Style(7.5, grey=QUIET), Style(8, grey=QUIET)

# One at a time in a process: whoever reads pages meanwhile goes on, and large ones do not add up.
_press = Lock()
PATIENCE_SECONDS = 10


class PressIsBusy(BillingError):
    """Others want documents too; trying again later will do."""

    status = 503
    code = "press_is_busy"
    permanent = False


def pdf_of(paper: Paper, *, is_dated: bool = True) -> bytes:
    """Return the document as a PDF. Raises PressIsBusy where others take too long.

    It bears when it was made; where it `is_dated` not, equal documents are equal bytes.
    """
    if not _press.acquire(timeout=PATIENCE_SECONDS):
        raise PressIsBusy(
            "Too many PDFs are being made at once, so this one was not. Nothing was changed. Try "
            "again in a minute, or print the document page."
        )
    try:
        return _printed(paper, is_dated=is_dated)
    finally:
        _press.release()


def _printed(paper: Paper, *, is_dated: bool) -> bytes:
    sheets = Sheets()
    _head(sheets, paper)
    _parties(sheets, paper)
    _lines(sheets, paper)
    _sums(sheets, paper)
    _notes(sheets, paper)
    about = f"{paper.title} {paper.called}"
    author, foot = paper.seller.name, paper.foot
    return sheets.drawn(title=about, author=author, foot=foot, is_dated=is_dated)


def _head(sheets: Sheets, paper: Paper) -> None:
    seller, top = paper.seller, sheets.y
    _column(sheets, LEFT, [(seller.name, Style(13, is_bold=True)), *_quiet(seller.address)], 300)
    if seller.tax_id:
        _column(sheets, LEFT, _quiet([f"Tax ID {seller.tax_id}"]), 300)
    after, sheets.y = sheets.y, top
    sheets.put(RIGHT, paper.title, Style(22, is_bold=True), align="right")
    sheets.y -= 22
    for label, value in paper.facts:
        sheets.put(RIGHT - 150, label, FAINT, align="right")
        sheets.put(RIGHT, value, PLAIN, align="right")
        sheets.y -= ROW
    sheets.y = min(after, sheets.y) - ROW
    sheets.rule()
    sheets.y -= GAP


def _parties(sheets: Sheets, paper: Paper) -> None:
    top, name, *rest = sheets.y, *paper.billed_to
    told = [("Bill to", LABEL), (name, BOLD), *((line, PLAIN) for line in rest)]
    _column(sheets, LEFT, told, PARTIES - LEFT - GAP)
    after, sheets.y = sheets.y, top
    reference = [("Reference", LABEL), *((line, PLAIN) for line in paper.reference)]
    _column(sheets, PARTIES, reference, 200)
    after, sheets.y = min(after, sheets.y), top
    sheets.put(RIGHT, paper.stamp, BOLD, align="right")
    sheets.y = after - GAP
    if paper.warning:
        sheets.put(LEFT, paper.warning, BOLD)
        sheets.y -= ROW + GAP


def _lines(sheets: Sheets, paper: Paper) -> None:
    _heading(sheets, paper)
    for line in paper.lines:
        _line(sheets, paper, line)
    sheets.rule(grey=INK)
    sheets.y -= GAP


def _heading(sheets: Sheets, paper: Paper) -> None:
    sheets.rule(grey=INK)
    sheets.y -= 2
    sheets.put(NAME, "Description", LABEL)
    sheets.put(QUANTITY, "Quantity", LABEL, align="right")
    sheets.put(EACH, "Unit price", LABEL, align="right")
    sheets.put(AMOUNT, f"Amount, {paper.currency.upper()}", LABEL, align="right")
    sheets.y -= 14
    sheets.rule(grey=INK)
    sheets.y -= 4


def _line(sheets: Sheets, paper: Paper, line: Line) -> None:
    left = NAME + 12 * line.is_under
    style = BOLD if line.is_heading else PLAIN
    names = list(wrapped(line.name, style.size, NAME_ROOM, bold=style.is_bold))
    notes = list(wrapped(line.note, NOTE.size, NAME_ROOM)) if line.note else []
    quantities = list(wrapped(line.quantity, PLAIN.size, QUANTITY_ROOM))
    prices = list(wrapped(line.each, PLAIN.size, EACH_ROOM))
    height = ROW * max(len(names), len(quantities), len(prices)) + NOTE_ROW * len(notes)
    # A product is not left alone at the end of a sheet, away from its first line.
    if not sheets.has_room(height + ROW * line.is_heading):
        sheets.turn()
        _heading(sheets, paper)
    elif line.is_heading and line is not paper.lines[0]:
        sheets.rule()
        sheets.y -= 3
    cells = zip_longest(names, quantities, prices, [line.amount], fillvalue="")
    for name, quantity, each, amount in cells:
        sheets.put(left, name, style)
        sheets.put(QUANTITY, quantity, FAINT, align="right")
        sheets.put(EACH, each, FAINT, align="right")
        sheets.put(AMOUNT, amount, style, align="right")
        sheets.y -= ROW
    for note in notes:
        sheets.put(left, note, NOTE)
        sheets.y -= NOTE_ROW


def _sums(sheets: Sheets, paper: Paper) -> None:
    for label, amount, is_total in paper.sums:
        style = BOLD if is_total else PLAIN
        parts = list(wrapped(label, style.size, SUM_ROOM, bold=is_total))
        if not sheets.has_room(ROW * len(parts)):
            sheets.turn()
        if is_total:
            sheets.rule(left=SUMS, grey=LINE)
            sheets.y -= 2
        for part, told in zip_longest(parts, [amount], fillvalue=""):
            sheets.put(SUMS, part, style)
            sheets.put(RIGHT, told, style, align="right")
            sheets.y -= ROW
        sheets.y -= 1


def _notes(sheets: Sheets, paper: Paper) -> None:
    sheets.y -= GAP
    for note in paper.notes:
        for part in wrapped(note, NOTE.size, RIGHT - LEFT):
            if not sheets.has_room(NOTE_ROW):
                sheets.turn()
            sheets.put(LEFT, part, NOTE)
            sheets.y -= NOTE_ROW


def _quiet(lines: Iterable[str]) -> list[tuple[str, Style]]:
    return [(line, FAINT) for line in lines]


def _column(sheets: Sheets, x: float, lines: Iterable[tuple[str, Style]], room: float) -> None:
    for text, style in lines:
        for part in wrapped(text, style.size, room, bold=style.is_bold):
            sheets.put(x, part, style)
            sheets.y -= max(ROW, style.size + 4)
