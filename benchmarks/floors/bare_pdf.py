"""A PDF of the given texts in a font of every reader: what drawing them takes at the least."""

from collections.abc import Sequence
from io import BytesIO

from reportlab.lib.pagesizes import letter
from reportlab.pdfgen.canvas import Canvas

A_SHEET = 180


def bare_pdf(texts: Sequence[str]) -> bytes:
    """Return the texts below each other, so many a sheet."""
    made = BytesIO()
    canvas = Canvas(made, pagesize=letter)
    for number, text in enumerate(texts):
        if number and number % A_SHEET == 0:
            canvas.showPage()
        canvas.setFont("Helvetica", 9)
        canvas.drawString(54, 740 - 3.8 * (number % A_SHEET), text)
    canvas.showPage()
    canvas.save()
    return made.getvalue()
