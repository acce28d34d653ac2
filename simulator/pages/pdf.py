"""A PDF written by hand: plain lines of fixed-width text, on as many pages as they need."""

from __future__ import annotations

LINES_PER_PAGE = 60
LONGEST_LINE = 92
_FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>"
# A4 in points, 10 point text 13 points apart.
_MEDIA = b"/MediaBox [0 0 595 842]"
_START = b"BT /F1 9 Tf 13 TL 40 800 Td\n"


def pdf_of(lines: list[str]) -> bytes:
    """Return a valid PDF 1.4 document of the lines; what Latin-1 lacks becomes a question mark."""
    starts = range(0, max(1, len(lines)), LINES_PER_PAGE)
    pages = [lines[start : start + LINES_PER_PAGE] for start in starts]
    # Objects: 1 catalogue, 2 page tree, 3 font, then a page and its text for each page.
    kids = b" ".join(b"%d 0 R" % (4 + 2 * index) for index in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(pages)),
        _FONT,
    ]
    for index, page in enumerate(pages):
        objects += _page(page, text_object=5 + 2 * index)
    return _document(objects)


def _page(lines: list[str], text_object: int) -> list[bytes]:
    shown = b"".join(b"(%s) Tj T*\n" % _escaped(line) for line in lines)
    text = _START + shown + b"ET"
    fonts = b"/Resources << /Font << /F1 3 0 R >> >>"
    page = b"<< /Type /Page /Parent 2 0 R %s %s /Contents %d 0 R >>" % (_MEDIA, fonts, text_object)
    return [page, b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text)]


def _document(objects: list[bytes]) -> bytes:
    document, offsets = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(document))
        document += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return (
        document
        + b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
        + b"trailer\n<< /Size %d /Root 1 0 R >>\n" % size
        + b"startxref\n%d\n%%%%EOF\n" % len(document)
    )


def _escaped(line: str) -> bytes:
    plain = line[:LONGEST_LINE].replace("\N{MINUS SIGN}", "-").replace("\N{EN DASH}", "-")
    text = plain.encode("latin-1", "replace")
    return text.replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)")
